"""The result host. It is public: a request that shows it a key is refused and remembered as a leak."""

from aiohttp import web

from retrato.simulator.exchange import Exchange, reject, serve
from retrato.simulator.fault import answer
from retrato.simulator.world import Rejection, World

_LEAK = answer(400, "Authorization is not allowed here", name="cdn_400_authorization")


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/cdn``."""
    return [web.get(r"/cdn/{name:[0-9a-f]+}.{suffix:jpg|png|webp}", serve(world, "cdn", _picture))]


async def _picture(exchange: Exchange) -> web.Response:
    if "Authorization" in exchange.request.headers:
        exchange.call.leaked = True
        raise Rejection(_LEAK)
    shot = exchange.world.published(exchange.request.match_info["name"])
    if shot is None:
        raise reject("cdn_404")
    data = await exchange.world.studio.develop(exchange.spoiled(shot))
    return web.Response(body=data, content_type=shot.content_type)
