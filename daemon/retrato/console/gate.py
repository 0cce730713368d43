"""
Who may come in, asked before every handler. What is not said to be open is closed.

    token       everybody needs it, wherever they come from: browsers as a cookie after the login, programs as
                ``Authorization: Bearer``. What a request does not say proves nothing: a proxy need not name itself
    logout      a login that was ended is dead at every replica, every copy of its cookie with it
    same origin what changes something must come from our own page (Sec-Fetch-Site, or Origin where the browser
                does not send it), or carry the token: no form on another site can do that
    read-only   nothing is changed
    headers     of every answer: no scripts but ours, no frames, nothing kept

Pictures and probes are open: applications and orchestrators ask for them, and a picture's address cannot be
guessed. Numbers on this port are told to who has the token, and on this machine to everybody where none is set.
There are no CORS headers anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web

from retrato.console.keyring import SESSION_S, Keyring, Session
from retrato.domain.errors import StoreUnavailableError

SESSION_COOKIE = "retrato_session"
OPEN = "open:"
"""Routes whose name begins so are answered to everybody."""

_SESSION = "login"
"""Where a request that was let in by its cookie carries the login."""

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

    Without a *token* nobody gets in. ``own_names`` are host names beside localhost and plain addresses under which
    this machine may ask for numbers where the token is one of our own (*is_generated*).
    """

    host: str
    token: str | None = None
    read_only: bool = False
    own_names: Sequence[str] = ()
    is_generated: bool = False

    @property
    def is_private(self) -> bool:
        """Whether it listens on this machine only."""
        return _is_loopback(self.host)


class Logouts(Protocol):
    """Remembers for all replicas which logins were ended before their time."""

    async def is_session_ended(self, session_id: str) -> bool:
        """Whether it was ended."""

    async def end_session(self, session_id: str, *, keep_s: float) -> None:
        """It is ended; to be remembered for *keep_s* seconds."""


