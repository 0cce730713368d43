"""
Draws the look of a persona: what its row says, and the rest by lot.

The lot falls within what the row says: hair and clothes by gender, grey hair and bald heads by age, skin, hair
and eyes by origin, and a nationality stands for all the peoples who share it. The same persona and attempt
give the same look, so that all replicas agree without asking.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from retrato.domain.look import Look
from retrato.domain.persona import Persona
from retrato.prompts.age import age_of
from retrato.prompts.dice import Dice
from retrato.prompts.faces import Choice, Origin, Palette, faces
from retrato.prompts.hair import GREYING
from retrato.prompts.phrases import with_article
from retrato.prompts.told import Told, told

_Entry = TypeVar("_Entry")

_FACES_TRIED = 32
"""Attempts after which a row is taken to leave no free face: rows that all tell the same whole appearance."""
_SHORTEST_REPEATED = 4
"""Letters of a word that should not come twice in a face."""
_WRONG_ARTICLE = re.compile(r"\ba (?=[aeiou])")
_HIDDEN = "hidden by"
_EARS = ("earrings", "studs")
_HAIRLESS = {"bald": "a bald head", "shaved": "a shaved head"}


def draw_look(persona: Persona, *, attempt: int) -> Look:
    """
    The look number *attempt* (from 0) of *persona*, whose fingerprint nobody else in the company should have.

    Try 0, 1, 2 … until one is free. From 32 on the fingerprint is the persona's own, whatever the face:
    the search always ends. For a new look begin after the attempt of the present one. Never raises.
    """
    row, age = told(persona), age_of(persona)
    dice = Dice(f"{attempt}:{persona.id}")
    origin = _origin(row, dice)
    palette = faces().palettes[origin.palette]
    hair = _hair(row, palette, age, dice)
    beard = _beard(row, age, dice)
    face = _face(row, beard, dice, avoid=hair.said)
    trait = _trait(row, palette, age, dice, avoid=f"{face} {hair.said}")
    return Look(
        attempt=attempt,
        basis=row.basis,
        from_age=max(hair.from_age, beard.from_age, trait.from_age),
        decade=age // 10 * 10,
        noun=row.noun,
        origin=origin.said.replace("{}", row.demonym).strip(),
        skin=f"{row.skin or dice.choose('skin', palette.skin)} skin",
        face=face,
        eyes=f"{row.eyes or dice.choose('eyes', palette.eyes)} eyes",
        hair=hair.said,
        beard="" if beard.said == "clean-shaven" else beard.said,
        glasses=row.glasses or ("" if row.accessories else _glasses(dice)),
        accessories=row.accessories.removeprefix("none"),
        trait=trait.said,
        expression=row.expression or dice.choose("expression", faces().scene.expressions),
        clothes=row.clothes or dice.choose("clothes", _for(faces().scene.clothes, row)),
        background=row.background or dice.choose("background", faces().scene.backgrounds),
        light=row.light or dice.choose("light", faces().scene.lights),
        twin=persona.id if attempt >= _FACES_TRIED else "",
    )


def suits(persona: Persona, look: Look) -> bool:
    """Whether *look* still fits *persona*'s row: it says the same of the appearance, and nothing is too old."""
    return look.basis == told(persona).basis and look.from_age <= age_of(persona)


def _origin(row: Told, dice: Dice) -> Origin:
    """One of the peoples of the nationality, as far as possible one with the ethnicity and colours told."""
    data = faces()
    # Of Mexican-American the first part tells more about a face.
    first = row.demonym.partition("-")[0]
    region = data.regions.get(row.demonym) or data.regions.get(first) or "elsewhere"
    origins: Sequence[Origin] = data.origins[region if row.demonym else "anywhere"]
    if row.ethnicity:
        people = data.origins.get(data.regions.get(row.ethnicity, ""), ())
        wanted = data.ethnicities.get(row.ethnicity) or tuple(origin.palette for origin in people)
        origins = [origin for origin in origins if origin.palette in wanted] or [
            Origin(said=f"{row.ethnicity} {{}}", palette=wanted[0] if wanted else origins[0].palette)
        ]
    origins = [o for o in origins if row.skin in data.palettes[o.palette].skin] or origins
    origins = [o for o in origins if row.hair_colour in data.palettes[o.palette].hair] or origins
    if "brown" not in row.eyes:  # which all peoples have
        origins = [o for o in origins if row.eyes in data.palettes[o.palette].eyes] or origins
    return dice.weigh("origin", origins, lambda origin: origin.share)


