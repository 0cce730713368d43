"""Hair: what lies behind head and shoulders, and what frames the forehead."""

import random

from retrato.simulator.faces.canvas import Canvas, Colour, Point, darker, lighter, mirrored
from retrato.simulator.faces.features import outline
from retrato.simulator.faces.traits import Traits


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
            tail = [(500 + traits.side * x, y) for x, y in ((110, 240), (190, 300), (206, 430), (182, 590), (212, 720), (150, 640), (140, 480), (150, 360))]
            canvas.blob(tail, deep)
        case "afro":
            _cloud(canvas, traits, radius=half + 62, colour=deep, centre=(500, 330))
        case "curly":
            _cloud(canvas, traits, radius=half + (44 if traits.woman else 14), colour=deep, centre=(500, 350 if traits.woman else 310))
            if traits.woman:
                canvas.blob(_waves(half + 26, end=690), deep)


def draw_hair_in_front(canvas: Canvas, traits: Traits) -> None:
    """The part that covers the head."""
    match traits.style:
        case "bald":
            return
        case "buzz":
            _cap(canvas, traits, grow=5, line=_arc(traits, 300, 284), low=420)
        case "receding":
            _cap(canvas, traits, grow=10, line=_temples(traits), low=440)
        case "short":
            _cap(canvas, traits, grow=22, line=_arc(traits, 312, 288), low=432)
        case "parted":
            _cap(canvas, traits, grow=26, line=_parting(traits, depth=1.0), low=430)
        case "pixie":
            _cap(canvas, traits, grow=26, line=_parting(traits, depth=1.35), low=480)
        case "quiff":
            _quiff(canvas, traits)
        case "slick":
            _cap(canvas, traits, grow=20, line=_arc(traits, 296, 272), low=432)
            _combed(canvas, traits)
        case "curly" | "afro":
            _curls(canvas, traits)
        case "fringe":
            _cap(canvas, traits, grow=26, line=_arc(traits, 385, 372), low=500)
            _strands(canvas, traits, low=362)
        case "bun" | "ponytail":
            _cap(canvas, traits, grow=16, line=_arc(traits, 306, 268), low=440)
            _combed(canvas, traits)
        case _:
            _cap(canvas, traits, grow=28, line=_parting(traits, depth=0.75), low=470)
            _curtains(canvas, traits)


def _cap(canvas: Canvas, traits: Traits, *, grow: float, line: list[Point], low: float) -> None:
    """Hair over the skull down to *low* beside the ears; *line* is the hairline from left to right."""
    right = [(x, y) for x, y in outline(traits, grow=grow) if y < low]
    edge = traits.half_width + grow * 0.55
    right.append((500 + edge, low))
    top = mirrored(right)[: len(right)]
    left = [(1000 - x, y) for x, y in reversed(right)][:-1]
    canvas.polygon([*_curved([*left, *top]), *reversed(_curved(line))], traits.hair)


def _curved(points: list[Point]) -> list[Point]:
    from retrato.simulator.faces.canvas import open_curve

    return open_curve(points)


def _arc(traits: Traits, side_y: float, middle_y: float) -> list[Point]:
    """A plain hairline, *middle_y* high in the middle."""
    half = traits.half_width
    return [
        (500 - half * 0.98, 436),
        (500 - half * 0.90, 372),
        (500 - half * 0.76, side_y + 4),
        (500 - half * 0.4, middle_y + 4),
        (500, middle_y),
        (500 + half * 0.4, middle_y + 4),
        (500 + half * 0.76, side_y + 4),
        (500 + half * 0.90, 372),
        (500 + half * 0.98, 436),
    ]


def _parting(traits: Traits, *, depth: float) -> list[Point]:
    """Hair combed over from the parting; *depth* 1 reaches halfway to the brow."""
    half, side = traits.half_width, traits.side
    line = [
        (500 - half * 0.98, 440),
        (500 - half * 0.90, 368),
        (500 - half * 0.70, 306),
        (500 - half * 0.42, 262),
        (500 - half * 0.10, 276 + 12 * depth),
        (500 + half * 0.35, 296 + 26 * depth),
        (500 + half * 0.72, 318 + 22 * depth),
        (500 + half * 0.91, 372),
        (500 + half * 0.98, 440),
    ]
    return line if side > 0 else [(1000 - x, y) for x, y in reversed(line)]


