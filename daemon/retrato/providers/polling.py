"""Asking after an accepted request until it is done, and not for ever."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from retrato.domain.errors import (
    BadPictureError,
    BusyError,
    DownError,
    GoneError,
    StillDrawingError,
    UnknownOutcomeError,
)
from retrato.providers.http import Http

log = structlog.get_logger()
T = TypeVar("T")

_FIRST_S = 0.5
_LONGEST_S = 2.0
_GROWTH = 1.25
_LOOK_S = 10.0
_MISSES = 3
"""So many looks in a row may fail; a queue that has just accepted a request may not know it everywhere yet."""


async def poll(
    look: Callable[[float], Awaitable[T | None]], *, http: Http, leg: str, request_id: str, ends_at: float
) -> T:
    """
    Call *look* (its argument: the seconds it may take) until it returns something, at growing intervals.

    *ends_at* is on ``http.clock``.

    Raises:
        StillDrawingError: time is up.
        UnknownOutcomeError: too many looks failed. It names the request where resuming it later makes sense, and
            names none when the provider has lost it.
        ProviderError: a look says that asking on is useless, e.g. the key was taken away.

    """
    wait_s, misses = _FIRST_S, 0
    while (left_s := ends_at - http.clock()) > 0:
        pause_s = wait_s
        try:
            found = await look(min(left_s, _LOOK_S))
        except (BadPictureError, BusyError, DownError, GoneError) as exc:
            misses += 1
            log.debug("request.look_failed", leg=leg, request_id=request_id, misses=misses, error=str(exc))
            if misses > _MISSES:
                lost = isinstance(exc, GoneError)
                raise UnknownOutcomeError(
                    f"{exc}; asked {misses} times after request {request_id}",
                    leg=leg,
                    status=exc.status,
                    request_id=None if lost else request_id,
                ) from exc
            pause_s = max(wait_s, exc.retry_after_s or 0)
        else:
            if found is not None:
                return found
            misses = 0
        await http.sleep(min(pause_s, left_s))
        wait_s = min(wait_s * _GROWTH, _LONGEST_S)
    raise StillDrawingError(
        f"{leg}: request {request_id} was still not done when its time was up", leg=leg, request_id=request_id
    )