class Gate:
    """Decides about every request."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.picture_origin: str | None = None
        """From where pages may show pictures beside ``https:`` and this console itself."""
        self.logouts: Logouts | None = None
        """Comes with the database; before it there is nothing to be seen."""
        self.keyring = Keyring(house.token) if house.token is not None else None
        names = [house.host, *house.own_names]
        self._names = {"localhost", *(name.lower() for name in names)}

    async def admit(self, request: web.Request) -> None:
        """
        Return if the request may be answered.

        Raises:
            RefusedError: it may not; 401 where a token would help.
            StoreUnavailableError: whether its login was ended is not known.

        """
        session = await self._check_person(request)
        _check_embedding(request)
        if request.method not in _SAFE_METHODS:
            if session is not None:
                _check_origin(request, session)
            if self.house.read_only:
                raise RefusedError(403, "read_only", "this console is read-only (RETRATO_CONSOLE_READ_ONLY)")

    async def admit_scrape(self, request: web.Request) -> None:
        """
        The same for numbers: on this machine everybody may ask, where nobody has set a token.

        A proxy that hands everything through must keep them to itself (docs/console.md).
        """
        is_open = self.keyring is None or self.house.is_generated
        if is_open and "Authorization" not in request.headers and self._session_of(request) is None:
            self._check_neighbour(request)
        else:
            await self.admit(request)

    def is_known(self, request: web.Request) -> bool:
        """Whether the request was let in because the browser has logged in."""
        return _SESSION in request

    async def is_still_known(self, request: web.Request) -> bool:
        """Whether a request that was let in earlier would be let in now."""
        session: Session | None = request.get(_SESSION)
        if session is None or self.keyring is None:
            return True
        return self.keyring.is_current(session) and not await self._is_ended(session)

    def try_token(self, request: web.Request, offered: str) -> bool:
        """
        Whether *offered* is the token. The right one is never refused, however many wrong ones came before it.

        Raises:
            RefusedError: it is wrong, and there were too many wrong ones, from there or from everywhere.

        """
        keyring, peer = self._keyring(), request.remote or ""
        wait_s = keyring.wait_s(peer)
        if wait_s > 0 and not keyring.matches(offered):
            raise RefusedError(
                429, "too_many_guesses", "too many wrong tokens: wait a minute", retry_after_s=wait_s
            )
        return keyring.opens(offered, peer=peer)

    def log_in(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give the browser, which has shown the token, a login."""
        origin = request.headers.get("Origin", "")
        session = self._keyring().session(origin if urlsplit(origin).netloc else "")
        _set_cookie(request, response, session, origin)

    def renew(self, request: web.Request, response: web.StreamResponse) -> None:
        """Prolong the login of a browser that comes again: who uses the console stays logged in."""
        session: Session | None = request.get(_SESSION)
        if session is not None and (renewed := self._keyring().renewed(session)) is not None:
            _set_cookie(request, response, renewed, session.origin)

    async def log_out(self, request: web.Request, response: web.StreamResponse) -> None:
        """
        End the browser's login, with every copy of its cookie, at every replica.

        Raises:
            RefusedError: another site asks for it.
            StoreUnavailableError: it could not be noted, and holds.

        """
        session = self._session_of(request)
        if session is not None:
            _check_origin(request, session)
            if self.logouts is None:
                raise StoreUnavailableError("the database does not answer yet: the login holds")
            # A copy may have been renewed until now.
            await self.logouts.end_session(session.id, keep_s=2 * SESSION_S)
            response.del_cookie(SESSION_COOKIE, httponly=True, samesite="Strict")

    async def _check_person(self, request: web.Request) -> Session | None:
        """The login by which it comes; None where it bears the token: then no other site can have sent it."""
        authorization = request.headers.get("Authorization", "")
        if authorization.startswith(_BEARER):
            if self.try_token(request, authorization.removeprefix(_BEARER).strip()):
                return None
            raise RefusedError(401, "wrong_token", "the token is wrong")
        self._keyring()
        session = self._session_of(request)
        if session is None or await self._is_ended(session):
            raise RefusedError(
                401, "no_token", "log in (`retrato console` prints a link), or send Authorization: Bearer TOKEN"
            )
        request[_SESSION] = session
        return session

    def _session_of(self, request: web.Request) -> Session | None:
        cookie = request.cookies.get(SESSION_COOKIE)
        return self.keyring.read(cookie) if self.keyring is not None and cookie is not None else None

    async def _is_ended(self, session: Session) -> bool:
        return self.logouts is not None and await self.logouts.is_session_ended(session.id)

    def _keyring(self) -> Keyring:
        if self.keyring is None:
            raise RefusedError(403, "closed", "this console has no token: set RETRATO_CONSOLE_TOKEN")
        return self.keyring

    def _check_neighbour(self, request: web.Request) -> None:
        if not self.house.is_private:
            raise RefusedError(
                403,
                "closed",
                f"{self.house.host} can be reached by others: send Authorization: Bearer with the token "
                "(RETRATO_CONSOLE_TOKEN), or set RETRATO_METRICS_PORT",
            )
        if any(header in request.headers for header in _FORWARDED):
            raise RefusedError(
                403,
                "closed",
                "this comes through a proxy: send Authorization: Bearer with the token (RETRATO_CONSOLE_TOKEN), "
                "or set RETRATO_METRICS_PORT",
            )
        if not self._is_ours(request.headers.get("Host", "")):
            raise RefusedError(403, "wrong_host", "the Host header names another site")

    def _is_ours(self, host: str) -> bool:
        """Whether *host* cannot be another site's name: rebinding needs a name, so that addresses are safe."""
        name = _host_name(host)
        return name is not None and (name in self._names or _is_address(name))


def _set_cookie(request: web.Request, response: web.StreamResponse, session: str, origin: str) -> None:
    # A proxy that speaks TLS may say so; the browser itself says it with the login.
    proto = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=SESSION_S,
        httponly=True,
        samesite="Strict",
        secure=request.secure or proto == "https" or origin.startswith("https:"),
    )


def _check_embedding(request: web.Request) -> None:
    """Other sites may link here, but neither embed nor fetch: they could use up the live connections."""
    if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        is_link = request.method in _SAFE_METHODS and request.headers.get("Sec-Fetch-Mode") == "navigate"
        if not is_link:
            raise RefusedError(403, "wrong_origin", "another site has asked for this")


def check_site(request: web.Request) -> None:
    """
    Return if the browser does not say that another site has sent this.

    Raises:
        RefusedError: it says so.

    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise _foreign()


def _check_origin(request: web.Request, session: Session) -> None:
    """
    Return if the request comes from a page of ours.

    Browsers send Sec-Fetch-Site over https and on localhost only, Origin with everything that changes. A proxy may
    have put another name into Host; then it is the origin from which this browser has logged in, with the token.
    """
    check_site(request)
    if "Sec-Fetch-Site" not in request.headers:
        origin = request.headers.get("Origin")
        is_ours = origin is not None and (
            urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower()
            or (bool(session.origin) and origin.lower() == session.origin.lower())
        )
        if not is_ours:
            raise _foreign()


def _foreign() -> RefusedError:
    return RefusedError(
        403, "wrong_origin", "what changes something must come from the console's own page, or bear the token"
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
