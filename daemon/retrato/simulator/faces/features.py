"""The face itself: head, ears, eyes, brows, nose, mouth, beard, glasses, the lines of age."""

from retrato.simulator.faces import palette
from retrato.simulator.faces.canvas import Canvas, Point, darker, lighter, mirrored, mix
from retrato.simulator.faces.traits import Traits

EYE_LINE = 436.0
_CROWN = 214.0


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


def draw_features(canvas: Canvas, traits: Traits) -> None:
    """All that lies on the head, from the skin outwards."""
    _cheeks(canvas, traits)
    if traits.age >= 45:
        _age_lines(canvas, traits)
    _beard(canvas, traits)
    _nose(canvas, traits)
    _mouth(canvas, traits)
    for side in (-1, 1):
        _eye(canvas, traits, side)
        _brow(canvas, traits, side)
    if traits.glasses:
        _glasses(canvas, traits)


def _cheeks(canvas: Canvas, traits: Traits) -> None:
    blush = mix(traits.skin, (222, 100, 86), 0.11 if traits.woman else 0.05)
    for side in (-1, 1):
        canvas.oval((500 + side * 0.62 * traits.half_width, 512), 34, 24, blush)
        if traits.freckles:
            for dx, dy in ((-18, -6), (-6, 4), (6, -8), (16, 2), (0, -18), (-28, 4)):
                centre = (500 + side * (0.56 * traits.half_width + dx), 500 + dy)
                canvas.oval(centre, 2.8, 2.8, darker(traits.skin, 0.25))


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


def _nose(canvas: Canvas, traits: Traits) -> None:
    wide, tip = traits.nose_width, traits.nose_length
    shade = darker(traits.skin, 0.2)
    bridge = [
        (500 + 13, EYE_LINE + 8),
        (500 + 12, 478),
        (500 + wide * 0.75, tip - 20),
        (500 + wide * 0.9, tip - 4),
    ]
    canvas.polygon([*bridge, (500 + 4, tip - 2), (500 + 3, EYE_LINE + 8)], mix(traits.skin, shade, 0.38))
    canvas.oval((500, tip - 12), wide * 0.62, 15, lighter(traits.skin, 0.06))
    base = [
        (500 - wide, tip - 9),
        (500 - wide * 0.72, tip + 2),
        (500 - wide * 0.25, tip - 1),
        (500, tip + 5),
        (500 + wide * 0.25, tip - 1),
        (500 + wide * 0.72, tip + 2),
        (500 + wide, tip - 9),
    ]
    canvas.stroke(base, width=5.5, colour=darker(traits.skin, 0.36), taper=0.7)


def _mouth(canvas: Canvas, traits: Traits) -> None:
    half, smile, weight = traits.mouth_width, traits.smile, traits.lip_weight
    y = (traits.nose_length + traits.chin) / 2 - 10
    corner, low = y - 3 - 11 * smile, y + 7 * smile
    if smile > 0.72:
        _open_smile(canvas, traits, y)
        return
    upper = [
        (500 - half, corner),
        (500 - half * 0.5, y - 8 * weight),
        (500 - 9, y - 12 * weight),
        (500, y - 8 * weight),
        (500 + 9, y - 12 * weight),
        (500 + half * 0.5, y - 8 * weight),
        (500 + half, corner),
    ]
    lower = [
        (500 + half * 0.55, low + 11 * weight),
        (500, low + 18 * weight),
        (500 - half * 0.55, low + 11 * weight),
    ]
    canvas.blob([*upper, *lower], traits.lips)
    line = [
        (500 - half - 3, corner - 1),
        (500 - half * 0.45, low - 1),
        (500, low + 1),
        (500 + half * 0.45, low - 1),
        (500 + half + 3, corner - 1),
    ]
    canvas.stroke(line, width=5, colour=darker(traits.lips, 0.5), taper=0.5)
    canvas.stroke(
        [(500 - half * 0.3, low + 10 * weight), (500, low + 12 * weight), (500 + half * 0.3, low + 10 * weight)],
        width=4,
        colour=lighter(traits.lips, 0.22),
        taper=1,
    )


