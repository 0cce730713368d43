"""Hugging Face's own client draws through the simulated router, its partners and endpoints."""

import asyncio
from typing import Any

import pytest
from contract_support import KEYS, PROMPT, SEED, SLOW, STUCK, TIMEOUT_S, AddressBook, in_thread, steps
from huggingface_hub import AsyncInferenceClient, InferenceClient, InferenceTimeoutError
from huggingface_hub.errors import HfHubHTTPError
from PIL import Image

from retrato.simulator.fault import answer
from retrato.simulator.server import Simulator

_DEV = "black-forest-labs/FLUX.1-dev"
_SCHNELL = "black-forest-labs/FLUX.1-schnell"
_SD3 = "stabilityai/stable-diffusion-3-medium-diffusers"
_ORDER: dict[str, Any] = {
    "width": 768,
    "height": 1024,
    "num_inference_steps": 4,
    "guidance_scale": 3.5,
    "seed": SEED,
}


def _client(provider: Any = None, **more: Any) -> InferenceClient:
    return InferenceClient(provider=provider, api_key=KEYS.hugging_face, timeout=TIMEOUT_S, **more)


@pytest.mark.parametrize(
    ("provider", "model", "size", "walk"),
    [
        ("fal-ai", _DEV, (768, 1024), ["hub.lookup", "fal-ai.draw", "cdn.download"]),
        ("auto", _DEV, (768, 1024), ["hub.lookup", "fal-ai.draw", "cdn.download"]),
        # These two ignore width and height, which the client sends all the same.
        ("replicate", _DEV, (1024, 1024), ["hub.lookup", "replicate.draw", "cdn.download"]),
        ("wavespeed", _DEV, (1024, 1024), ["hub.lookup", "wavespeed.draw", "wavespeed.poll", "cdn.download"]),
        ("nscale", _SCHNELL, (768, 1024), ["hub.lookup", "nscale.draw"]),
        ("together", _SCHNELL, (768, 1024), ["hub.lookup", "together.draw"]),
        ("hf-inference", _SD3, (768, 1024), ["hub.lookup", "hf-inference.draw"]),
    ],
)
async def test_partner_draws_and_bills_once(
    *, simulator: Simulator, hub: AddressBook, provider: str, model: str, size: tuple[int, int], walk: list[str]
):
    ledger = simulator.world.ledger

    image = await in_thread(_client(provider).text_to_image, PROMPT, model=model, **_ORDER)

    assert image.size == size
    assert steps(ledger) == walk
    (order,) = ledger.orders()
    assert (order.prompt, order.width, order.height) == (PROMPT, *size)
    assert (ledger.billed(), ledger.billed(prompt=PROMPT)) == (1, 1)


@pytest.mark.parametrize(
    ("provider", "model", "more"),
    [
        ("fal-ai", _DEV, {}),
        ("replicate", _DEV, {"go_fast": False}),
        ("wavespeed", _DEV, {}),
        ("together", _SCHNELL, {}),
        ("hf-inference", _SD3, {}),
    ],
)
async def test_seed_arrives_and_gives_the_same_picture_again(
    *, simulator: Simulator, hub: AddressBook, provider: str, model: str, more: dict[str, Any]
):
    client = _client(provider)

    one = await in_thread(client.text_to_image, PROMPT, model=model, seed=SEED, extra_body=more)
    two = await in_thread(client.text_to_image, PROMPT, model=model, seed=SEED, extra_body=more)

    assert one.tobytes() == two.tobytes()
    assert simulator.world.ledger.billed(provider, prompt=PROMPT, seed=SEED) == 2


async def test_extra_body_reaches_the_partner_in_its_own_words(simulator: Simulator, hub: AddressBook):
    images = [
        await in_thread(_client("replicate").text_to_image, PROMPT, model=_DEV, extra_body=body)
        for body in ({"aspect_ratio": "2:3", "output_format": "png"}, {})
    ]
    wide = await in_thread(_client("wavespeed").text_to_image, PROMPT, model=_DEV, extra_body={"size": "1024*768"})

    assert [(image.format, image.size) for image in images] == [("PNG", (832, 1216)), ("WEBP", (1024, 1024))]
    assert wide.size == (1024, 768)


async def test_client_keeps_to_the_router_where_answers_name_other_hosts(simulator: Simulator, hub: AddressBook):
    await in_thread(_client("wavespeed").text_to_image, PROMPT, model=_DEV)

    polls = [line for line in hub.asked if "/predictions/" in line]
    assert all(line.startswith("GET https://router.huggingface.co/wavespeed/api/v3/") for line in polls)


@pytest.mark.parametrize("scenario", [SLOW])
async def test_wavespeed_is_polled_until_it_is_done(simulator: Simulator, hub: AddressBook):
    await in_thread(_client("wavespeed").text_to_image, PROMPT, model=_DEV)

    assert steps(simulator.world.ledger).count("wavespeed.poll") >= 2
    assert simulator.world.ledger.billed() == 1


