"""The lower half of the face: beard, nose, mouth."""

from retrato.simulator.faces import palette
from retrato.simulator.faces.canvas import Canvas, Colour, darker, lighter, mix
from retrato.simulator.faces.head import EYE_LINE, mouth_line, outline
from retrato.simulator.faces.traits import Traits


def draw_nose_and_mouth(canvas: Canvas, traits: Traits) -> None:
    """The beard first: nose and lips lie on it."""
    _beard(canvas, traits)
    _nose(canvas, traits)
    _mouth(canvas, traits)


def _beard(canvas: Canvas, traits: Traits) -> None:
    mouth = mouth_line(traits)
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


def _jaw_hair(canvas: Canvas, traits: Traits, colour: Colour, *, grow: float) -> None:
    mouth = mouth_line(traits)
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
    y = mouth_line(traits)
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
