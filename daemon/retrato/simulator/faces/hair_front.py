"""The hair on the head: a cap with a hairline, and what makes it this or that cut."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from retrato.simulator.faces.canvas import Canvas, Point, lighter, open_curve
from retrato.simulator.faces.hairlines import arc, parting, temples
from retrato.simulator.faces.head import outline
from retrato.simulator.faces.traits import Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """
    How one style is drawn: a cap, then perhaps what makes it special.

    ``grow`` is how thick it lies on the skull, ``low`` how far down it goes beside the ears.
    """

    grow: float
    low: float
    line: Callable[[Traits], list[Point]]
    then: Callable[[Canvas, Traits], None] | None = None


def draw_hair_in_front(canvas: Canvas, traits: Traits) -> None:
    """The part that covers the head."""
    if traits.style == "bald":
        return
    cut = _CUTS.get(traits.style, _CURTAINS)
    _cap(canvas, traits, cut)
    if cut.then:
        cut.then(canvas, traits)


def _cap(canvas: Canvas, traits: Traits, cut: _Cut) -> None:
    right = [(x, y) for x, y in outline(traits, grow=cut.grow) if y < cut.low]
    right.append((500 + traits.half_width + cut.grow * 0.55, cut.low))
    left = [(1000 - x, y) for x, y in reversed(right)]
    over = open_curve([*left[:-1], *right])
    canvas.polygon([*over, *reversed(open_curve(cut.line(traits)))], traits.hair)


def _quiff(canvas: Canvas, traits: Traits) -> None:
    half, side = traits.half_width, traits.side
    crest = [
        (-0.95, 330),
        (-1.0, 262),
        (-0.72, 196),
        (-0.2, 158),
        (0.42, 148),
        (0.92, 182),
        (1.04, 250),
        (0.86, 316),
        (0.62, 292),
        (0.1, 282),
        (-0.5, 292),
    ]
    canvas.blob([(500 + side * x * half, y) for x, y in crest], traits.hair)
    for lift in (0, 30):
        sweep = [(500 + side * x * half, y + lift) for x, y in ((-0.6, 262), (-0.1, 212), (0.5, 196), (0.86, 216))]
        canvas.stroke(sweep, width=9, colour=lighter(traits.hair, 0.12), taper=1)


def _swept(canvas: Canvas, traits: Traits) -> None:
    half, side = traits.half_width, traits.side
    for lift, reach in ((0, 0.78), (26, 0.66), (50, 0.5)):
        sweep = [(500 + side * x * half, y - lift) for x, y in ((-0.72, 276), (-0.1, 262), (reach, 286))]
        canvas.stroke(sweep, width=6, colour=lighter(traits.hair, 0.12), taper=1)


def _curls(canvas: Canvas, traits: Traits) -> None:
    rng = random.Random(f"{traits.chin}")
    half = traits.half_width
    light = lighter(traits.hair, 0.045)
    for row, (radius, count) in enumerate(((half + 6, 11), (half - 26, 9))):
        for number in range(count):
            angle = math.pi * (1.04 + 0.92 * number / (count - 1))
            x, y = 500 + math.cos(angle) * radius, 372 + math.sin(angle) * (radius + 20)
            size = rng.uniform(27, 36)
            canvas.oval((x, y), size, size, traits.hair if (number + row) % 3 else light)


def _combed(canvas: Canvas, traits: Traits) -> None:
    half = traits.half_width
    for part in (-0.66, -0.34, 0.0, 0.34, 0.66):
        strand = [
            (500 + part * half, 276 + 26 * abs(part)),
            (500 + part * half * 0.9, 236),
            (500 + part * half * 0.6, 206),
        ]
        canvas.stroke(strand, width=6, colour=lighter(traits.hair, 0.11), taper=1)


def _strands(canvas: Canvas, traits: Traits) -> None:
    half = traits.half_width
    for part in (-0.55, -0.2, 0.15, 0.5):
        strand = [(500 + part * half * 0.8, 240), (500 + part * half, 310), (500 + part * half * 1.05, 362)]
        canvas.stroke(strand, width=6, colour=lighter(traits.hair, 0.1), taper=1)


def _curtains(canvas: Canvas, traits: Traits) -> None:
    """Locks that fall beside the face."""
    half = traits.half_width
    end = {"bob": 620.0, "wavy": 790.0}.get(traits.style, 820.0)
    for side in (-1, 1):
        lock = [
            (0.78, 300),
            (1.02, 330),
            (1.2, 460),
            (1.22, end - 60),
            (1.02, end),
            (0.98, end - 120),
            (0.97, 520),
            (0.9, 400),
        ]
        canvas.blob([(500 + side * x * half, y) for x, y in lock], traits.hair)
        shine = [(500 + side * x * half, y) for x, y in ((1.04, 380), (1.12, 480), (1.12, end - 90))]
        canvas.stroke(shine, width=8, colour=lighter(traits.hair, 0.12), taper=1)
    top = [(500 + traits.side * x * half, y) for x, y in ((-0.36, 232), (0.2, 222), (0.68, 258), (0.96, 340))]
    canvas.stroke(top, width=8, colour=lighter(traits.hair, 0.12), taper=1)


_CURTAINS = _Cut(grow=28, low=470, line=lambda traits: parting(traits, depth=0.75), then=_curtains)
_CUTS: Mapping[str, _Cut] = MappingProxyType(
    {
        "buzz": _Cut(grow=5, low=420, line=lambda traits: arc(traits, 300, 284)),
        "receding": _Cut(grow=10, low=440, line=temples),
        "short": _Cut(grow=22, low=432, line=lambda traits: arc(traits, 312, 288), then=_swept),
        "parted": _Cut(grow=26, low=430, line=lambda traits: parting(traits, depth=1.0)),
        "pixie": _Cut(grow=26, low=480, line=lambda traits: parting(traits, depth=1.35)),
        "quiff": _Cut(grow=14, low=430, line=lambda traits: arc(traits, 306, 282), then=_quiff),
        "slick": _Cut(grow=20, low=432, line=lambda traits: arc(traits, 292, 270), then=_swept),
        "curly": _Cut(grow=18, low=430, line=lambda traits: arc(traits, 318, 290), then=_curls),
        "afro": _Cut(grow=18, low=430, line=lambda traits: arc(traits, 318, 290), then=_curls),
        "fringe": _Cut(grow=26, low=500, line=lambda traits: arc(traits, 385, 372), then=_strands),
        "bun": _Cut(grow=16, low=440, line=lambda traits: arc(traits, 306, 268), then=_combed),
        "ponytail": _Cut(grow=16, low=440, line=lambda traits: arc(traits, 306, 268), then=_combed),
    }
)
"""Styles that are not here fall beside the face."""
