"""The whole portrait, put together from back to front."""

import random

from PIL import Image

from retrato.simulator.faces.body import draw_body
from retrato.simulator.faces.canvas import Canvas
from retrato.simulator.faces.eyes import draw_eyes
from retrato.simulator.faces.hair_behind import draw_hair_behind
from retrato.simulator.faces.hair_front import draw_hair_in_front
from retrato.simulator.faces.head import draw_head
from retrato.simulator.faces.mouth import draw_nose_and_mouth
from retrato.simulator.faces.traits import read_traits


def draw_face(prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """A portrait of *width* x *height* pixels, RGB; the same three give the same pixels."""
    traits = read_traits(prompt, seed)
    canvas = Canvas(width, height)
    above, below, disc = traits.wall
    canvas.backdrop(above, below)
    canvas.oval((500, 470), 380, 380, disc)
    draw_hair_behind(canvas, traits)
    draw_body(canvas, traits)
    draw_head(canvas, traits)
    draw_nose_and_mouth(canvas, traits)
    draw_eyes(canvas, traits)
    draw_hair_in_front(canvas, traits)
    return canvas.finish()


def draw_pattern(prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """A cheap seeded pattern of *width* x *height* pixels, RGB: 8 x 8 colours, smoothed."""
    rng = random.Random(f"{seed}:{prompt}")
    tile = Image.frombytes("RGB", (8, 8), rng.randbytes(192))
    return tile.resize((width, height), Image.Resampling.BILINEAR)
