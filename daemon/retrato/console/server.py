"""
The daemon's HTTP side: is it alive, is it ready, and the pictures of the local store.

A taken port is no reason to stop drawing: then the daemon says so, names the setting and works on without.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from retrato.domain.errors import NotFoundError, RetratoError, StoreUnavailableError
from retrato.storage.keys import is_key
from retrato.storage.picture_store import PictureStore

log = structlog.get_logger()

_IMMUTABLE = "public, max-age=31536000, immutable"
_ANSWER_S = 3.0

Probe = Callable[[], Awaitable[None]]
"""Returns when ready; raises RetratoError with the reason when not."""


async def _is_starting() -> None:
    raise StoreUnavailableError("the daemon is starting: the database has not answered yet")


class Console:
    """
    Serves ``/healthz``, ``/readyz`` and, once it has a store, ``/avatars/{key}``.

    Listening comes first: a daemon that waits for its database is alive, and the pictures' addresses begin with
    where this listens. What there is to be ready for, and the store, come when they are open.
    """

    name = "console"

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._probe: Probe = _is_starting
        self._store: PictureStore | None = None
        self._runner: web.AppRunner | None = None
        self.url: str | None = None
        """Where it listens, None while it does not."""

    async def listen(self) -> None:
        """Listen, or warn that the port is taken."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/avatars/{key:.+}", self._picture)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as exc:
            await runner.cleanup()
            log.warning(
                "console.not_started",
                reason=str(exc),
                remedy="free the port or set RETRATO_CONSOLE_PORT; pictures are drawn all the same",
            )
            return
        self._runner = runner
        host, port = runner.addresses[0][:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where it can be reached
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        log.info("console.started", url=self.url)

    def ready_when(self, probe: Probe) -> None:
        """From now on ``/readyz`` asks *probe*."""
        self._probe = probe

    def show(self, store: PictureStore) -> None:
        """Serve the pictures of *store* from now on."""
        self._store = store

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until *stop*."""
        await stop.wait()

    async def close(self) -> None:
        """Stop listening; the probes answer until the very end of a drain."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        """The process lives and its loop turns; says nothing about database or providers."""
        return web.json_response({"status": "alive"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._probe()
        except (RetratoError, TimeoutError) as exc:
            return web.json_response({"status": "not ready", "reason": str(exc) or "no answer"}, status=503)
        return web.json_response({"status": "ready"})

    async def _picture(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        if self._store is None or not is_key(key):
            raise web.HTTPNotFound(text="no such picture")
        try:
            data = await self._store.get(key)
        except NotFoundError:
            raise web.HTTPNotFound(text="no such picture") from None
        headers = {"Cache-Control": _IMMUTABLE, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=data, content_type="image/jpeg", headers=headers)