@pytest.mark.parametrize("scenario", [SLOW])
async def test_queue_of_fal_is_followed_through_the_router(simulator: Simulator, hub: AddressBook):
    """The client takes fal's queue for all but text-to-image; an application that takes a picture stands in."""
    entry = simulator.world.mapping[_DEV]["fal-ai"]
    simulator.world.mapping[_DEV]["fal-ai"] = entry | {"task": "image-to-image"}
    client = _client("fal-ai")

    image = await in_thread(client.image_to_image, b"a picture", prompt=PROMPT, model=_DEV, seed=SEED)

    assert image.size == (1024, 768)
    assert list(dict.fromkeys(steps(simulator.world.ledger))) == [
        "hub.lookup",
        "fal-ai.draw",
        "fal-ai.status",
        "fal-ai.result",
        "cdn.download",
    ]
    assert simulator.world.ledger.billed("fal-ai", prompt=PROMPT, seed=SEED) == 1


async def test_dedicated_endpoint_is_its_url(simulator: Simulator, hub: AddressBook):
    client = _client(model=simulator.urls.huggingface_endpoint)

    image = await in_thread(client.text_to_image, PROMPT, **_ORDER)

    assert (image.format, image.size) == ("PNG", (768, 1024))
    assert steps(simulator.world.ledger) == ["endpoint.draw"]
    assert simulator.world.ledger.billed("endpoint", prompt=PROMPT, seed=SEED) == 1


async def test_key_of_fal_goes_straight_to_fal(simulator: Simulator, hub: AddressBook):
    client = InferenceClient(provider="fal-ai", api_key=KEYS.fal, timeout=TIMEOUT_S)

    await in_thread(client.text_to_image, PROMPT, model=_DEV, seed=SEED)

    assert steps(simulator.world.ledger) == ["hub.lookup", "fal.draw", "cdn.download"]
    assert simulator.world.ledger.billed("fal", prompt=PROMPT, seed=SEED) == 1


@pytest.mark.parametrize("provider", ["fal-ai", "replicate"])
async def test_asynchronous_client_draws_as_well(*, simulator: Simulator, hub: AddressBook, provider: Any):
    """In a loop of its own: it blocks while it looks the mapping up (2.4.0), and the simulator is in this one."""

    async def draw() -> Image.Image:
        async with AsyncInferenceClient(provider=provider, api_key=KEYS.hugging_face, timeout=TIMEOUT_S) as client:
            return await client.text_to_image(PROMPT, model=_DEV, width=1024, height=1024, seed=SEED)

    image = await in_thread(asyncio.run, draw())

    assert image.size == (1024, 1024)
    assert simulator.world.ledger.billed(provider, prompt=PROMPT) == 1


async def test_impatient_client_gets_its_own_timeout_and_the_picture_is_billed(
    simulator: Simulator, hub: AddressBook
):
    simulator.world.script("fal-ai", ["hang"])
    client = InferenceClient(provider="fal-ai", api_key=KEYS.hugging_face, timeout=0.3)

    with pytest.raises(InferenceTimeoutError, match="timed out"):
        await in_thread(client.text_to_image, PROMPT, model=_DEV, seed=SEED)

    assert simulator.world.ledger.billed("fal-ai", prompt=PROMPT, seed=SEED) == 1


@pytest.mark.parametrize("scenario", [STUCK.model_copy(update={"longest_wait_seconds": 0.05})])
async def test_replicate_without_an_output_is_a_timeout(simulator: Simulator, hub: AddressBook):
    with pytest.raises(TimeoutError, match=r"No output generated for model black-forest-labs/flux-dev"):
        await in_thread(_client("replicate").text_to_image, PROMPT, model=_DEV)


async def test_failed_wavespeed_task_is_told_in_its_words(simulator: Simulator, hub: AddressBook):
    simulator.world.script("wavespeed", ["job_failed"])

    with pytest.raises(ValueError, match=r"^WaveSpeed AI task failed: Task failed: worker error$"):
        await in_thread(_client("wavespeed").text_to_image, PROMPT, model=_DEV)

    assert simulator.world.ledger.billed() == 0


@pytest.mark.parametrize(("provider", "model"), [("nscale", _DEV), ("fal-ai", _SCHNELL)])
async def test_mapping_rules_out_partners_before_anything_is_ordered(
    *, simulator: Simulator, hub: AddressBook, provider: str, model: str
):
    with pytest.raises(ValueError, match=f"Model {model} is not supported by provider {provider}"):
        await in_thread(_client(provider).text_to_image, PROMPT, model=model)

    assert simulator.world.ledger.orders() == []


async def test_client_does_not_try_again_of_itself(simulator: Simulator, hub: AddressBook):
    simulator.world.script("fal-ai", [answer(503, {"error": "Service Unavailable"})])

    with pytest.raises(HfHubHTTPError, match="503"):
        await in_thread(_client("fal-ai").text_to_image, PROMPT, model=_DEV)

    assert len(simulator.world.ledger.orders("fal-ai")) == 1
