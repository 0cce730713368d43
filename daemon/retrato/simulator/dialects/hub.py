"""The Hub's mapping lookup: who serves a model (PROVIDERS.md, A.3)."""

from aiohttp import web

from retrato.simulator.dialects.keys import check_hugging_face
from retrato.simulator.exchange import Exchange, json_response, serve
from retrato.simulator.fault import answer
from retrato.simulator.world import Rejection, World

_EXPANDED = "inferenceProviderMapping"
_UNKNOWN = answer(404, {"error": "Not Found"}, name="hub_404", headers={"X-Error-Code": "RepoNotFound"})


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/hub``."""
    return [web.get("/hub/api/models/{owner}/{name}", serve(world, "hub", _model))]


async def _model(exchange: Exchange) -> web.Response:
    """One model: the mapping is a dict keyed by provider, and only there when asked for."""
    if "Authorization" in exchange.request.headers:
        check_hugging_face(exchange)
    info = exchange.request.match_info
    model = f"{info['owner']}/{info['name']}"
    if model not in exchange.world.mapping:
        raise reject("hf_404")
    answer = {"_id": "66aaa9e1c0d2b4f1a2b3c4d5", "id": model}
    query = exchange.request.query
    if _EXPANDED in (*query.getall("expand", []), *query.getall("expand[]", [])):
        answer[_EXPANDED] = exchange.world.mapping[model]
    return json_response(
        answer,
        RateLimit='"api";r=499;t=300',
        RateLimit_Policy='"fixed window";"api";q=500;w=300',
    )
