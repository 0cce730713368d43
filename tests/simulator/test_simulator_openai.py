"""The OpenAI-compatible route: one path, families of models that take different fields."""

import base64

import aiohttp
import pytest
from simulator_support import OPENAI, get_bytes, picture, post

from retrato.simulator.server import Simulator

_SELF_HOSTED = "black-forest-labs/FLUX.1-dev"


def _url(simulator: Simulator) -> str:
    return f"{simulator.urls.openai_base}/images/generations"


async def test_gpt_image_always_answers_inline(simulator: Simulator, http: aiohttp.ClientSession):
    order = {"prompt": "a captain", "model": "gpt-image-1", "size": "1024x1536", "output_format": "jpeg"}

    _, body = await post(http, _url(simulator), order, OPENAI)
    image = picture(base64.b64decode(body["data"][0]["b64_json"]))

    assert (image.format, image.size) == ("JPEG", (1024, 1536))
    assert (body["size"], body["output_format"]) == ("1024x1536", "jpeg")


@pytest.mark.parametrize("field", ["response_format", "seed", "width"])
async def test_gpt_image_refuses_fields_that_it_does_not_know(
    simulator: Simulator, http: aiohttp.ClientSession, field: str
):
    order = {"prompt": "a captain", "model": "gpt-image-1", field: "url"}

    status, body = await post(http, _url(simulator), order, OPENAI)

    assert status == 400
    assert body["error"] == {
        "message": f"Unknown parameter: '{field}'.",
        "type": "invalid_request_error",
        "param": field,
        "code": "unknown_parameter",
    }


@pytest.mark.parametrize(
    ("model", "size", "status"),
    [
        ("gpt-image-1", "512x512", 400),
        ("gpt-image-1", "auto", 200),
        ("gpt-image-2", "512x512", 200),
        ("gpt-image-2", "500x500", 400),
        ("gpt-image-2", "256x1024", 400),
        ("dall-e-3", "1792x1024", 200),
        ("nope", "1024x1024", 404),
    ],
)
async def test_each_family_has_its_sizes(
    *, simulator: Simulator, http: aiohttp.ClientSession, model: str, size: str, status: int
):
    order = {"prompt": "a captain", "model": model, "size": size}

    assert (await post(http, _url(simulator), order, OPENAI))[0] == status


async def test_dall_e_answers_with_a_url_unless_told_otherwise(simulator: Simulator, http: aiohttp.ClientSession):
    order = {"prompt": "a captain", "model": "dall-e-3"}

    _, linked = await post(http, _url(simulator), order, OPENAI)
    _, inline = await post(http, _url(simulator), order | {"response_format": "b64_json"}, OPENAI)
    status, _ = await get_bytes(http, linked["data"][0]["url"])

    assert status == 200
    assert "b64_json" in inline["data"][0]


async def test_same_request_gives_another_picture(simulator: Simulator, http: aiohttp.ClientSession):
    order = {"prompt": "a captain", "model": "gpt-image-1"}

    _, one = await post(http, _url(simulator), order, OPENAI)
    _, two = await post(http, _url(simulator), order, OPENAI)

    assert one["data"] != two["data"]


async def test_self_hosted_servers_take_a_seed(simulator: Simulator, http: aiohttp.ClientSession):
    order = {"prompt": "a captain", "model": _SELF_HOSTED, "seed": 7, "response_format": "b64_json"}

    _, one = await post(http, _url(simulator), order, OPENAI)
    _, two = await post(http, _url(simulator), order, OPENAI)

    assert one["data"] == two["data"]
    assert [bill.seed for bill in simulator.world.ledger.bills] == [7, 7]


async def test_key_and_prompt_are_needed(simulator: Simulator, http: aiohttp.ClientSession):
    no_key, _ = await post(http, _url(simulator), {"prompt": "a captain"})
    no_prompt, body = await post(http, _url(simulator), {"model": "gpt-image-1"}, OPENAI)

    assert (no_key, no_prompt) == (401, 400)
    assert (body["error"]["code"], body["error"]["param"]) == ("missing_required_parameter", "prompt")
