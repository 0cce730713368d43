"""Replicate, wavespeed, hf-inference, the dedicated endpoint, nscale and Together."""

import base64

import aiohttp
import pytest
from simulator_support import HF, SLOW, STUCK, get, get_bytes, picture, post

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

_WAIT = HF | {"Prefer": "wait"}
_INPUT = {"prompt": "a captain", "seed": 7, "go_fast": False}


def _replicate(simulator: Simulator, path: str = "/models/black-forest-labs/flux-dev/predictions") -> str:
    return f"{simulator.urls.huggingface_router}/replicate/v1{path}"


def _wavespeed(simulator: Simulator, path: str = "/wavespeed-ai/flux-dev") -> str:
    return f"{simulator.urls.huggingface_router}/wavespeed/api/v3{path}"


async def test_replicate_blocks_on_request_and_still_says_processing(
    simulator: Simulator, http: aiohttp.ClientSession
):
    status, body = await post(http, _replicate(simulator), {"input": _INPUT}, _WAIT)
    _, data = await get_bytes(http, body["output"][0])

    assert (status, body["status"]) == (201, "processing")
    assert (picture(data).format, picture(data).size) == ("WEBP", (1024, 1024))


async def test_replicate_knows_ratios_and_ignores_sizes(simulator: Simulator, http: aiohttp.ClientSession):
    order = _INPUT | {"aspect_ratio": "2:3", "width": 512, "height": 512, "output_format": "jpg"}

    _, body = await post(http, _replicate(simulator), {"input": order}, _WAIT)
    _, data = await get_bytes(http, body["output"][0])

    assert (picture(data).format, picture(data).size) == ("JPEG", (832, 1216))


@pytest.mark.parametrize("scenario", [Scenario(faces=False, strict_inputs=True)])
async def test_strict_replicate_refuses_unknown_inputs(simulator: Simulator, http: aiohttp.ClientSession):
    status, body = await post(http, _replicate(simulator), {"input": _INPUT | {"width": 512}}, _WAIT)

    assert (status, body["title"]) == (422, "Input validation failed")
    assert "input.width" in body["detail"]


@pytest.mark.parametrize("change", [{"prompt": None}, {"guidance": 11}, {"aspect_ratio": "1:2"}, {"seed": "7"}])
async def test_replicate_refuses_wrong_inputs(
    simulator: Simulator, http: aiohttp.ClientSession, change: dict[str, object]
):
    status, body = await post(http, _replicate(simulator), {"input": _INPUT | change}, _WAIT)

    assert (status, body["status"]) == (422, 422)


async def test_replicates_fast_mode_does_not_keep_the_seed(simulator: Simulator, http: aiohttp.ClientSession):
    order = {"input": {"prompt": "a captain", "seed": 7}}

    await post(http, _replicate(simulator), order, _WAIT)
    await post(http, _replicate(simulator), order, _WAIT)

    one, two = (bill.seed for bill in simulator.world.ledger.bills)
    assert len({7, one, two}) == 3


@pytest.mark.parametrize("scenario", [SLOW])
async def test_replicate_is_polled_where_nobody_waits(simulator: Simulator, http: aiohttp.ClientSession):
    _, started = await post(http, _replicate(simulator), {"input": _INPUT}, HF)
    url = started["urls"]["get"].replace("https://api.replicate.com/v1", _replicate(simulator, ""))
    states = [await get(http, url, HF)]
    while states[-1][1]["status"] != "succeeded":
        states.append(await get(http, url, HF))

    assert (started["status"], started["output"]) == ("starting", None)
    assert list(dict.fromkeys(body["status"] for _, body in states)) == ["starting", "processing", "succeeded"]
    assert states[-1][1]["output"] == (await get(http, url, HF))[1]["output"]


@pytest.mark.parametrize("scenario", [STUCK.model_copy(update={"longest_wait_seconds": 0.05})])
async def test_replicate_gives_up_waiting_without_failing(simulator: Simulator, http: aiohttp.ClientSession):
    status, body = await post(http, _replicate(simulator), {"input": _INPUT}, _WAIT)

    assert (status, body["status"], body["output"], body["error"]) == (201, "starting", None, None)


@pytest.mark.parametrize("scenario", [STUCK])
async def test_replicate_cancels(simulator: Simulator, http: aiohttp.ClientSession):
    _, started = await post(http, _replicate(simulator), {"input": _INPUT}, HF)

    status, body = await post(http, _replicate(simulator, f"/predictions/{started['id']}/cancel"), {}, HF)

    assert (status, body["status"]) == (200, "aborted")
    assert simulator.world.ledger.billed() == 0


@pytest.mark.parametrize("scenario", [STUCK])
async def test_replicate_keeps_a_deadline(simulator: Simulator, http: aiohttp.ClientSession):
    headers = _WAIT | {"Cancel-After": "0s"}

    _, body = await post(http, _replicate(simulator), {"input": _INPUT}, headers)

    assert (body["status"], simulator.world.ledger.billed()) == ("aborted", 0)


