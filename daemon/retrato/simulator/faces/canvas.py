"""A canvas with units of its own and smooth shapes: drawn twice as large as wanted, then halved."""

import math
from collections.abc import Iterable, Sequence
from typing import cast

from PIL import Image, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]

_OVERSAMPLING = 2
_FIELD = 830.0
_TOP = 78.0
"""The uppermost y that a square picture shows."""
_STEPS = 7
"""Straight pieces that stand for one piece of a curve."""


class Canvas:
    """
    Units, whatever the size in pixels: the middle is at x 500, y grows downwards.

    The shorter side shows ``_FIELD`` units; a wider or taller picture shows more of the surroundings.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._image = Image.new("RGB", (width * _OVERSAMPLING, height * _OVERSAMPLING))
        self._draw = ImageDraw.Draw(self._image)
        side = min(self._image.size)
        self._unit = side / _FIELD
        self._left = self._image.width / 2 - 500 * self._unit
        self._top = (self._image.height - side) * 0.6 - _TOP * self._unit

    def backdrop(self, above: Colour, below: Colour) -> None:
        """Fill everything, from *above* to *below*."""
        width, height = self._image.size
        for y in range(0, height, 4):
            self._draw.rectangle((0, y, width, y + 3), fill=mix(above, below, y / height))

    def blob(self, points: Iterable[Point], fill: Colour) -> None:
        """A closed smooth shape through *points*."""
        self.polygon(closed_curve(list(points)), fill)

    def polygon(self, points: Iterable[Point], fill: Colour) -> None:
        """A shape with corners."""
        self._draw.polygon([self._place(point) for point in points], fill=fill)

    def oval(self, centre: Point, rx: float, ry: float, fill: Colour) -> None:
        """An ellipse with half axes *rx* and *ry*."""
        (x, y), rx, ry = self._place(centre), rx * self._unit, ry * self._unit
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill)

    def ring(self, centre: Point, rx: float, ry: float, *, width: float, colour: Colour) -> None:
        """The outline of an ellipse."""
        (x, y), rx, ry = self._place(centre), rx * self._unit, ry * self._unit
        pixels = max(1, round(width * self._unit))
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), outline=colour, width=pixels)

    def stroke(self, points: Sequence[Point], *, width: float, colour: Colour, taper: float = 0.0) -> None:
        """A brush stroke along a smooth line; with *taper* 1 it ends in points, with 0 it ends round."""
        line = open_curve(points)
        self._band(line, width=width, colour=colour, taper=taper)
        if taper < 1:
            for end in (line[0], line[-1]):
                self.oval(end, width / 2 * (1 - taper), width / 2 * (1 - taper), colour)

    def loop(self, points: Sequence[Point], *, width: float, colour: Colour) -> None:
        """The outline of a closed smooth shape."""
        line = closed_curve(points)
        self._band([*line, *line[:2]], width=width, colour=colour)

    def finish(self) -> Image.Image:
        """The picture in its real size. The canvas is spent."""
        return self._image.reduce(_OVERSAMPLING)

    def _band(self, line: Sequence[Point], *, width: float, colour: Colour, taper: float = 0.0) -> None:
        left: list[Point] = []
        right: list[Point] = []
        for number, (x, y) in enumerate(line):
            before, after = line[max(0, number - 1)], line[min(len(line) - 1, number + 1)]
            dx, dy = after[0] - before[0], after[1] - before[1]
            length = math.hypot(dx, dy) or 1.0
            along = number / (len(line) - 1)
            half = width / 2 * (1 - taper * (2 * along - 1) ** 2)
            left.append((x - dy / length * half, y + dx / length * half))
            right.append((x + dy / length * half, y - dx / length * half))
        self.polygon([*left, *reversed(right)], colour)

    def _place(self, point: Point) -> Point:
        return self._left + point[0] * self._unit, self._top + point[1] * self._unit


def mix(first: Colour, second: Colour, part: float) -> Colour:
    """*first* with *part* (0 … 1) of *second* in it."""
    return cast("Colour", tuple(round(a + (b - a) * part) for a, b in zip(first, second, strict=True)))


def darker(colour: Colour, part: float) -> Colour:
    """*colour* on its way to a warm dark."""
    return mix(colour, (38, 18, 24), part)


def lighter(colour: Colour, part: float) -> Colour:
    """*colour* on its way to a warm white."""
    return mix(colour, (255, 250, 242), part)


def mirrored(right: Sequence[Point], *, about: float = 500.0) -> list[Point]:
    """A symmetric outline from its right half; points on the axis are not doubled."""
    left = [(2 * about - x, y) for x, y in reversed(right) if x != about]
    return [*right, *left]


def closed_curve(points: Sequence[Point]) -> list[Point]:
    """A smooth closed line (Catmull-Rom) through *points*."""
    count = len(points)
    return [
        point
        for at in range(count)
        for point in _piece(points[at - 1], points[at], points[(at + 1) % count], points[(at + 2) % count])
    ]


def open_curve(points: Sequence[Point]) -> list[Point]:
    """A smooth line from the first to the last of *points*."""
    padded = [points[0], *points, points[-1]]
    line = [
        point
        for at in range(1, len(points))
        for point in _piece(padded[at - 1], padded[at], padded[at + 1], padded[at + 2])
    ]
    return [*line, points[-1]]


def _piece(before: Point, start: Point, end: Point, after: Point) -> list[Point]:
    points = []
    for step in range(_STEPS):
        t = step / _STEPS
        weights = (
            (-t + 2 * t * t - t**3) / 2,
            (2 - 5 * t * t + 3 * t**3) / 2,
            (t + 4 * t * t - 3 * t**3) / 2,
            (-t * t + t**3) / 2,
        )
        four = (before, start, end, after)
        x = sum(w * p[0] for w, p in zip(weights, four, strict=True))
        y = sum(w * p[1] for w, p in zip(weights, four, strict=True))
        points.append((x, y))
    return points
