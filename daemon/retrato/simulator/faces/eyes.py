"""Eyes, brows and glasses."""

from retrato.simulator.faces import palette
from retrato.simulator.faces.canvas import Canvas, Point, darker, mix
from retrato.simulator.faces.head import EYE_LINE
from retrato.simulator.faces.traits import Traits


def draw_eyes(canvas: Canvas, traits: Traits) -> None:
    """Both eyes with their brows, and the glasses before them."""
    for side in (-1, 1):
        _eye(canvas, traits, side)
        _brow(canvas, traits, side)
    if traits.glasses:
        _glasses(canvas, traits)


def _eye(canvas: Canvas, traits: Traits, side: int) -> None:
    size, x, y = traits.eye_size, 500 + side * traits.eye_gap, EYE_LINE
    wide, tall, tilt = 32 * size, 18.5 * size, traits.eye_tilt

    def at(out: float, down: float) -> Point:
        """A point of the eye, *out* counted away from the nose."""
        return (x + side * out * wide, y + down * tall - out * tilt)

    almond = [at(-1, 0.25), at(-0.5, -0.72), at(0.1, -1), at(0.65, -0.6), at(1, 0), at(0.5, 0.72), at(-0.3, 0.85)]
    canvas.blob(almond, palette.EYE_WHITE)
    canvas.oval((x, y - 1), 15.6 * size, 16.2 * size, darker(traits.eyes, 0.35))
    canvas.oval((x, y - 1), 13.4 * size, 14 * size, traits.eyes)
    canvas.oval((x, y - 1), 7 * size, 7.4 * size, palette.INK)
    canvas.oval((x + 5 * size, y - 6 * size), 4 * size, 4 * size, (255, 255, 255))
    # The lid covers the top of the iris, the lower one its foot.
    lid = [at(-1.06, 0.3), at(-0.5, -0.80), at(0.1, -1.06), at(0.65, -0.68), at(1.04, -0.05)]
    above = [(px, py - 13 * size) for px, py in lid]
    canvas.polygon([*lid, *reversed(above)], mix(traits.skin, darker(traits.skin, 0.3), 0.25))
    lash = palette.INK if traits.woman else mix(palette.INK, traits.skin, 0.18)
    outer = [*lid, at(1.22, -0.35)] if traits.woman else lid
    canvas.stroke(outer, width=7.5 if traits.woman else 5.5, colour=lash, taper=0.7)
    foot = [at(-0.75, 0.72), at(-0.2, 0.98), at(0.5, 0.86), at(0.95, 0.2)]
    canvas.stroke(foot, width=3, colour=darker(traits.skin, 0.32), taper=0.8)
    crease = [(px, py - 9 * size) for px, py in lid[1:-1]]
    canvas.stroke(crease, width=3, colour=darker(traits.skin, 0.3), taper=0.9)


def _brow(canvas: Canvas, traits: Traits, side: int) -> None:
    x, y, arch = 500 + side * traits.eye_gap, EYE_LINE - 47, traits.brow_arch
    line = [
        (x - side * 32, y - 3),
        (x - side * 8, y - 2 - arch * 0.7),
        (x + side * 18, y - 2 - arch),
        (x + side * 42, y + 9 - arch * 0.3),
    ]
    canvas.stroke(line, width=traits.brow_weight, colour=traits.brow, taper=0.62)


def _glasses(canvas: Canvas, traits: Traits) -> None:
    y, frame = EYE_LINE + 4, traits.frame
    for side in (-1, 1):
        x = 500 + side * (traits.eye_gap + 3)
        if traits.glasses == "round":
            canvas.ring((x, y), 48, 46, width=7, colour=frame)
        else:
            lift = 12 if traits.glasses == "cat" else 2
            rim = [
                (x - side * 46, y - 28),
                (x + side * 30, y - 32 - lift * 0.6),
                (x + side * 54, y - 30 - lift),
                (x + side * 46, y + 22),
                (x + side * 12, y + 36),
                (x - side * 38, y + 28),
            ]
            canvas.loop(rim, width=8 if traits.glasses == "cat" else 7, colour=frame)
        temple = [(x + side * 48, y - 14), (500 + side * (traits.half_width + 6), y - 8)]
        canvas.stroke(temple, width=7, colour=frame)
    bridge = [(500 - traits.eye_gap + 44, y - 8), (500, y - 17), (500 + traits.eye_gap - 44, y - 8)]
    canvas.stroke(bridge, width=7, colour=frame)
