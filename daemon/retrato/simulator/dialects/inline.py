"""nscale and Together through the router: the picture as base64 in the answer (PROVIDERS.md, A.4)."""

import base64

from aiohttp import web

from retrato.simulator.dialects.fields import Fields, WrongFieldError
from retrato.simulator.dialects.keys import check_hugging_face
from retrato.simulator.exchange import Exchange, json_response, serve
from retrato.simulator.fault import answer
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World

_MODELS = ("black-forest-labs/FLUX.1-schnell",)


def routes(world: World) -> list[web.RouteDef]:
    """``/router/nscale`` and ``/router/together``."""
    path = "/router/{}/v1/images/generations"
    return [
        web.post(path.format("nscale"), serve(world, "nscale", _nscale)),
        web.post(path.format("together"), serve(world, "together", _together)),
    ]


async def _nscale(exchange: Exchange) -> web.Response:
    """Knows ``size`` and no seed."""
    check_hugging_face(exchange)
    try:
        fields = Fields(exchange.body)
        prompt = fields.text("prompt")
        fields.choice("model", "", _MODELS)
        fields.choice("response_format", "b64_json", ("b64_json",))
        width, height = fields.size("size", "1024x1024", sides=(64, 2048))
    except WrongFieldError as wrong:
        raise _invalid(wrong) from wrong
    seed = exchange.world.rng.getrandbits(31)
    return await _inline(exchange, Shot(prompt=prompt, seed=seed, width=width, height=height))


async def _together(exchange: Exchange) -> web.Response:
    """Knows ``width``, ``height`` and ``seed``; calls base64 ``base64``."""
    check_hugging_face(exchange)
    try:
        fields = Fields(exchange.body)
        fields.choice("model", "", _MODELS)
        fields.choice("response_format", "", ("base64",))
        fields.whole("steps", 4, least=1, most=50)
        shot = Shot(
            prompt=fields.text("prompt"),
            seed=fields.whole("seed", exchange.world.rng.getrandbits(31)),
            width=fields.whole("width", 1024, least=64, most=1792),
            height=fields.whole("height", 1024, least=64, most=1792),
        )
    except WrongFieldError as wrong:
        raise _invalid(wrong) from wrong
    return await _inline(exchange, shot)


async def _inline(exchange: Exchange, shot: Shot) -> web.Response:
    job = await exchange.drawn(shot)
    data = await exchange.world.studio.develop(job.shots[0])
    entry = {"index": 0, "b64_json": base64.b64encode(data).decode()}
    return json_response({"id": job.id, "model": _MODELS[0], "data": [entry]})


def _invalid(wrong: WrongFieldError) -> Rejection:
    return Rejection(answer(400, {"error": {"message": f"{wrong.field}: {wrong}"}}, name="inline_400"))