async def test_replicate_fails_inside_the_prediction(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("replicate", ["job_failed", "nsfw"])

    _, failed = await post(http, _replicate(simulator), {"input": _INPUT}, _WAIT)
    _, flagged = await post(http, _replicate(simulator), {"input": _INPUT}, _WAIT)

    assert (failed["status"], failed["output"]) == ("failed", None)
    assert flagged["error"] == "NSFW content detected. Try running it again, or try a different prompt."


async def test_wavespeed_takes_a_task_and_is_polled(simulator: Simulator, http: aiohttp.ClientSession):
    order = {"prompt": "a captain", "size": "768*1024", "seed": 7, "width": 64}

    _, task = await post(http, _wavespeed(simulator), order, HF)
    url = task["data"]["urls"]["get"].replace("https://api.wavespeed.ai/api/v3", _wavespeed(simulator, ""))
    _, done = await get(http, url, HF)
    _, data = await get_bytes(http, done["data"]["outputs"][0])

    assert (task["code"], task["data"]["status"], task["data"]["outputs"]) == (200, "created", [])
    assert (done["data"]["status"], done["data"]["has_nsfw_contents"]) == ("completed", [False])
    assert picture(data).size == (768, 1024)


@pytest.mark.parametrize("size", ["1024x1024", "200*200", "1024*1600", "big", 1024])
async def test_wavespeed_wants_its_own_spelling_of_sizes(
    simulator: Simulator, http: aiohttp.ClientSession, size: object
):
    status, body = await post(http, _wavespeed(simulator), {"prompt": "a captain", "size": size}, HF)

    assert (status, body["code"]) == (400, 400)


async def test_failed_wavespeed_task_says_so_when_polled(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("wavespeed", ["job_failed"])

    _, task = await post(http, _wavespeed(simulator), {"prompt": "a captain"}, HF)
    status, body = await get(http, _wavespeed(simulator, f"/predictions/{task['data']['id']}/result"), HF)

    assert (status, body["data"]["status"]) == (200, "failed")
    assert body["data"]["error"]


@pytest.mark.parametrize("scenario", [STUCK.model_copy(update={"longest_wait_seconds": 0.05})])
async def test_wavespeeds_sync_mode_may_time_out_without_failing(
    simulator: Simulator, http: aiohttp.ClientSession
):
    order = {"prompt": "a captain", "enable_sync_mode": True}

    status, body = await post(http, _wavespeed(simulator), order, HF)

    assert (status, body["data"]["code"]) == (200, 5004)
    assert body["data"]["error"].startswith("Sync mode timed out")


@pytest.mark.parametrize("name", ["FLUX.1-dev", "FLUX.1-schnell"])
async def test_hf_inference_has_retired_flux(simulator: Simulator, http: aiohttp.ClientSession, name: str):
    url = f"{simulator.urls.huggingface_router}/hf-inference/models/black-forest-labs/{name}"

    assert await post(http, url, {"inputs": "a captain"}, HF) == (
        410,
        {"error": "The requested model is deprecated and no longer supported by provider hf-inference"},
    )


@pytest.mark.parametrize(("accept", "form"), [("image/png", "PNG"), ("*/*", "JPEG")])
async def test_hf_inference_and_endpoints_answer_raw_bytes(
    *, simulator: Simulator, http: aiohttp.ClientSession, accept: str, form: str
):
    model = "/hf-inference/models/stabilityai/stable-diffusion-3-medium-diffusers"
    body = {"inputs": "a captain", "parameters": {"width": 512, "height": 768, "seed": 7}}

    for url in (simulator.urls.huggingface_router + model, simulator.urls.huggingface_endpoint):
        async with http.post(url, json=body, headers=HF | {"Accept": accept}) as reply:
            image = picture(await reply.read())
        assert (image.format, image.size) == (form, (512, 768))


@pytest.mark.parametrize("body", [{}, {"prompt": "a"}, {"inputs": "a", "parameters": {"size": "1x1"}}])
async def test_endpoint_refuses_other_dialects(
    simulator: Simulator, http: aiohttp.ClientSession, body: dict[str, object]
):
    assert (await post(http, simulator.urls.huggingface_endpoint, body, HF))[0] == 400


@pytest.mark.parametrize(
    ("provider", "order"),
    [
        ("nscale", {"response_format": "b64_json", "size": "1024x1024"}),
        ("together", {"response_format": "base64", "width": 1024, "height": 1024, "steps": 4, "seed": 7}),
    ],
)
async def test_picture_comes_inside_the_answer(
    *, simulator: Simulator, http: aiohttp.ClientSession, provider: str, order: dict
):
    url = f"{simulator.urls.huggingface_router}/{provider}/v1/images/generations"
    body = order | {"prompt": "a captain", "model": "black-forest-labs/FLUX.1-schnell"}

    status, answer = await post(http, url, body, HF)
    refused, _ = await post(http, url, body | {"response_format": "png"}, HF)

    assert picture(base64.b64decode(answer["data"][0]["b64_json"])).size == (1024, 1024)
    assert (status, refused) == (200, 400)
