"""hf-inference through the router, and a dedicated endpoint: the same body, raw bytes back (PROVIDERS.md, A.4)."""

from aiohttp import web

from retrato.simulator.dialects.fields import Fields, WrongFieldError
from retrato.simulator.dialects.keys import check_hugging_face
from retrato.simulator.exchange import Exchange, reject, serve
from retrato.simulator.fault import answer
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World

_RETIRED = frozenset({"black-forest-labs/FLUX.1-dev", "black-forest-labs/FLUX.1-schnell"})
_PARAMETERS = (
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "negative_prompt",
    "scheduler",
    "seed",
)


def routes(world: World) -> list[web.RouteDef]:
    """``/router/hf-inference`` and ``/endpoint``."""
    return [
        web.post("/router/hf-inference/models/{owner}/{name}", serve(world, "hf-inference", _model)),
        web.post("/endpoint", serve(world, "endpoint", _draw)),
        web.post("/endpoint/", serve(world, "endpoint", _draw)),
    ]


async def _model(exchange: Exchange) -> web.Response:
    check_hugging_face(exchange)
    info = exchange.request.match_info
    model = f"{info['owner']}/{info['name']}"
    if model in _RETIRED:
        raise reject("hf_410_retired")
    if "hf-inference" not in exchange.world.mapping.get(model, {}):
        raise Rejection(answer(400, {"error": "Model not supported by provider hf-inference"}))
    return await _draw(exchange)


async def _draw(exchange: Exchange) -> web.Response:
    check_hugging_face(exchange)
    shot = _read_input(exchange)
    job = await exchange.drawn(shot)
    data = await exchange.world.studio.develop(job.shots[0])
    return web.Response(body=data, content_type=shot.content_type)


def _read_input(exchange: Exchange) -> Shot:
    try:
        fields = Fields(exchange.body)
        prompt = fields.text("inputs")
        parameters = fields.inner("parameters")
        parameters.only(_PARAMETERS, message="Extra inputs are not permitted", kind="extra_forbidden")
        parameters.whole("num_inference_steps", 28, least=1, most=500)
        parameters.number("guidance_scale", 3.5, least=0, most=20)
        return Shot(
            prompt=prompt,
            seed=parameters.whole("seed", exchange.world.rng.getrandbits(31)),
            width=parameters.whole("width", 1024, least=64, most=2048),
            height=parameters.whole("height", 1024, least=64, most=2048),
            format="png" if exchange.request.headers.get("Accept") == "image/png" else "jpeg",
        )
    except WrongFieldError as wrong:
        # Wording not in the facts; its shape is A.5's list of errors.
        body = {"error": [f"{wrong} in `{wrong.field}`"]}
        raise Rejection(answer(400, body, name="hf_400_invalid")) from wrong
