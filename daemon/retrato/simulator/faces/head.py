"""The head: its outline, ears and shade, cheeks, and the lines of age."""

from retrato.simulator.faces import palette
from retrato.simulator.faces.canvas import Canvas, Point, darker, mirrored, mix
from retrato.simulator.faces.traits import Traits

EYE_LINE = 436.0
_CROWN = 214.0
_LINES_FROM, _CROWS_FEET_FROM = 45, 51


def outline(traits: Traits, *, grow: float = 0.0) -> list[Point]:
    """The head's right half from crown to chin, *grow* units outside the skin."""
    half, jaw, chin = traits.half_width + grow, traits.jaw, traits.chin
    return [
        (500, _CROWN - grow),
        (500 + 0.58 * half, _CROWN + 22 - grow * 0.8),
        (500 + 0.93 * half, 312),
        (500 + half, 410),
        (500 + 0.97 * half, 490),
        (500 + (0.42 + 0.58 * jaw) * half, 566),
        (500 + (0.12 + 0.62 * jaw) * half, chin - 40),
        (500 + 0.30 * jaw * half, chin - 6 + grow),
        (500, chin + grow),
    ]


def mouth_line(traits: Traits) -> float:
    """How far down the mouth is."""
    return (traits.nose_length + traits.chin) / 2 - 10


def draw_head(canvas: Canvas, traits: Traits) -> None:
    """Ears and the bare head, a little shade on one side."""
    for side in (-1, 1):
        x = 500 + side * (traits.half_width + 4)
        canvas.oval((x, 462), 24, 40, traits.skin)
        canvas.oval((x + side * 2, 464), 12, 24, darker(traits.skin, 0.16))
        if traits.earrings:
            canvas.oval((x + side * 2, 507), 8, 8, palette.GOLD)
    canvas.blob(mirrored(outline(traits)), traits.skin)
    right = outline(traits)
    edge = right[1:-1]
    inner = [(500 + (x - 500) * 0.9 - 3, y) for x, y in edge[1:-1]]
    canvas.blob([*edge, *reversed(inner)], mix(traits.skin, darker(traits.skin, 0.22), 0.4))
    _cheeks(canvas, traits)
    if traits.age >= _LINES_FROM:
        _age_lines(canvas, traits)


def _cheeks(canvas: Canvas, traits: Traits) -> None:
    blush = mix(traits.skin, (222, 100, 86), 0.11 if traits.woman else 0.05)
    for side in (-1, 1):
        canvas.oval((500 + side * 0.62 * traits.half_width, 512), 34, 24, blush)
        if traits.freckles:
            for dx, dy in ((-18, -6), (-6, 4), (6, -8), (16, 2), (0, -18), (-28, 4)):
                centre = (500 + side * (0.56 * traits.half_width + dx), 500 + dy)
                canvas.oval(centre, 2.8, 2.8, darker(traits.skin, 0.25))


def _age_lines(canvas: Canvas, traits: Traits) -> None:
    depth = min(0.34, 0.1 + (traits.age - _LINES_FROM) * 0.008)
    line = darker(traits.skin, depth)
    mouth = mouth_line(traits)
    for side in (-1, 1):
        fold = [
            (500 + side * x, y)
            for x, y in (
                (traits.nose_width + 12, traits.nose_length - 8),
                (traits.mouth_width + 6, mouth - 26),
                (traits.mouth_width + 12, mouth + 4),
            )
        ]
        canvas.stroke(fold, width=5, colour=line, taper=0.9)
        bag = [(500 + side * (traits.eye_gap + x), EYE_LINE + y) for x, y in ((-24, 24), (0, 31), (24, 24))]
        canvas.stroke(bag, width=4, colour=line, taper=1)
        if traits.age >= _CROWS_FEET_FROM:
            for tilt in (-7, 4):
                feet = [
                    (500 + side * (traits.eye_gap + 38), EYE_LINE + tilt * 0.6),
                    (500 + side * (traits.eye_gap + 54), EYE_LINE + tilt * 1.6),
                ]
                canvas.stroke(feet, width=3.5, colour=line, taper=1)
    if traits.age >= _CROWS_FEET_FROM:
        for y, half in ((322, 60), (345, 70)):
            canvas.stroke([(500 - half, y + 3), (500, y - 3), (500 + half, y + 3)], width=4, colour=line, taper=1)
