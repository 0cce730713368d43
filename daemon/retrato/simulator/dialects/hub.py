"""The Hub: who serves a model and what it is for (PROVIDERS.md, A.3), and what a token may do."""

from typing import Any

from aiohttp import web

from retrato.simulator.dialects.keys import check_hugging_face
from retrato.simulator.exchange import Exchange, json_response, serve
from retrato.simulator.fault import answer
from retrato.simulator.faults.huggingface import whoami
from retrato.simulator.world import Rejection, World

_EXPANDED = "inferenceProviderMapping"
_CARDS = {
    "stabilityai/stable-diffusion-3-medium-diffusers": {
        "pipeline_tag": "text-to-image",
        "library_name": "diffusers",
        "tags": ["diffusers", "safetensors", "text-to-image"],
    },
}
"""The Hub's own answer, where nothing is expanded. For hf-inference its client asks here what a model can do."""

# The header, not the body, tells the official client that it is the model that is missing.
_UNKNOWN = answer(404, {"error": "Not Found"}, name="hub_404", headers={"X-Error-Code": "RepoNotFound"})


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/hub``."""
    return [
        web.get("/hub/api/models/{owner}/{name}", serve(world, "hub", _model)),
        web.get("/hub/api/whoami-v2", serve(world, "hub", _whoami, step="whoami")),
    ]


async def _whoami(exchange: Exchange) -> web.Response:
    """Whose token it is: one that may draw. Scripted as ``hf_whoami_read_only`` it may not."""
    check_hugging_face(exchange)
    return json_response(whoami("repo.content.read", "inference.serverless.write"))


async def _model(exchange: Exchange) -> web.Response:
    """One model: the mapping is a dict keyed by provider, and only there when asked for."""
    if "Authorization" in exchange.request.headers:
        check_hugging_face(exchange)
    info = exchange.request.match_info
    model = f"{info['owner']}/{info['name']}"
    if model not in exchange.world.mapping:
        raise Rejection(_UNKNOWN)
    query = exchange.request.query
    expanded = {*query.getall("expand", []), *query.getall("expand[]", [])}
    body: dict[str, Any] = {"_id": "66aaa9e1c0d2b4f1a2b3c4d5", "id": model}
    if _EXPANDED in expanded:
        body[_EXPANDED] = exchange.world.mapping[model]
    elif not expanded:
        body |= _CARDS.get(model, {})
    return json_response(
        body,
        RateLimit='"api";r=499;t=300',
        RateLimit_Policy='"fixed window";"api";q=500;w=300',
    )
