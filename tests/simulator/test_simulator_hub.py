"""The Hub's mapping lookup and the router's dead ends."""

import aiohttp
import pytest
from simulator_support import HF, get, post

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

_DEV = "/api/models/black-forest-labs/FLUX.1-dev"


@pytest.mark.parametrize("spelling", ["expand", "expand[]"])
async def test_mapping_is_a_dict_by_provider_when_asked_for(
    simulator: Simulator, http: aiohttp.ClientSession, spelling: str
):
    url = f"{simulator.urls.huggingface_hub}{_DEV}?{spelling}=inferenceProviderMapping"

    status, body = await get(http, url)

    assert status == 200
    assert body["inferenceProviderMapping"]["fal-ai"] == {
        "status": "live",
        "providerId": "fal-ai/flux/dev",
        "task": "text-to-image",
        "isModelAuthor": False,
    }
    assert list(body["inferenceProviderMapping"]) == ["fal-ai", "replicate", "wavespeed"]


async def test_mapping_is_left_out_when_nobody_asks(simulator: Simulator, http: aiohttp.ClientSession):
    _, body = await get(http, simulator.urls.huggingface_hub + _DEV)

    assert set(body) == {"_id", "id"}


async def test_hub_tells_its_rate_limit_with_every_answer(simulator: Simulator, http: aiohttp.ClientSession):
    async with http.get(simulator.urls.huggingface_hub + _DEV) as reply:
        assert reply.headers["RateLimit"].startswith('"api";r=')


async def test_unknown_model_is_not_found(simulator: Simulator, http: aiohttp.ClientSession):
    status, body = await get(http, f"{simulator.urls.huggingface_hub}/api/models/no/body")

    assert (status, body) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("scenario", [Scenario(keys={"huggingface": ("hf_good",)})])
async def test_wrong_token_is_refused_even_where_none_is_needed(simulator: Simulator, http: aiohttp.ClientSession):
    status, body = await get(http, simulator.urls.huggingface_hub + _DEV, {"Authorization": "Bearer hf_bad"})

    assert (status, body) == (401, {"error": "Invalid username or password."})


@pytest.mark.parametrize("scenario", [Scenario(keys={"huggingface": ("hf_good",)})])
async def test_token_is_told_what_it_may_do(simulator: Simulator, http: aiohttp.ClientSession):
    url = f"{simulator.urls.huggingface_hub}/api/whoami-v2"

    good = await get(http, url, {"Authorization": "Bearer hf_good"})
    bad = await get(http, url, {"Authorization": "Bearer hf_bad"})
    simulator.world.script("hub.whoami", ["hf_whoami_read_only"])
    read_only = await get(http, url, {"Authorization": "Bearer hf_good"})

    assert bad == (401, {"error": "Invalid username or password."})
    assert [status for status, _ in (good, read_only)] == [200, 200]
    assert [
        "inference.serverless.write" in body["auth"]["accessToken"]["fineGrained"]["scoped"][0]["permissions"]
        for _, body in (good, read_only)
    ] == [True, False]


async def test_only_hf_inference_knows_hub_ids(simulator: Simulator, http: aiohttp.ClientSession):
    router = simulator.urls.huggingface_router

    for provider in ("fal-ai", "replicate", "together"):
        url = f"{router}/{provider}/models/black-forest-labs/FLUX.1-dev"
        assert await post(http, url, {}, HF) == (400, {"error": f"Model not supported by provider {provider}"})


async def test_router_draws_nothing_under_its_chat_root(simulator: Simulator, http: aiohttp.ClientSession):
    status, body = await post(http, f"{simulator.urls.huggingface_router}/v1/images/generations", {}, HF)

    assert (status, body) == (404, {"error": "Not Found"})
