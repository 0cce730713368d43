"""``/events?page=<address of a page>``: server-sent events for one open page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web
from yarl import URL

from retrato.console.gate import RefusedError
from retrato.console.live import FullError, Live, Page
from retrato.console.scenes import Scene, scene_of
from retrato.console.visitor import language_of
from retrato.supervise import wait_for_any

_KEEPALIVE_S = 15.0
_TICK_S = 3.0
_PATIENCE_S = 10.0
_GREETING = b"retry: 2000\n\n"
_ALIVE = b"event: alive\ndata: {}\n\n"
"""An event, not a comment: pages notice when it stays away."""


async def stream(request: web.Request, live: Live, *, read_only: bool) -> web.StreamResponse:
    """Tell the page what changes until it goes, does not read any more, or the daemon stops."""
    try:
        scene = scene_of(URL(request.query.get("page", "")), language_of(request), read_only=read_only)
    except ValueError:
        scene = None
    if scene is None:
        raise web.HTTPNotFound(text="no such page")
    try:
        with live.open(scene) as page:
            return await _tell(request, live, scene, page)
    except FullError:
        raise RefusedError(503, "full", "too many pages are open", retry_after_s=30) from None


async def _tell(request: web.Request, live: Live, scene: Scene, page: Page) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    with suppress(ConnectionError):
        try:
            await _write(response, _GREETING)
            async for message in _messages(request, live, scene, page):
                await _write(response, message)
        except TimeoutError:
            # It does not read; what is buffered for it would be held until it does.
            if request.transport is not None:
                request.transport.abort()
    return response


async def _messages(request: web.Request, live: Live, scene: Scene, page: Page) -> AsyncIterator[bytes]:
    """What the page is to be sent, and a sign of life where there is nothing, until it is gone or all is over."""
    silent_s = 0.0
    while not page.is_over and request.transport is not None and not request.transport.is_closing():
        await wait_for_any(page.news, timeout_s=_TICK_S)
        messages = live.take(scene, page)
        silent_s = 0.0 if messages else silent_s + _TICK_S
        if silent_s >= _KEEPALIVE_S:
            silent_s = 0.0
            yield _ALIVE
        for message in messages:
            yield message


async def _write(response: web.StreamResponse, message: bytes) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        await response.write(message)
