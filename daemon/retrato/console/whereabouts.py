"""Where the console is found on this machine."""

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what people write, and where it can be reached


def is_anywhere(host: str) -> bool:
    """Whether *host* means all addresses of this machine."""
    return host in _ANYWHERE


def url_of(host: str, port: int) -> str:
    """``http://…`` under which this machine reaches who listens on *host* and *port*; no slash at the end."""
    host = _ANYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
