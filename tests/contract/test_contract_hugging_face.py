"""Hugging Face's own client draws through the simulated router, partners and endpoints."""

import pytest
from contract_support import KEYS, PROMPT, SEED, SLOW, TIMEOUT_S, AddressBook, in_thread, steps
from huggingface_hub import AsyncInferenceClient, InferenceClient

from retrato.simulator.server import Simulator

_DEV = "black-forest-labs/FLUX.1-dev"
_SCHNELL = "black-forest-labs/FLUX.1-schnell"
_SD3 = "stabilityai/stable-diffusion-3-medium-diffusers"


def _client(**more: object) -> InferenceClient:
    return InferenceClient(api_key=KEYS.hugging_face, timeout=TIMEOUT_S, **more)


@pytest.mark.parametrize(
    ("provider", "model", "size", "walk"),
    [
        ("fal-ai", _DEV, (768, 1024), ["hub.lookup", "fal-ai.draw", "cdn.download"]),
        ("auto", _DEV, (768, 1024), ["hub.lookup", "fal-ai.draw", "cdn.download"]),
        # The partner takes a ratio, and no width or height.
        ("replicate", _DEV, (1024, 1024), ["hub.lookup", "replicate.draw", "cdn.download"]),
        ("wavespeed", _DEV, (1024, 1024), ["hub.lookup", "wavespeed.draw", "wavespeed.poll", "cdn.download"]),
        ("nscale", _SCHNELL, (768, 1024), ["hub.lookup", "nscale.draw"]),
        ("together", _SCHNELL, (768, 1024), ["hub.lookup", "together.draw"]),
        ("hf-inference", _SD3, (768, 1024), ["hub.lookup", "hf-inference.draw"]),
    ],
)
async def test_picture_is_drawn_and_billed_once(
    *, simulator: Simulator, hub: AddressBook, provider: str, model: str, size: tuple[int, int], walk: list[str]
):
    client = _client(provider=provider)

    image = await in_thread(
        client.text_to_image,
        PROMPT,
        model=model,
        width=768,
        height=1024,
        num_inference_steps=4,
        guidance_scale=3.5,
        seed=SEED,
    )

    assert image.size == size
    assert steps(simulator.world.ledger) == walk
    print(hub.asked, simulator.world.ledger.bills, simulator.world.ledger.calls)
