"""What the words of a prompt say about a face. English, as prompts for picture models are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from retrato.simulator.faces import vocabulary

_WOMAN = re.compile(r"\b(woman|women|female|girl|lady|she|her|mulher|feminin[oa])\b")
_MAN = re.compile(r"\b(man|men|male|boy|gentleman|he|his|homem|masculin[oa])\b")
_AGE = re.compile(r"\b(\d{2})[- ]?year|\bage[d:]? (\d{2})\b|\b(\d{2}) years|\b(\d0)s\b")
_HAIR = re.compile(
    r"(?:(?!eyes\b|skin\b)[\w-]+ ){1,5}"
    r"(?:hair|bob|afro|ponytail|cut|locs|braids?|bun|fade|undercut|twists|curls)\b"
    r"|\b(?:blonde?|brunette|redhead)\b"
)
_SKIN = re.compile(r"(?:[\w-]+ ){1,3}(?:skin(?! texture)|complexion)\b")
_EYES = re.compile(r"(?:[\w-]+,? ){1,3}eyes\b")
_GLASSES = re.compile(r"\b(?:glasses|spectacles|eyewear)\b")
_WEARING = re.compile(r"\b(?:wearing|dressed in|attire:?) ([^.;]*)")

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    What a prompt says; None where it says nothing.

    ``skin`` is a range of tones, both ends included; ``smile`` goes from 0 (earnest) to 1 (laughing); the
    texts are keys of ``vocabulary.py`` and ``palette.py``.
    """

    woman: bool | None
    age: int | None
    hair: str | None
    grey: str | None
    style: str | None
    skin: tuple[int, int] | None
    eyes: str | None
    beard: str | None
    glasses: bool
    garment: str | None
    cloth: str | None
    smile: float | None


def read_words(prompt: str) -> Said:
    """Read *prompt*. In every vocabulary the entries go from the special to the general."""
    text = prompt.lower()
    woman, man = _WOMAN.search(text), _MAN.search(text)
    hair = _all(_HAIR, text)
    wearing = _all(_WEARING, text) or text
    skin = _first(vocabulary.SKIN, _all(_SKIN, text))
    return Said(
        woman=None if not (woman or man) else man is None or (woman is not None and woman.start() < man.start()),
        age=_age(text),
        hair=_first(vocabulary.HAIR, hair),
        grey=_first(vocabulary.GREY, hair),
        style=_first(vocabulary.STYLES, text) or _cut(hair),
        skin=skin or _first(vocabulary.ORIGINS, text),
        eyes=_first(vocabulary.EYES, _all(_EYES, text)),
        beard=_first(vocabulary.BEARDS, text),
        glasses=_GLASSES.search(text) is not None,
        garment=_first(vocabulary.GARMENTS, wearing),
        cloth=_first(vocabulary.CLOTH, wearing.partition(" over ")[0]) if wearing is not text else None,
        smile=_first(vocabulary.SMILES, text),
    )


def _age(text: str) -> int | None:
    match = _AGE.search(text)
    if match is None:
        return None
    years, aged, of_years, decade = match.groups()
    return int(decade) + 5 if decade else int(years or aged or of_years)


def _cut(hair: str) -> str | None:
    """Length and curl together, where either is said."""
    curl = _first({"curly": "curly", "wavy": "wavy", "coily": "afro", "kinky": "afro"}, hair)
    length = _first({"long": "long", "shoulder": "long", "medium": "long", "short": "short"}, hair)
    return {
        ("long", "curly"): "wavy",
        ("long", "wavy"): "wavy",
        ("short", "curly"): "curly",
        ("short", "wavy"): "parted",
    }.get((length or "", curl or "")) or (length if curl is None or curl == "afro" else curl)


def _all(pattern: re.Pattern[str], text: str) -> str:
    return " ".join(match[0] for match in pattern.finditer(text))


def _first(table: Mapping[str, _Value], text: str) -> _Value | None:
    """The value of the first entry that *text* holds, also in its inflected forms."""
    return next((value for word, value in table.items() if re.search(rf"\b{word}(?:e|s|ed|ing)?\b", text)), None)