def _hair(row: Told, palette: Palette, age: int, dice: Dice) -> Choice:
    if row.hair_style.startswith(_HIDDEN):
        return Choice(said=f"hair {row.hair_style}")
    if row.hair_length in _HAIRLESS:
        return Choice(said=_HAIRLESS[row.hair_length])
    colour = _told_colour(row, palette, dice) if row.hair_colour else _hair_colour(palette, age, dice)
    texture = row.hair_texture or dice.choose("texture", palette.textures)
    if row.hair_length or row.hair_style:
        words = [row.hair_length, texture, colour.said, "hair", row.hair_style]
        return Choice(said=" ".join(filter(None, words)), from_age=colour.from_age)
    styles: Sequence[Choice] = faces().styles[_kind(row)][texture]
    # Of what the row tells nothing is left out: no bald head for brown hair, no crew cut for straight hair.
    styles = [style for style in styles if "{}" in style.said] if row.hair_colour else styles
    styles = [style for style in styles if row.hair_texture in style.said] or styles
    style = dice.choose("hair", _old_enough(styles, age))
    said = _WRONG_ARTICLE.sub("an ", style.said.replace("{}", colour.said))
    return Choice(said=said, from_age=max(style.from_age, colour.from_age))


def _told_colour(row: Told, palette: Palette, dice: Dice) -> Choice:
    """The row's; where that is nothing but *greying*, with the colour that it was."""
    own = f" {dice.choose('hair colour', palette.hair)}" if row.hair_colour == GREYING else ""
    return Choice(said=f"{row.hair_colour}{own}")


def _hair_colour(palette: Palette, age: int, dice: Dice) -> Choice:
    own = dice.choose("hair colour", palette.hair)
    grey = next((grey for grey in reversed(faces().grey) if grey.from_age <= age), None)
    if grey is None or dice.roll("is grey", 100) >= grey.share:
        return Choice(said=own)
    # The row may say another age tomorrow: grey hair suits from the first age at which there is any.
    return Choice(said=dice.choose("grey", grey.said).replace("{}", own), from_age=faces().grey[0].from_age)


def _beard(row: Told, age: int, dice: Dice) -> Choice:
    if row.beard or row.noun != "man":
        return Choice(said=row.beard)
    beard = dice.weigh("beard", _old_enough(faces().beards["man"], age), lambda choice: choice.share)
    return beard if beard.said else Choice(said="clean-shaven")


def _face(row: Told, beard: Choice, dice: Dice, *, avoid: str) -> str:
    shape = row.face or dice.choose("shape", faces().face.shapes)
    features = _unlike(_for(faces().face.features, row), avoid=f"{shape} {avoid}")
    shaven = "clean-shaven " if beard.said == "clean-shaven" else ""
    return f"{with_article(f'{shaven}{shape} face')} with {dice.choose('feature', features)}"


def _glasses(dice: Dice) -> str:
    glasses = faces().glasses
    return dice.choose("glasses", glasses.said) if dice.roll("wears glasses", 100) < glasses.share else ""


def _trait(row: Told, palette: Palette, age: int, dice: Dice, *, avoid: str) -> Choice:
    if row.trait:
        return Choice(said=row.trait)
    traits = faces().traits
    choices = [*_for(traits, row), *(traits["freckles"] if palette.freckles else ())]
    if row.accessories or row.glasses:
        choices = [choice for choice in choices if not choice.said.endswith(_EARS)]
    by_words = {choice.said: choice for choice in _old_enough(choices, age)}
    return by_words[dice.choose("trait", _unlike(tuple(by_words), avoid=avoid))]


def _kind(row: Told) -> str:
    """*man*, *woman*, or *person*: the keys in ``faces.toml``."""
    return row.noun if row.noun in {"man", "woman"} else "person"


def _for(table: Mapping[str, Sequence[_Entry]], row: Told) -> list[_Entry]:
    """What ``faces.toml`` has for anybody and for this noun."""
    return [*table["any"], *table.get(_kind(row), ())]


def _old_enough(choices: Iterable[Choice], age: int) -> list[Choice]:
    return [choice for choice in choices if choice.from_age <= age]


def _unlike(options: Sequence[str], *, avoid: str) -> Sequence[str]:
    """The options that repeat no longer word of *avoid*; all of them where none is left."""
    taken = {word for word in avoid.split() if len(word) >= _SHORTEST_REPEATED}
    return [option for option in options if not taken & set(option.split())] or options
