"""Where the console is found on this machine."""

import errno
import socket
from urllib.parse import quote, urlsplit

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what people write, and where it can be reached


def is_anywhere(host: str) -> bool:
    """Whether *host* means all addresses of this machine."""
    return host in _ANYWHERE


def url_of(host: str, port: int) -> str:
    """``http://…`` under which this machine reaches who listens on *host* and *port*; no slash at the end."""
    host = _ANYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def for_browsers(url: str) -> str:
    """
    *url* with the name of this machine that people use.

    A browser keeps the logins of ``localhost`` and ``127.0.0.1`` apart, so that links must agree on one.
    """
    parts = urlsplit(url)
    return f"http://localhost:{parts.port}" if parts.hostname in {"127.0.0.1", "::1"} else url


def login_link(url: str, token: str, *, page: str = "") -> str:
    """
    An address that logs in at the console at *url* and leads to *page* (``/empresas/…``), or to the first one.

    The token stands behind the #: browsers send that to nobody, so that no proxy and no log sees it.
    """
    back = f"?back={quote(page, safe='/')}" if page else ""
    return f"{for_browsers(url)}/login{back}#{quote(token, safe='')}"


def bind(host: str, port: int) -> None:
    """Take *port* for a moment; raise OSError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def is_taken(host: str, port: int) -> bool:
    """Whether somebody else has *port*; a *host* that is not of this machine is nobody's here."""
    try:
        bind(host, port)
    except OSError as exc:
        return exc.errno == errno.EADDRINUSE
    return False
