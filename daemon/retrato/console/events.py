"""``/events?page=<address of a page>``: server-sent events for one open page."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web
from yarl import URL

from retrato.console.gate import Gate, RefusedError
from retrato.console.live import FullError, Live, Page
from retrato.console.scenes import Scene, scene_of
from retrato.console.visitor import language_of
from retrato.domain.errors import StoreUnavailableError
from retrato.supervise import wait_for_any

_KEEPALIVE_S = 15.0
_TICK_S = 3.0
_PATIENCE_S = 10.0
_HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-store"}
_GREETING = b"retry: 2000\n\n"
_ALIVE = b"event: alive\ndata: {}\n\n"
"""An event, not a comment: pages notice when it stays away."""


async def stream(request: web.Request, live: Live, gate: Gate) -> web.StreamResponse:
    """
    Tell the page what changes until it goes, does not read any more, is logged out, or the daemon stops.

    HEAD is answered as GET would be, without a stream: pages ask so why they were refused.
    """
    try:
        scene = scene_of(URL(request.query.get("page", "")), language_of(request), read_only=gate.house.read_only)
    except ValueError:
        scene = None
    if scene is None:
        raise web.HTTPNotFound(text="no such page")
    try:
        with live.open(scene) as page:
            if request.method == "HEAD":
                return web.Response(headers=_HEADERS)
            return await _tell(request, live, gate=gate, scene=scene, page=page)
    except FullError:
        raise RefusedError(503, "full", "too many pages are open", retry_after_s=30) from None


async def _tell(request: web.Request, live: Live, *, gate: Gate, scene: Scene, page: Page) -> web.StreamResponse:
    response = web.StreamResponse(headers=_HEADERS)
    gate.renew(request, response)
    await response.prepare(request)
    with suppress(ConnectionError):
        try:
            await _write(response, _GREETING)
            async for message in _messages(request, live, gate=gate, scene=scene, page=page):
                await _write(response, message)
        except TimeoutError:
            # It does not read; what is buffered for it would be held until it does.
            if request.transport is not None:
                request.transport.abort()
    return response


async def _messages(
    request: web.Request, live: Live, *, gate: Gate, scene: Scene, page: Page
) -> AsyncIterator[bytes]:
    """What the page is to be sent, and a sign of life where there is nothing, until it is gone or all is over."""
    silent_s = 0.0
    asked_at = time.monotonic()
    while not page.is_over and request.transport is not None and not request.transport.is_closing():
        await wait_for_any(page.news, timeout_s=_TICK_S)
        if time.monotonic() - asked_at >= _KEEPALIVE_S:
            asked_at = time.monotonic()
            if not await _is_still_known(request, gate):
                return  # the browser asks again, and is refused
        messages = live.take(scene, page)
        silent_s = 0.0 if messages else silent_s + _TICK_S
        if silent_s >= _KEEPALIVE_S:
            silent_s = 0.0
            yield _ALIVE
        for message in messages:
            yield message


async def _is_still_known(request: web.Request, gate: Gate) -> bool:
    try:
        return await gate.is_still_known(request)
    except StoreUnavailableError:
        return True  # nothing can be told meanwhile


async def _write(response: web.StreamResponse, message: bytes) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        await response.write(message)
