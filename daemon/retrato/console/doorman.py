"""Around every handler: the gate before it, the headers after it, and errors said so that people understand."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from retrato.console.gate import OPEN, Gate, RefusedError, protect
from retrato.console.own_pages import page_before
from retrato.console.pages import page
from retrato.console.views import render
from retrato.console.visitor import language_of, wants_fragment, wants_json
from retrato.domain.errors import (
    NotFoundError,
    NotMigratedError,
    RetratoError,
    RowLockedError,
    StoreUnavailableError,
    UnknownCommitError,
)

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_REASONS: Mapping[type[RetratoError], str] = {
    NotMigratedError: "not_migrated",
    RowLockedError: "locked",
    StoreUnavailableError: "unavailable",
    UnknownCommitError: "unknown",
}
_BARE = {f"{OPEN}healthz", f"{OPEN}readyz", f"{OPEN}metrics", f"{OPEN}picture"}
"""Routes for programs that are no browsers, and for pages of other sites."""

_AGAIN_S = 5.0
_NO_TOKEN = 401
_NOT_FOUND = 404
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What went wrong: HTTP status, a word for programs, a sentence for people."""

    status: int
    reason: str
    message: str
    retry_after_s: float | None = None


def doorman(gate: Gate) -> Middleware:
    """The middleware that asks *gate*."""

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.match_info.route.name or ""
        if name in _BARE:
            return await handler(request)
        try:
            if not name.startswith(OPEN):
                await gate.admit(request)
            response = await handler(request)
        except web.HTTPException as exc:
            if exc.status < _FIRST_ERROR:
                gate.renew(request, exc)
                protect(exc, picture_origin=gate.picture_origin)
                raise
            response = _told(request, gate, _trouble(exc))
        except Exception as exc:  # noqa: BLE001 - the per-request boundary
            response = _told(request, gate, _trouble(exc))
        if not response.prepared:
            gate.renew(request, response)
            protect(response, picture_origin=gate.picture_origin)
        return response

    return admit


def _trouble(error: Exception) -> _Trouble:
    match error:
        case RefusedError():
            return _Trouble(error.status, error.reason, str(error), error.retry_after_s)
        case NotFoundError():
            return _Trouble(_NOT_FOUND, "not_found", str(error))
        case StoreUnavailableError() | NotMigratedError():
            # Without Retry-After where a repeat may be a second order.
            again_s = None if isinstance(error, UnknownCommitError) else _AGAIN_S
            return _Trouble(503, _REASONS[type(error)], str(error), again_s)
        case RetratoError():
            log.error("console.failed", error=str(error))
            return _Trouble(503, "failed", str(error))
        case web.HTTPException():
            reason = "not_found" if error.status == _NOT_FOUND else "wrong_request"
            return _Trouble(error.status, reason, error.reason)
        case _:
            log.error("console.broken", exc_info=error)
            return _Trouble(500, "broken", "something went wrong that nobody foresaw; the log tells more")


def _told(request: web.Request, gate: Gate, trouble: _Trouble) -> web.Response:
    """The trouble as the one who asks can read it."""
    response: web.Response
    if wants_json(request) or request.path == "/events":
        answer = {"error": trouble.reason, "message": trouble.message}
        response = web.json_response(answer, status=trouble.status)
    elif trouble.reason == "no_token":
        response = _to_login(request, gate)
    elif wants_fragment(request) and request.method == "POST":
        # htmx puts only answers that succeed into the page.
        html = render(language_of(request), "_notice.html", result=trouble.reason, enqueued=0)
        response = web.Response(text=html, content_type="text/html", charset="utf-8")
    else:
        response = page(request, gate, "error.html", status=trouble.status, trouble=trouble)
    if trouble.status == _NO_TOKEN:
        response.headers["WWW-Authenticate"] = 'Bearer realm="retrato"'
    if trouble.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, round(trouble.retry_after_s)))
    return response


def _to_login(request: web.Request, gate: Gate) -> web.Response:
    """The way to the login, from where it leads back to the page; what was ordered is not ordered afterwards."""
    if wants_fragment(request):
        headers = {"HX-Redirect": _login(page_before(request))}  # the whole page goes there
        return web.Response(status=_NO_TOKEN, headers=headers)
    if request.method in {"GET", "HEAD"}:
        return web.Response(status=303, headers={"Location": _login(str(request.rel_url))})
    return page(request, gate, "login.html", status=_NO_TOKEN, problem="logged_out", back=page_before(request))


def _login(back: str) -> str:
    return f"/login?{urlencode({'back': back})}"
