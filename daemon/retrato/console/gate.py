"""
Who may come in, asked before every handler. What is not said to be open is closed.

    Host        names another site than ours: DNS rebinding; refused where no token protects
    token       without one only this machine is let in, and nobody through a proxy; with one everybody
                needs it: browsers as a cookie after the login, programs as ``Authorization: Bearer``
    same origin what changes something must come from our own page (Sec-Fetch-Site, or Origin where the browser
                does not send it), or carry the token: no form on another site can do that
    read-only   nothing is changed
    headers     of every answer: no scripts but ours, no frames, nothing kept

Pictures and probes are open: applications and orchestrators ask for them, and a picture's address cannot be
guessed. There are no CORS headers anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from retrato.console.keyring import Keyring

SESSION_COOKIE = "retrato_session"
OPEN = "open:"
"""Routes whose name begins so are answered to everybody."""

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_BEARER = "Bearer "

_CONTENT_SECURITY_POLICY = (
    # https: for pictures that the application has had before.
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:{sources}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer browsers would hide the origin of our own forms too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


class RefusedError(Exception):
    """The request is not answered; ``reason`` is a word for programs, the message for people."""

    def __init__(self, status: int, reason: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class House:
    """
    Where the console listens and what protects it.

    ``own_names`` are host names beside localhost and plain addresses under which it is reached without a token.
    """

    host: str
    token: str | None = None
    read_only: bool = False
    own_names: Sequence[str] = ()

    @property
    def is_private(self) -> bool:
        """Whether it listens on this machine only."""
        return _is_loopback(self.host)


class Gate:
    """Decides about every request."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.picture_origin: str | None = None
        """From where pages may show pictures beside ``https:`` and this console itself."""
        self.keyring = Keyring(house.token) if house.token is not None else None
        names = [house.host, *house.own_names]
        self._names = {"localhost", *(name.lower() for name in names)}

    def admit(self, request: web.Request) -> None:
        """
        Return if the request may be answered.

        Raises:
            RefusedError: it may not; 401 where a token would help.

        """
        bears_token = self._check_person(request)
        _check_embedding(request)
        if request.method not in _SAFE_METHODS:
            if not bears_token:
                check_origin(request)
            if self.house.read_only:
                raise RefusedError(403, "read_only", "this console is read-only (RETRATO_CONSOLE_READ_ONLY)")

    def is_known(self, request: web.Request) -> bool:
        """Whether the browser has logged in."""
        session = request.cookies.get(SESSION_COOKIE)
        return self.keyring is not None and session is not None and self.keyring.knows(session)

    def try_token(self, request: web.Request, offered: str) -> bool:
        """
        Whether *offered* is the token.

        Raises:
            RefusedError: there were too many wrong ones, from there or from everywhere.

        """
        assert self.keyring is not None
        peer = request.remote or ""
        wait_s = self.keyring.wait_s(peer)
        if wait_s > 0:
            raise RefusedError(
                429, "too_many_guesses", "too many wrong tokens: wait a minute", retry_after_s=wait_s
            )
        return self.keyring.opens(offered, peer=peer)

    def _check_person(self, request: web.Request) -> bool:
        """Whether the request itself bears the token: then no other site can have sent it."""
        if self.keyring is None:
            self._check_open_house(request)
            return False
        authorization = request.headers.get("Authorization", "")
        if authorization.startswith(_BEARER):
            if self.try_token(request, authorization.removeprefix(_BEARER).strip()):
                return True
            raise RefusedError(401, "wrong_token", "the token is wrong")
        if not self.is_known(request):
            raise RefusedError(401, "no_token", "log in, or send Authorization: Bearer with RETRATO_CONSOLE_TOKEN")
        return False

    def _check_open_house(self, request: web.Request) -> None:
        if not self.house.is_private:
            raise RefusedError(
                403,
                "closed",
                f"this console listens on {self.house.host}, where others can reach it, and has no token: set "
                "RETRATO_CONSOLE_TOKEN, or RETRATO_CONSOLE_HOST=127.0.0.1",
            )
        if any(header in request.headers for header in _FORWARDED):
            raise RefusedError(
                403, "closed", "this console is behind a proxy and has no token: set RETRATO_CONSOLE_TOKEN"
            )
        if not self._is_ours(request.headers.get("Host", "")):
            raise RefusedError(403, "wrong_host", "the Host header names another site")

    def _is_ours(self, host: str) -> bool:
        """Whether *host* cannot be another site's name: rebinding needs a name, so that addresses are safe."""
        name = _host_name(host)
        return name is not None and (name in self._names or _is_address(name))


def _check_embedding(request: web.Request) -> None:
    """Other sites may link here, but neither embed nor fetch: they could use up the live connections."""
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        is_link = request.method in _SAFE_METHODS and request.headers.get("Sec-Fetch-Mode") == "navigate"
        if not is_link:
            raise RefusedError(403, "wrong_origin", "another site has asked for this")


def check_origin(request: web.Request) -> None:
    """
    Return if the request comes from a page of ours.

    Raises:
        RefusedError: it comes from elsewhere, or does not tell.

    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        is_ours = site == "same-origin"
    else:
        # Browsers send Sec-Fetch-Site over https and on localhost only; Origin with everything that changes.
        origin = request.headers.get("Origin")
        is_ours = origin is not None and urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower()
    if not is_ours:
        raise RefusedError(
            403,
            "wrong_origin",
            "what changes something must come from the console's own page, or carry the token (without one: the "
            "header Sec-Fetch-Site: same-origin)",
        )


def protect(response: web.StreamResponse, *, picture_origin: str | None = None) -> None:
    """Set the headers that keep others out; pages may show pictures from *picture_origin* too."""
    sources = "" if picture_origin is None else f" {picture_origin}"
    response.headers.setdefault("Content-Security-Policy", _CONTENT_SECURITY_POLICY.format(sources=sources))
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Vary", "Cookie, Accept-Language")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _host_name(host: str) -> str | None:
    """The name in a Host header, lower case, without port and brackets; None where it is no such header."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return None
    return name.rstrip(".") if name else None
