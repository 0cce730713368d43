"""The simulator's own pages, for tests in other processes: script faults, read the ledger, start over."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from retrato.domain.errors import ConfigError
from retrato.simulator.exchange import json_response
from retrato.simulator.faults import FAULTS
from retrato.simulator.legs import SCRIPT_KEYS
from retrato.simulator.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/_sim``. These requests are not in the ledger."""
    pages = _Pages(world)
    return [
        web.post("/_sim/script", pages.script),
        web.get("/_sim/ledger", pages.ledger),
        web.post("/_sim/reset", pages.reset),
        web.get("/_sim/faults", pages.faults),
    ]


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    async def script(self, request: web.Request) -> web.Response:
        """``{"route": "fal-ai", "faults": ["hf_429", "ok", {"status": 500, "body": …}]}``."""
        try:
            order = await request.json()
        except json.JSONDecodeError as exc:
            return json_response({"error": f"the body is no JSON: {exc}"}, status=400)
        try:
            route, faults = _read(order)
            self._world.script(route, faults)
        except ConfigError as exc:
            return json_response({"error": str(exc)}, status=400)
        return json_response({"route": route, "scripted": len(faults)})

    async def ledger(self, _request: web.Request) -> web.Response:
        """Calls, bills and peaks so far."""
        return json_response(self._world.ledger.to_json())

    async def reset(self, _request: web.Request) -> web.Response:
        """Back to the start of the scenario."""
        await self._world.reset()
        return json_response({"reset": True})

    async def faults(self, _request: web.Request) -> web.Response:
        """What can be scripted, and where."""
        return json_response({"faults": sorted(FAULTS), "routes": sorted(SCRIPT_KEYS)})


def _read(order: Any) -> tuple[str, list[Any]]:
    match order:
        case {"route": str(route), "faults": [*faults]} if all(
            isinstance(fault, str | Mapping) for fault in faults
        ):
            return route, faults
    raise ConfigError('wanted {"route": "…", "faults": ["…" or {"status": …}, …]}')
