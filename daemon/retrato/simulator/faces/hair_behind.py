"""The hair behind the head: what falls on the shoulders or stands around the skull."""

import math
import random

from retrato.simulator.faces.canvas import Canvas, Colour, Point, darker, mirrored
from retrato.simulator.faces.traits import Traits

_TAIL = ((110, 240), (190, 300), (206, 430), (182, 590), (212, 720), (150, 640), (140, 480), (150, 360))
"""A ponytail on the right, as seen from the middle."""


def draw_hair_behind(canvas: Canvas, traits: Traits) -> None:
    """The part that the head covers."""
    half, deep = traits.half_width, darker(traits.hair, 0.22)
    match traits.style:
        case "long" | "fringe":
            canvas.blob(_fall(half, width=40, end=880, flare=8), deep)
        case "wavy":
            canvas.blob(_waves(half, end=850), deep)
        case "bob":
            canvas.blob(_fall(half, width=44, end=640, flare=16), deep)
        case "bun":
            canvas.oval((500, 150), 74, 66, deep)
            canvas.oval((494, 144), 60, 52, traits.hair)
            canvas.blob(_fall(half, width=14, end=520, flare=-40), deep)
        case "ponytail":
            tail = [(500 + traits.side * x, y) for x, y in _TAIL]
            canvas.blob(tail, deep)
        case "afro":
            _cloud(canvas, traits, radius=half + 62, colour=deep, centre=(500, 330))
        case "curly":
            _cloud(
                canvas,
                traits,
                radius=half + (44 if traits.woman else 14),
                colour=deep,
                centre=(500, 350 if traits.woman else 310),
            )
            if traits.woman:
                canvas.blob(_waves(half + 26, end=690), deep)


def _fall(half: float, *, width: float, end: float, flare: float) -> list[Point]:
    """Straight hair down to *end*."""
    reach = half + width
    return mirrored(
        [
            (500, 182),
            (500 + 0.62 * reach, 205),
            (500 + 0.96 * reach, 310),
            (500 + reach, 450),
            (500 + reach + flare * 0.5, (450 + end) / 2),
            (500 + reach + flare, end - 40),
            (500 + reach * 0.8, end),
            (500 + reach * 0.3, end - 14),
        ]
    )


def _waves(half: float, *, end: float) -> list[Point]:
    right: list[Point] = [(500, 180), (500 + 0.64 * (half + 36), 204), (500 + half + 34, 318)]
    y, out = 400.0, True
    while y < end:
        right.append((500 + half + (62 if out else 34), y))
        y, out = y + 78, not out
    return mirrored([*right, (500 + half * 0.8, end + 10), (500 + half * 0.3, end - 20)])


def _cloud(canvas: Canvas, traits: Traits, *, radius: float, colour: Colour, centre: Point) -> None:
    """A round mass with a curly rim."""
    rng = random.Random(f"{traits.half_width}")
    canvas.oval(centre, radius * 0.96, radius * 0.96, colour)
    count = 22
    for number in range(count):
        angle = math.tau * number / count
        r = radius * rng.uniform(0.88, 0.96)
        size = radius * rng.uniform(0.15, 0.2)
        canvas.oval((centre[0] + math.cos(angle) * r, centre[1] + math.sin(angle) * r), size, size, colour)
