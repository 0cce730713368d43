"""``/healthz`` and ``/readyz``: is it alive, and can it be used. They need no token and tell no secrets."""

import asyncio
import math
from collections.abc import Awaitable, Callable

from aiohttp import web

from retrato.console.gate import OPEN
from retrato.domain.errors import RetratoError, StoreUnavailableError
from retrato.supervise import Pulse

_ANSWER_S = 3.0

Probe = Callable[[], Awaitable[None]]
"""Returns when ready; raises RetratoError with the reason when not."""


async def _is_starting() -> None:
    raise StoreUnavailableError("the daemon is starting: the database has not answered yet")


async def is_stopping() -> None:
    """The probe of a daemon that drains: alive, and nothing new should be sent to it."""
    raise RetratoError("the daemon is stopping: what is in hand is being finished")


class Probes:
    """Answers orchestrators; what there is to be ready for, and what must turn, come when they are there."""

    def __init__(self) -> None:
        self.probe: Probe = _is_starting
        self.pulse = Pulse(limit_s=math.inf)

    def not_ready(self, reason: RetratoError) -> None:
        """Not ready, because of *reason*, until there is something else to ask; nothing has to turn meanwhile."""

        async def probe() -> None:
            raise reason

        self.probe = probe
        self.pulse = Pulse(limit_s=math.inf)

    def routes(self) -> list[web.RouteDef]:
        """Where they are found."""
        return [
            web.get("/healthz", self._healthz, name=f"{OPEN}healthz"),
            web.get("/readyz", self._readyz, name=f"{OPEN}readyz"),
        ]

    async def _healthz(self, _request: web.Request) -> web.Response:
        """The loop turns, since this answers, and so do its parts; says nothing about database or providers."""
        if stalled := self.pulse.stalled():
            return web.json_response({"status": "stalled", "parts": stalled}, status=503)
        return web.json_response({"status": "alive"})

    async def _readyz(self, _request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self.probe()
        except (RetratoError, TimeoutError) as exc:
            return web.json_response({"status": "not ready", "reason": str(exc) or "no answer"}, status=503)
        return web.json_response({"status": "ready"})
