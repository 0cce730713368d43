"""Hairlines: where the hair ends above the forehead, from the left ear to the right one."""

from retrato.simulator.faces.canvas import Point
from retrato.simulator.faces.traits import Traits


def arc(traits: Traits, side_y: float, middle_y: float) -> list[Point]:
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


def parting(traits: Traits, *, depth: float) -> list[Point]:
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


def temples(traits: Traits) -> list[Point]:
    """A hairline that has withdrawn at both sides."""
    half = traits.half_width
    right = [
        (500, 252),
        (500 + half * 0.28, 250),
        (500 + half * 0.52, 238),
        (500 + half * 0.72, 268),
        (500 + half * 0.86, 330),
        (500 + half * 0.96, 440),
    ]
    return [*((1000 - x, y) for x, y in reversed(right)), *right[1:]]
