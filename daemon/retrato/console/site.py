"""One port of the console: an application on it, and the bounds of its connections."""

import asyncio
from errno import EADDRINUSE

import structlog
from aiohttp import web

from retrato.console.connections import KEEPALIVE_S, Connections
from retrato.console.whereabouts import url_of

log = structlog.get_logger()

_SHUTDOWN_S = 2


class Site:
    """Serves *app* at *host* and *port*, of which *setting* is the name, through *connections*."""

    def __init__(
        self, app: web.Application, connections: Connections, host: str, port: int, *, setting: str
    ) -> None:
        app.middlewares.insert(0, connections.attended())
        self.connections = connections
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_SHUTDOWN_S, keepalive_timeout=KEEPALIVE_S
        )
        self._host = host
        self._port = port
        self._setting = setting
        self._listening: asyncio.Server | None = None
        self._told = ""
        self.url: str | None = None
        """Where it listens, None while it does not."""

    async def listen(self) -> bool:
        """Listen, or warn why that is not possible now; a reason is told once."""
        if self._runner.server is None:
            await self._runner.setup()
            assert self._runner.server is not None
            self.connections.lead_to(self._runner.server)
        try:
            # As many are accepted at once as the kernel keeps waiting: with few descriptors, few.
            backlog = max(8, min(128, self.connections.most // 8))
            self._listening = await asyncio.get_running_loop().create_server(
                self.connections, self._host, self._port, backlog=backlog
            )
        except OSError as exc:
            mend = (
                f"free the port or set {self._setting}" if exc.errno == EADDRINUSE else "set RETRATO_CONSOLE_HOST"
            )
            if str(exc) != self._told:
                self._told = str(exc)
                remedy = f"{mend}; what needs no port goes on"
                log.warning("console.not_started", reason=self._told, remedy=remedy)
            return False
        self.url = url_of(*self._listening.sockets[0].getsockname()[:2])
        return True

    async def close(self) -> None:
        """Stop listening, and end what is under way after two seconds."""
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()
