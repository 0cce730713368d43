"""The colours: skin, hair, eyes, cloth, walls. Chosen to sit side by side in a gallery."""

from retrato.simulator.faces.canvas import Colour


def _rgb(text: str) -> Colour:
    return int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)


def _row(text: str) -> tuple[Colour, ...]:
    return tuple(_rgb(colour) for colour in text.split())


SKIN = _row("f9dcc9 f3cdb1 ecbe9b e0aa83 d29a70 c2855a a96d47 8d5638 70422c 553224")
"""Ten tones from fair to deep."""

HAIR = {
    "black": _rgb("2a2529"),
    "dark brown": _rgb("44302a"),
    "brown": _rgb("6a4735"),
    "light brown": _rgb("94694a"),
    "auburn": _rgb("82402f"),
    "red": _rgb("b2562f"),
    "blond": _rgb("d8ad68"),
    "platinum": _rgb("e8d6ad"),
}
GREY = {"grey": _rgb("b4b1b2"), "white": _rgb("e4e1dc")}

EYES = {
    "brown": _rgb("5b3a25"),
    "dark": _rgb("37241c"),
    "hazel": _rgb("8a6534"),
    "green": _rgb("5d7f55"),
    "blue": _rgb("4b7ba3"),
    "grey": _rgb("74828c"),
}

LIPS = _rgb("b9505a")
TEETH = _rgb("fbf5ee")
EYE_WHITE = _rgb("fbf6f1")
INK = _rgb("2b2024")

WALLS = tuple(
    (_rgb(above), _rgb(below), _rgb(disc))
    for above, below, disc in (
        ("e9dccb", "dcc8b0", "f3e9dc"),
        ("cfdcd6", "b5c9c1", "dfe9e4"),
        ("d3dae8", "b7c3d9", "e2e8f2"),
        ("efd0bf", "e2b49c", "f6e0d4"),
        ("c4d3dc", "a3bac8", "d7e2e8"),
        ("f0e0b4", "e4cb8c", "f7ecce"),
        ("dccbdd", "c4acc7", "e9deea"),
        ("b9cbb5", "98b093", "cbd9c8"),
        ("3f5f6e", "2c4653", "527585"),
        ("56597d", "3f4161", "6b6e94"),
        ("8c5a52", "6f433d", "a36e65"),
        ("5d7262", "46594b", "718777"),
    )
)
"""Background above, background below, the disc behind the head."""

CLOTH = {
    "navy": _rgb("2f3e55"),
    "charcoal": _rgb("44464e"),
    "light blue": _rgb("a9c4dc"),
    "dark green": _rgb("2f4f44"),
    "grey": _rgb("7d8289"),
    "black": _rgb("2b2a2f"),
    "white": _rgb("f4f0ea"),
    "beige": _rgb("d6c4a8"),
    "burgundy": _rgb("6b2f3a"),
    "blue": _rgb("4f7c9c"),
    "green": _rgb("5f7d5d"),
    "red": _rgb("a9483f"),
    "pink": _rgb("d39aa0"),
    "mustard": _rgb("c98f3c"),
    "plum": _rgb("71537c"),
    "brown": _rgb("6e4f3d"),
    "teal": _rgb("2f6b68"),
    "rust": _rgb("b4603f"),
}
SHIRTS = _row("fbf8f3 e3ebf2 f2dfd5 dfe6dc f3ead0 3a3a42")
TIES = _row("7a2f3b 2f4a6b 3d5a4a b07a3a 4a3a5e")
FRAMES = _row("2b2426 5a3626 6e2430 38485a")
GOLD = _rgb("d9b45a")
SILVER = _rgb("d5d8dc")
