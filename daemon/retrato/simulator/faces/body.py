"""Everything below the chin: neck, shoulders and what they wear."""

from retrato.simulator.faces.canvas import Canvas, Point, darker, lighter, mirrored, mix
from retrato.simulator.faces.traits import Traits

_FLOOR = 2600.0
"""Far below any picture's lower edge."""


def draw_body(canvas: Canvas, traits: Traits) -> None:
    """Neck, shoulders, clothes."""
    _garment(canvas, traits)
    _neck(canvas, traits)
    _collar(canvas, traits)


def _shoulders(traits: Traits) -> list[Point]:
    reach = 300 if traits.woman else 355
    drop = 12 if traits.woman else 0
    return mirrored(
        [
            (500, 735 + drop),
            (500 + 78, 748 + drop),
            (500 + 0.55 * reach, 800 + drop),
            (500 + 0.92 * reach, 858 + drop),
            (500 + 1.08 * reach, 940),
            (500 + 1.14 * reach, 1080),
            (500 + 1.16 * reach, 1400),
            (500 + 1.16 * reach, _FLOOR),
        ]
    )


def _garment(canvas: Canvas, traits: Traits) -> None:
    canvas.blob(_shoulders(traits), traits.cloth)
    # A fold under each arm.
    for side in (-1, 1):
        reach = 0.70 * (300 if traits.woman else 355)
        fold = [(500 + side * reach, 905), (500 + side * (reach + 12), 960), (500 + side * (reach + 6), 1080)]
        canvas.stroke(fold, width=7, colour=darker(traits.cloth, 0.28), taper=1)


def _neck(canvas: Canvas, traits: Traits) -> None:
    half = 56 if traits.woman else 74
    base = 66 if traits.woman else 84
    low = 800 if traits.garment == "open" else 778
    neck = mirrored(
        [(500 + half, 560), (500 + half * 0.96, 702), (500 + base, 752), (500 + 0.66 * base, low), (500, low + 14)]
    )
    canvas.polygon(neck, traits.skin)
    shade = mirrored(
        [
            (500 + half, 600),
            (500 + half, traits.chin + 18),
            (500 + 0.5 * half, traits.chin + 42),
            (500, traits.chin + 50),
        ]
    )
    canvas.polygon(shade, darker(traits.skin, 0.17))


def _collar(canvas: Canvas, traits: Traits) -> None:
    match traits.garment:
        case "suit" | "blazer":
            _lapels(canvas, traits)
        case "shirt":
            _shirt_collar(canvas, traits, cloth_is_shirt=True)
        case "turtleneck":
            _turtleneck(canvas, traits)
        case "open":
            _open_neck(canvas, traits)
        case _:
            _crew_neck(canvas, traits)


def _lapels(canvas: Canvas, traits: Traits) -> None:
    """A jacket over a shirt with a collar, with a tie when it is a man's suit."""
    canvas.polygon([(420, 752), (580, 752), (548, 1000), (500, 1090), (452, 1000)], traits.shirt)
    _neck(canvas, traits)
    if traits.garment == "suit" and not traits.woman:
        canvas.polygon([(478, 806), (522, 806), (515, 842), (530, 1090), (470, 1090), (485, 842)], traits.tie)
        canvas.polygon([(485, 842), (515, 842), (517, 852), (483, 852)], darker(traits.tie, 0.3))
    _shirt_collar(canvas, traits, cloth_is_shirt=False)
    for side in (-1, 1):
        lapel = [(86, 742), (112, 768), (140, 876), (98, 890), (118, 916), (0, 1140), (38, 960), (66, 830)]
        canvas.polygon([(500 + side * x, y) for x, y in lapel], lighter(traits.cloth, 0.09))
        edge = [(500 + side * x, y) for x, y in ((70, 800), (50, 900), (26, 1000), (0, 1120))]
        canvas.stroke(edge, width=5, colour=darker(traits.cloth, 0.35))


def _shirt_collar(canvas: Canvas, traits: Traits, *, cloth_is_shirt: bool) -> None:
    colour = traits.cloth if cloth_is_shirt else traits.shirt
    half = 64 if traits.woman else 82
    if cloth_is_shirt:
        canvas.stroke([(500, 815), (500, 1100)], width=4, colour=darker(colour, 0.22))
        for y in (872, 946):
            canvas.oval((511, y), 5.5, 5.5, darker(colour, 0.35))
    for side in (-1, 1):
        wing = [(half - 4, 724), (half + 12, 740), (half + 4, 836), (half - 14, 856), (0, 812), (half * 0.5, 786)]
        canvas.polygon([(500 + side * x, y) for x, y in wing], lighter(colour, 0.28))
        crease = [(500 + side * x, y) for x, y in ((half + 12, 742), (half + 4, 836), (half - 14, 856), (2, 813))]
        canvas.stroke(crease, width=4, colour=darker(colour, 0.2))


def _turtleneck(canvas: Canvas, traits: Traits) -> None:
    half = 66 if traits.woman else 86
    roll = mirrored(
        [
            (500, 704),
            (500 + half * 0.7, 700),
            (500 + half * 0.96, 702),
            (500 + half + 8, 780),
            (500 + half * 0.6, 806),
            (500, 812),
        ]
    )
    canvas.blob(roll, lighter(traits.cloth, 0.08))
    for y in (732, 762):
        line = [(500 - half + 6, y - 8), (500, y + 4), (500 + half - 6, y - 8)]
        canvas.stroke(line, width=4, colour=darker(traits.cloth, 0.18), taper=0.6)


def _crew_neck(canvas: Canvas, traits: Traits) -> None:
    half = 74 if traits.woman else 94
    rim = [(500 - half, 744), (500 - half * 0.72, 784), (500, 806), (500 + half * 0.72, 784), (500 + half, 744)]
    canvas.stroke(rim, width=24, colour=lighter(traits.cloth, 0.12), taper=0.6)
    below = [(x, y + 15) for x, y in rim]
    canvas.stroke(below, width=4, colour=darker(traits.cloth, 0.2), taper=1)


def _open_neck(canvas: Canvas, traits: Traits) -> None:
    """A blouse with a V, the collar bones showing."""
    canvas.polygon([(424, 752), (576, 752), (500, 930)], traits.skin)
    _neck(canvas, traits)
    for side in (-1, 1):
        bone = [(500 + side * x, y) for x, y in ((14, 818), (34, 812), (58, 800))]
        canvas.stroke(bone, width=4, colour=darker(traits.skin, 0.14), taper=1)
        band = [(500 + side * x, y) for x, y in ((84, 742), (58, 812), (0, 936))]
        canvas.stroke(band, width=22, colour=lighter(traits.cloth, 0.14))
    if traits.earrings:
        canvas.stroke([(452, 776), (500, 838), (548, 776)], width=3, colour=mix(traits.skin, (217, 180, 90), 0.8))
        canvas.oval((500, 842), 7, 7, (217, 180, 90))
