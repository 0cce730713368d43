"""Alive and ready, as orchestrators ask."""

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from retrato.console.probes import Probes
from retrato.domain.errors import NotMigratedError
from retrato.supervise import Pulse


async def test_parts_that_were_cut_off_need_not_turn_while_a_schema_is_waited_for():
    now = 0.0
    probes = Probes()
    probes.pulse = Pulse(limit_s=60, clock=lambda: now)
    probes.pulse.turned("keeper")  # never ended: the database was away when it was to say so
    application = web.Application()
    application.add_routes(probes.routes())
    async with TestServer(application) as server, aiohttp.ClientSession(server.make_url("/")) as http:
        now = 3600.0
        stalled = (await http.get("/healthz")).status

        probes.not_ready(NotMigratedError("run `retrato migrate`"))
        alive, ready = (await http.get("/healthz")).status, (await http.get("/readyz")).status

    assert (stalled, alive, ready) == (503, 200, 503)
