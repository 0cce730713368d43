"""Pollinations, the anonymous old host image.pollinations.ai (PROVIDERS.md, B.2)."""

from aiohttp import web

from retrato.simulator.dialects.pollinations import read_seed
from retrato.simulator.exchange import Exchange, json_response, serve
from retrato.simulator.pictures import Shot
from retrato.simulator.world import World

_SIDES = (16, 2048)


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/legacy``."""
    return [
        web.get("/legacy/prompt/{prompt:.+}", serve(world, "legacy", _draw)),
        web.get("/legacy/models", serve(world, "legacy", _models, step="models")),
        web.get("/legacy/{rest:.*}", serve(world, "legacy", _not_found, step="models")),
    ]


async def _draw(exchange: Exchange) -> web.Response:
    """Sana, whatever model is named; the throttle is the scenario's limit of this leg."""
    query = exchange.request.query
    prompt = exchange.request.match_info["prompt"]
    shot = Shot(
        prompt=prompt,
        seed=read_seed(query.get("seed"), exchange.world.rng),
        width=_side(query.get("width")),
        height=_side(query.get("height")),
        logo=query.get("nologo") != "true",
        exif=("sana", prompt),
    )
    job = await exchange.drawn(shot, same=f"legacy {exchange.request.path_qs}")
    data = await exchange.world.studio.develop(job.shots[0])
    headers = {
        "Content-Type": shot.content_type,
        "X-Seed": str(shot.seed),
        "X-Width": str(shot.width),
        "X-Height": str(shot.height),
        "X-Model": "sana-sprint",
    }
    return web.Response(body=data, headers=headers)


async def _models(_exchange: Exchange) -> web.Response:
    return json_response(["sana"])


async def _not_found(_exchange: Exchange) -> web.Response:
    return json_response({"error": "Not Found", "message": "Use /prompt/{your prompt}"}, status=404)


def _side(value: str | None) -> int:
    least, most = _SIDES
    return min(max(int(value), least), most) if value and value.isdecimal() else 1024
