"""Who is drawn: every trait of a face, from the prompt's words where it says them, else by the seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from retrato.simulator.faces import palette
from retrato.simulator.faces.canvas import Colour, mix
from retrato.simulator.faces.words import Said, read_words

_WOMEN = MappingProxyType(
    {"long": 5, "wavy": 5, "bob": 4, "bun": 4, "ponytail": 3, "fringe": 3, "curly": 2, "pixie": 2}
)
_MEN = MappingProxyType(
    {"parted": 6, "quiff": 5, "buzz": 4, "curly": 3, "slick": 3, "short": 4, "bald": 1, "receding": 1}
)
_WOMENS_CUTS = MappingProxyType(
    {"long": ("long", "wavy", "fringe"), "short": ("pixie", "bob"), "parted": ("pixie",), "quiff": ("pixie",)}
)
_MENS_CUTS = MappingProxyType({"short": ("short", "parted", "quiff", "slick"), "bun": ("slick",)})
"""What a word for hair means on whom, where it means more than one thing."""
_BEARDS = MappingProxyType({"none": 9, "stubble": 4, "full": 4, "goatee": 1, "moustache": 1})
_GARMENTS = MappingProxyType({"blazer": 4, "suit": 2, "crew": 4, "shirt": 4, "turtleneck": 3, "open": 0})
_AGES = (22, 62)
_GREYS_FROM, _WHITE_FROM = 44, 74
_DARK_HAIRED_FROM = 3
"""From this tone on, hair that the prompt does not colour is dark, and so are the eyes."""
_AFRO_FROM = 7
_LIGHT_HAIR = frozenset({"blond", "platinum", "red", "light brown"})
_LIGHT_EYES = frozenset({"blue", "green", "grey"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One person. Lengths are in the canvas's units, parts and weights go from 0 to 1."""

    woman: bool
    age: int
    skin: Colour
    hair: Colour
    style: str
    brow: Colour
    eyes: Colour
    beard: str
    glasses: str
    frame: Colour
    garment: str
    cloth: Colour
    shirt: Colour
    tie: Colour
    wall: tuple[Colour, Colour, Colour]
    earrings: bool
    freckles: bool
    lips: Colour
    smile: float
    half_width: float
    jaw: float
    chin: float
    eye_gap: float
    eye_size: float
    eye_tilt: float
    brow_weight: float
    brow_arch: float
    nose_width: float
    nose_length: float
    mouth_width: float
    lip_weight: float
    side: int
    """Where the parting is: -1 left, 1 right."""


def read_traits(prompt: str, seed: int) -> Traits:
    """The person whom *prompt* describes and *seed* picks among all that fit."""
    said = read_words(prompt)
    rng = random.Random(f"{seed}:{prompt}")
    woman = rng.random() < 0.5 if said.woman is None else said.woman
    age = said.age if said.age is not None else rng.randint(*_AGES)
    tone = rng.randint(*(said.skin or _tones(said)))
    skin = palette.SKIN[tone]
    hair_name = said.hair or _hair_name(rng, tone)
    hair = _aged(palette.HAIR[hair_name], said=said, age=age, rng=rng)
    beard = "none" if woman else said.beard or _pick(rng, _BEARDS)
    wears_glasses = said.glasses or rng.random() < (0.2 if age < 50 else 0.35)
    garment = said.garment or _pick(rng, {**_GARMENTS, "open": 4} if woman else _GARMENTS)
    cloth = palette.CLOTH[said.cloth or rng.choice(tuple(palette.CLOTH))]
    return Traits(
        woman=woman,
        age=age,
        skin=skin,
        hair=hair,
        style=_style(rng, said, woman=woman, tone=tone, age=age),
        brow=mix(hair, palette.INK, 0.35 if sum(hair) < 420 else 0.25),
        eyes=palette.EYES[said.eyes or _eye_name(rng, tone)],
        beard=beard,
        glasses=rng.choice(("round", "square", "cat" if woman else "square")) if wears_glasses else "",
        frame=_frame(rng, skin),
        garment=garment,
        cloth=cloth,
        shirt=rng.choice(palette.SHIRTS),
        tie=rng.choice(palette.TIES),
        wall=_wall(rng, hair=hair, cloth=cloth),
        earrings=woman and rng.random() < 0.55,
        freckles=tone <= 2 and rng.random() < 0.25,
        lips=mix(skin, palette.LIPS, rng.uniform(0.5, 0.85) if woman else 0.34),
        smile=min(1.0, max(0.0, (0.6 if said.smile is None else said.smile) + rng.uniform(-0.25, 0.25))),
        half_width=rng.uniform(132, 148) if woman else rng.uniform(140, 160),
        jaw=rng.uniform(0.60, 0.74) if woman else rng.uniform(0.70, 0.90),
        chin=rng.uniform(648, 668) if woman else rng.uniform(655, 682),
        eye_gap=rng.uniform(61, 71),
        eye_size=rng.uniform(0.94, 1.15) if woman else rng.uniform(0.84, 1.02),
        eye_tilt=rng.uniform(-2, 7),
        brow_weight=rng.uniform(8, 13) if woman else rng.uniform(12, 19),
        brow_arch=rng.uniform(6, 16) if woman else rng.uniform(1, 9),
        nose_width=rng.uniform(20, 30) if woman else rng.uniform(24, 36),
        nose_length=rng.uniform(500, 520) if woman else rng.uniform(508, 530),
        mouth_width=rng.uniform(46, 60) if woman else rng.uniform(48, 64),
        lip_weight=rng.uniform(0.75, 1.2) if woman else rng.uniform(0.5, 0.85),
        side=rng.choice((-1, 1)),
    )


