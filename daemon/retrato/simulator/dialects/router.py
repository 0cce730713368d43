"""What the Hugging Face router says to paths that lead nowhere (PROVIDERS.md, A.1)."""

from aiohttp import web

from retrato.simulator.dialects.keys import check_hugging_face
from retrato.simulator.exchange import Exchange, reject, serve
from retrato.simulator.fault import answer
from retrato.simulator.world import Rejection, World


def routes(world: World) -> list[web.RouteDef]:
    """The rest of ``/router``. To be registered after the providers."""
    return [
        web.post("/router/{provider}/models/{model:.+}", serve(world, "router", _unsupported)),
        web.route("*", "/router/{rest:.*}", serve(world, "router", _nowhere)),
    ]


async def _unsupported(exchange: Exchange) -> web.Response:
    """``/{provider}/models/{hub id}`` is hf-inference's form only."""
    check_hugging_face(exchange)
    provider = exchange.request.match_info["provider"]
    raise Rejection(answer(400, {"error": f"Model not supported by provider {provider}"}))


async def _nowhere(exchange: Exchange) -> web.Response:
    """Also ``/v1/images/generations``: the router is OpenAI-compatible for chat only."""
    check_hugging_face(exchange)
    raise reject("hf_404")