def _temples(traits: Traits) -> list[Point]:
    half = traits.half_width
    right = [(500, 252), (500 + half * 0.28, 250), (500 + half * 0.52, 238), (500 + half * 0.72, 268), (500 + half * 0.86, 330), (500 + half * 0.96, 440)]
    return [*((1000 - x, y) for x, y in reversed(right)), *right[1:]]


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
    import math

    rng = random.Random(f"{traits.half_width}")
    canvas.oval(centre, radius * 0.96, radius * 0.96, colour)
    count = 22
    for number in range(count):
        angle = math.tau * number / count
        r = radius * rng.uniform(0.88, 0.96)
        size = radius * rng.uniform(0.15, 0.2)
        canvas.oval((centre[0] + math.cos(angle) * r, centre[1] + math.sin(angle) * r), size, size, colour)


def _curls(canvas: Canvas, traits: Traits) -> None:
    import math

    rng = random.Random(f"{traits.chin}")
    half = traits.half_width
    _cap(canvas, traits, grow=18, line=_arc(traits, 318, 290), low=430)
    light = lighter(traits.hair, 0.045)
    for row, (radius, count) in enumerate(((half + 6, 11), (half - 26, 9))):
        for number in range(count):
            angle = math.pi * (1.04 + 0.92 * number / (count - 1))
            x, y = 500 + math.cos(angle) * radius, 372 + math.sin(angle) * (radius + 20)
            size = rng.uniform(27, 36)
            canvas.oval((x, y), size, size, traits.hair if (number + row) % 3 else light)


def _quiff(canvas: Canvas, traits: Traits) -> None:
    half, side = traits.half_width, traits.side
    _cap(canvas, traits, grow=14, line=_arc(traits, 306, 282), low=430)
    crest = [(-0.95, 330), (-1.0, 262), (-0.72, 196), (-0.2, 158), (0.42, 148), (0.92, 182), (1.04, 250), (0.86, 316), (0.62, 292), (0.1, 282), (-0.5, 292)]
    canvas.blob([(500 + side * x * half, y) for x, y in crest], traits.hair)
    for lift in (0, 30):
        sweep = [(500 + side * x * half, y + lift) for x, y in ((-0.6, 262), (-0.1, 212), (0.5, 196), (0.86, 216))]
        canvas.stroke(sweep, width=9, colour=lighter(traits.hair, 0.12), taper=1)


def _combed(canvas: Canvas, traits: Traits) -> None:
    half = traits.half_width
    for part in (-0.66, -0.34, 0.0, 0.34, 0.66):
        strand = [(500 + part * half, 276 + 26 * abs(part)), (500 + part * half * 0.9, 236), (500 + part * half * 0.6, 206)]
        canvas.stroke(strand, width=6, colour=lighter(traits.hair, 0.11), taper=1)


def _strands(canvas: Canvas, traits: Traits, *, low: float) -> None:
    half = traits.half_width
    for part in (-0.55, -0.2, 0.15, 0.5):
        strand = [(500 + part * half * 0.8, 240), (500 + part * half, 310), (500 + part * half * 1.05, low)]
        canvas.stroke(strand, width=6, colour=lighter(traits.hair, 0.1), taper=1)


def _curtains(canvas: Canvas, traits: Traits) -> None:
    """Locks that fall beside the face."""
    half = traits.half_width
    end = {"bob": 620.0, "wavy": 790.0}.get(traits.style, 820.0)
    for side in (-1, 1):
        lock = [(0.78, 300), (1.02, 330), (1.2, 460), (1.22, end - 60), (1.02, end), (0.98, end - 120), (0.97, 520), (0.9, 400)]
        canvas.blob([(500 + side * x * half, y) for x, y in lock], traits.hair)
        shine = [(500 + side * x * half, y) for x, y in ((1.04, 380), (1.12, 480), (1.12, end - 90))]
        canvas.stroke(shine, width=8, colour=lighter(traits.hair, 0.12), taper=1)
    top = [(500 + traits.side * x * half, y) for x, y in ((-0.36, 232), (0.2, 222), (0.68, 258), (0.96, 340))]
    canvas.stroke(top, width=8, colour=lighter(traits.hair, 0.12), taper=1)
