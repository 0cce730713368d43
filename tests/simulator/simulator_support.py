"""What several tests of the simulator say to it."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import aiohttp
from PIL import Image

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

HF = {"Authorization": "Bearer hf_canary"}
FAL = {"Authorization": "Key id:secret"}
GEN = {"Authorization": "Bearer sk_canary"}
OPENAI = {"Authorization": "Bearer sk-canary"}
SLOW = Scenario(faces=False, latency_seconds={"default": (0.4, 0.4)})
STUCK = Scenario(faces=False, latency_seconds={"default": (3600, 3600)})

ORDER = {"prompt": "a captain", "image_size": {"width": 1024, "height": 1024}, "seed": 7}


async def post(
    http: aiohttp.ClientSession, url: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Status and JSON."""
    async with http.post(url, json=body, headers=headers) as reply:
        return reply.status, await reply.json()


async def get(http: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Status and JSON."""
    async with http.get(url, headers=headers) as reply:
        return reply.status, await reply.json()


async def get_bytes(
    http: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Status and body."""
    async with http.get(url, headers=headers) as reply:
        return reply.status, await reply.read()


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that another task is about to do."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


def fal_sync(simulator: Simulator) -> str:
    return f"{simulator.urls.huggingface_router}/fal-ai/fal-ai/flux/dev"


def picture(data: bytes) -> Image.Image:
    """The decoded picture."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