def _pick(rng: random.Random, weights: Mapping[str, int]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def _tones(said: Said) -> tuple[int, int]:
    """Light hair or eyes in the prompt speak for light skin where it says nothing else."""
    if said.hair in _LIGHT_HAIR or said.eyes in _LIGHT_EYES:
        return 0, _DARK_HAIRED_FROM
    return 0, len(palette.SKIN) - 1


def _frame(rng: random.Random, skin: Colour) -> Colour:
    """Glasses that stand out from the skin."""
    frames = [frame for frame in palette.FRAMES if abs(sum(frame) - sum(skin)) > 150]
    return rng.choice(frames or [palette.GOLD])


def _hair_name(rng: random.Random, tone: int) -> str:
    if tone >= _DARK_HAIRED_FROM + 2:
        return rng.choice(("black", "black", "dark brown"))
    if tone >= _DARK_HAIRED_FROM:
        return rng.choice(("black", "dark brown", "dark brown", "brown"))
    return rng.choice(tuple(palette.HAIR))


def _eye_name(rng: random.Random, tone: int) -> str:
    if tone >= _DARK_HAIRED_FROM:
        return rng.choice(("brown", "dark", "dark", "hazel"))
    return rng.choice(tuple(palette.EYES))


def _aged(hair: Colour, *, said: Said, age: int, rng: random.Random) -> Colour:
    """Grey as said, or as age has it."""
    if said.grey:
        return palette.GREY[said.grey]
    if said.hair or age < _GREYS_FROM:
        return hair
    grey = palette.GREY["white" if age >= _WHITE_FROM else "grey"]
    return mix(hair, grey, min(0.95, max(0.0, (age - _GREYS_FROM) / 24 + rng.uniform(-0.1, 0.25))))


def _style(rng: random.Random, said: Said, *, woman: bool, tone: int, age: int) -> str:
    cuts = (_WOMENS_CUTS if woman else _MENS_CUTS).get(said.style or "")
    if cuts:
        return rng.choice(cuts)
    if said.style:
        return said.style
    weights = dict(_WOMEN if woman else _MEN)
    if tone >= _AFRO_FROM:
        weights |= {"afro": 7, "curly": 5} if woman else {"buzz": 9, "afro": 3, "curly": 3}
    if not woman and age >= 48:
        weights |= {"receding": 6, "bald": 4, "quiff": 1}
    return _pick(rng, weights)


def _wall(rng: random.Random, *, hair: Colour, cloth: Colour) -> tuple[Colour, Colour, Colour]:
    """A background from which hair and cloth stand out."""

    def contrast(wall: tuple[Colour, Colour, Colour]) -> float:
        return min(sum(abs(a - b) for a, b in zip(wall[2], colour, strict=True)) for colour in (hair, cloth))

    walls = [wall for wall in palette.WALLS if contrast(wall) > 130]
    return rng.choice(walls or palette.WALLS)