def _open_smile(canvas: Canvas, traits: Traits, y: float) -> None:
    half, weight = traits.mouth_width * 1.06, traits.lip_weight
    corner = y - 14
    lips = [
        (500 - half, corner),
        (500 - half * 0.5, y - 7 - 5 * weight),
        (500 - 9, y - 9 * weight - 4),
        (500, y - 7 * weight - 2),
        (500 + 9, y - 9 * weight - 4),
        (500 + half * 0.5, y - 7 - 5 * weight),
        (500 + half, corner),
        (500 + half * 0.62, y + 17 + 6 * weight),
        (500, y + 27 + 9 * weight),
        (500 - half * 0.62, y + 17 + 6 * weight),
    ]
    canvas.blob(lips, traits.lips)
    inside = [
        (500 - half * 0.88, corner + 3),
        (500, y - 1),
        (500 + half * 0.88, corner + 3),
        (500 + half * 0.55, y + 14),
        (500, y + 24),
        (500 - half * 0.55, y + 14),
    ]
    canvas.blob(inside, darker(traits.lips, 0.62))
    teeth = [
        (500 - half * 0.82, corner + 5),
        (500, y + 1),
        (500 + half * 0.82, corner + 5),
        (500 + half * 0.5, y + 9),
        (500, y + 15),
        (500 - half * 0.5, y + 9),
    ]
    canvas.blob(teeth, palette.TEETH)


def _age_lines(canvas: Canvas, traits: Traits) -> None:
    depth = min(0.34, 0.1 + (traits.age - 45) * 0.008)
    line = darker(traits.skin, depth)
    mouth = (traits.nose_length + traits.chin) / 2 - 10
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
        if traits.age >= 52:
            for tilt in (-7, 4):
                feet = [
                    (500 + side * (traits.eye_gap + 38), EYE_LINE + tilt * 0.6),
                    (500 + side * (traits.eye_gap + 54), EYE_LINE + tilt * 1.6),
                ]
                canvas.stroke(feet, width=3.5, colour=line, taper=1)
    if traits.age >= 50:
        for y, half in ((322, 60), (345, 70)):
            canvas.stroke([(500 - half, y + 3), (500, y - 3), (500 + half, y + 3)], width=4, colour=line, taper=1)


def _beard(canvas: Canvas, traits: Traits) -> None:
    mouth = (traits.nose_length + traits.chin) / 2 - 10
    hair = mix(traits.hair, traits.skin, 0.12)
    match traits.beard:
        case "stubble":
            _jaw_hair(canvas, traits, mix(traits.skin, traits.hair, 0.26), grow=0)
        case "full":
            _jaw_hair(canvas, traits, hair, grow=13)
        case "goatee":
            chin = [
                (500 - 46, mouth - 12),
                (500, mouth - 18),
                (500 + 46, mouth - 12),
                (500 + 44, mouth + 40),
                (500, traits.chin + 12),
                (500 - 44, mouth + 40),
            ]
            canvas.blob(chin, hair)
    if traits.beard in {"full", "goatee", "moustache"}:
        canvas.stroke(
            [
                (500 - traits.mouth_width - 8, mouth + 2),
                (500 - 26, mouth - 22),
                (500, mouth - 17),
                (500 + 26, mouth - 22),
                (500 + traits.mouth_width + 8, mouth + 2),
            ],
            width=21,
            colour=hair,
            taper=0.75,
        )


def _jaw_hair(canvas: Canvas, traits: Traits, colour: tuple[int, int, int], *, grow: float) -> None:
    mouth = (traits.nose_length + traits.chin) / 2 - 10
    outer = outline(traits, grow=grow)[4:]
    outer[0] = (500 + traits.half_width * 0.985, 470)
    inner = [
        (500, mouth - 30),
        (500 + 44, mouth - 30),
        (500 + 0.62 * traits.half_width, mouth - 22),
        (500 + 0.84 * traits.half_width, 505),
        (500 + traits.half_width * 0.95, 462),
    ]
    right = [*inner, *outer]
    left = [(1000 - x, y) for x, y in reversed(right)]
    canvas.blob([*right, *left[1:-1]], colour)


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
