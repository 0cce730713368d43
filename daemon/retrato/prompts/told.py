"""What the host's row says of a face, in English; what it does not say is drawn (``draw.py``)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

from retrato.domain.persona import Persona
from retrato.prompts.anonymity import anonymous, without_identity
from retrato.prompts.clean import folded, phrase
from retrato.prompts.described import described
from retrato.prompts.lookup import find, split
from retrato.prompts.phrases import in_english, with_article
from retrato.prompts.translate import is_unsaid, nationality_in_english, noun_for
from retrato.prompts.vocabulary import vocabulary

_UNKNOWN_WORDS = 3
"""Words of a value that pass through untranslated."""
_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """English phrases, ready for their sentences; empty where the row says nothing. ``noun`` is never empty."""

    noun: str
    demonym: str = ""
    ethnicity: str = ""
    skin: str = ""
    hair_colour: str = ""
    hair_length: str = ""
    hair_texture: str = ""
    hair_style: str = ""
    eyes: str = ""
    face: str = ""
    beard: str = ""
    glasses: str = ""
    trait: str = ""
    expression: str = ""
    clothes: str = ""
    light: str = ""
    background: str = ""

    @property
    def basis(self) -> str:
        """A hash of it all: a look drawn for another basis may contradict the row."""
        return hashlib.blake2b("\0".join(astuple(self)).encode(), digest_size=16).hexdigest()


def told(persona: Persona) -> Told:
    """What *persona*'s row says, without what identifies a person. Never raises, whatever the row holds."""
    persona = anonymous(persona)
    said = {topic: without_identity(words, persona.name) for topic, words in described(persona).items()}
    known = vocabulary()
    noun = noun_for(persona.gender)
    noun = noun_for(said.get("gender")) if noun == "person" else noun
    demonym, ethnicity = _origin(persona, said.get("ethnicity"))
    glasses, accessories = _accessories(said.get("accessories"))
    beard, trait = _beard_and_trait(said)
    return Told(
        noun=noun,
        demonym=demonym,
        ethnicity=ethnicity,
        skin=_value(said.get("skin"), known.skin),
        eyes=_value(said.get("eyes"), known.eye_shapes, known.eye_colours),
        face=_value(said.get("face"), known.face_shapes),
        beard=beard if noun == "man" else "",
        glasses=glasses,
        trait=trait or accessories or in_english(phrase(said.get("other"), chars=_CHARS, words=10)),
        expression=_expression(said.get("expression")),
        clothes=in_english(said.get("clothes")),
        light=in_english(said.get("light")),
        background=in_english(said.get("background")).removeprefix("a ").removeprefix("an "),
        **_hair(said.get("hair")),
    )


def told_age(persona: Persona) -> int | None:
    """Years, where the row's texts give them; the middle of a range such as *30-35*."""
    years = [int(number) for number in re.findall(r"\d{1,3}", described(persona).get("age", ""))[:2]]
    return sum(years) // len(years) if years else None


def _origin(persona: Persona, described_ethnicity: str | None) -> tuple[str, str]:
    """Demonym and ethnicity. Hosts write nationalities where they mean ethnicities; such a word is a demonym."""
    demonym = nationality_in_english(persona.nationality)
    words = " ".join(_words(persona.ethnicity) or _words(described_ethnicity))
    if is_unsaid(words):
        return demonym, ""
    ethnicities, left = split(words.split(), vocabulary().ethnicities)
    if ethnicities:
        return demonym, ethnicities[0]
    as_nationality = nationality_in_english(" ".join(left))
    if as_nationality in vocabulary().nationalities.values():
        return demonym or as_nationality, ""
    return demonym, " ".join(left[:_UNKNOWN_WORDS])


def _hair(text: str | None) -> dict[str, str]:
    known = vocabulary()
    words = _words(text)
    found: dict[str, str] = {}
    # A word that may be a length or a colour is what the earlier table says.
    for part in ("style", "length", "texture", "colour"):
        entries, words = split(words, getattr(known, f"hair_{part}s"))
        found[f"hair_{part}"] = entries[0] if entries else ""
    unknown = _visible(words)
    if unknown and not found["hair_colour"]:
        found["hair_colour"] = unknown
    return found


def _value(text: str | None, *tables: Mapping[str, str]) -> str:
    """The first entry of each table that *text* holds; without any, its words as they are."""
    words = _words(text)
    values: list[str] = []
    for table in tables:
        entries, left = split(words, table)
        if entries:
            values.append(entries[0])
            words = left
    return " ".join(values) or _visible(words)


def _accessories(text: str | None) -> tuple[str, str]:
    """Glasses, and whatever else is worn."""
    parts = [in_english(part) for part in (text or "").split(",")]
    glasses = next((part for part in parts if "glasses" in part.split()), "")
    return glasses, next((part for part in parts if part and part != glasses), "")


def _beard_and_trait(said: Mapping[str, str]) -> tuple[str, str]:
    """Hosts write beards also among the distinctive features, of which the first other one is the trait."""
    parts = said.get("trait", "").split(",")
    beards = [_beard(part) for part in parts]
    traits = [part for part, beard in zip(parts, beards, strict=True) if not beard]
    own = said.get("beard", "")
    own = own and (_beard(own) or _beard(f"barba {own}") or in_english(own))
    return next(filter(None, [own, *beards]), ""), next(filter(None, map(in_english, traits)), "")


def _beard(text: str) -> str:
    return find(" ".join(word for word in _words(text) if word != "bem"), vocabulary().beards) or ""


def _expression(text: str | None) -> str:
    """With a noun and an article, for *sério* or *confident smile*."""
    words = in_english(text)
    if not words or words.split()[0] in {"a", "an", "the"}:
        return words
    return with_article(
        words if {"smile", "expression", "gaze", "look"} & set(words.split()) else f"{words} expression"
    )


def _visible(words: Sequence[str]) -> str:
    return " ".join([word for word in words if folded(word) not in vocabulary().showing_nothing][:_UNKNOWN_WORDS])


def _words(text: str | None) -> list[str]:
    return phrase(text, chars=_CHARS, words=12).split()
