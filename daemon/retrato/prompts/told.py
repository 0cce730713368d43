"""What the host's row says of a face, in English; what it does not say is drawn (``draw.py``)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from retrato.domain.persona import Persona
from retrato.domain.years import years_in
from retrato.prompts.anonymity import anonymous, without_identity
from retrato.prompts.clean import folded, phrase
from retrato.prompts.described import described
from retrato.prompts.faces import faces
from retrato.prompts.hair import hair_of
from retrato.prompts.instructions import is_instruction
from retrato.prompts.lookup import find, split
from retrato.prompts.phrases import in_english, joined, with_article
from retrato.prompts.translate import country_in_english, is_unsaid, nationality_in_english, noun_for
from retrato.prompts.vocabulary import vocabulary

_UNKNOWN_WORDS = 3
"""Words of a value that pass through untranslated."""
_MOST_OF_A_LIST = 2
_CHARS = 80
_NONE = "none"
_NEGATIONS = frozenset({"sem", "sin", "no", "without", "nenhum", "nenhuma", "ningun", "ninguno", "none", "nao"})
_GLASSES = frozenset({"glasses", "eyeglasses", "sunglasses", "spectacles"})
_COVERINGS = frozenset({"hijab", "headscarf", "veil", "turban"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    English phrases, ready for their sentences; empty where the row says nothing. ``noun`` is never empty.

    ``accessories`` is what is worn beside clothes and glasses, *none* where the row says that there is nothing.
    """

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
    accessories: str = ""
    trait: str = ""
    expression: str = ""
    clothes: str = ""
    light: str = ""
    background: str = ""

    @property
    def basis(self) -> str:
        """A hash of all that is said: a look drawn for another basis may contradict the row."""
        said = [f"{field}={words}" for field, words in asdict(self).items() if words]
        return hashlib.blake2b("\0".join(said).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def told(persona: Persona) -> Told:
    """What *persona*'s row says, without what identifies a person. Never raises, whatever the row holds."""
    persona = anonymous(persona)
    said = {topic: without_identity(words, persona.name) for topic, words in described(persona).items()}
    known = vocabulary()
    noun = noun_for(persona.gender)
    noun = noun_for(said.get("gender")) if noun == "person" else noun
    demonym, ethnicity = _origin(persona, said.get("ethnicity"))
    glasses, accessories = _accessories(said.get("accessories"))
    hair = hair_of(said.get("hair"))
    if covering := _covering(accessories):
        hair["hair_style"] = f"hidden by {covering}"
        accessories = [worn for worn in accessories if worn != covering]
    return Told(
        noun=noun,
        demonym=demonym,
        ethnicity=ethnicity,
        skin=_value(said.get("skin"), known.skin),
        eyes=_value(said.get("eyes"), known.eye_shapes, known.eye_colours),
        face=_value(said.get("face"), known.face_shapes),
        beard=_beard(said.get("beard")) if noun == "man" else "",
        glasses=glasses,
        accessories=joined(accessories[:_MOST_OF_A_LIST])
        or (_NONE if said.get("accessories") and not glasses else ""),
        trait=joined(_phrases(said.get("trait") or said.get("other"))[:_MOST_OF_A_LIST]),
        expression=_expression(said.get("expression")),
        clothes=joined(_phrases(said.get("clothes"))),
        light=in_english(said.get("light")),
        background=in_english(said.get("background")).removeprefix("a ").removeprefix("an "),
        **hair,
    )


def told_age(persona: Persona) -> int | None:
    """Years, where the row's texts give them; the middle of a range such as *30-35*."""
    return years_in(described(persona).get("age"))


def demonym_of(persona: Persona) -> str:
    """Of the nationality, else of the country, else of the company's country; empty where none is known."""
    own = nationality_in_english(persona.nationality) or country_in_english(persona.country)
    return own or country_in_english(persona.empresa_country)


def _origin(persona: Persona, described_ethnicity: str | None) -> tuple[str, str]:
    """
    Demonym and ethnicity.

    Hosts write nationalities where they mean ethnicities; such a word is a demonym, unless there is another one: a
    Japanese Brazilian.
    """
    demonym = nationality_in_english(persona.nationality) or country_in_english(persona.country)
    words = " ".join(_words(persona.ethnicity) or _words(described_ethnicity))
    if is_unsaid(words):
        return demonym or demonym_of(persona), ""
    ethnicities, left = split(words.split(), vocabulary().ethnicities)
    if ethnicities:
        return demonym or demonym_of(persona), ethnicities[0]
    if as_nationality := country_in_english(" ".join(left)):
        one_people = demonym and len(faces().origins[faces().regions.get(as_nationality, "europe")]) == 1
        return demonym or as_nationality, as_nationality if one_people and as_nationality != demonym else ""
    unknown = "" if is_instruction(folded(words)) else " ".join(left[:_UNKNOWN_WORDS])
    return demonym or demonym_of(persona), unknown


def _value(text: str | None, *tables: Mapping[str, str]) -> str:
    """The first entry of each table that *text* holds; without any, its words as they are."""
    words = _words(text)
    values: list[str] = []
    for table in tables:
        entries, left = split(words, table)
        if entries:
            values.append(entries[0])
            words = left
    return " ".join(values) or ("" if is_instruction(folded(text or "")) else _visible(words))


def _accessories(text: str | None) -> tuple[str, list[str]]:
    """Glasses, and whatever else is worn."""
    parts = _phrases(text)
    glasses = next((part for part in parts if _GLASSES & set(part.split())), "")
    return glasses, [part for part in parts if not _GLASSES & set(part.split())]


def _covering(accessories: Sequence[str]) -> str:
    """What hides the hair."""
    return next((worn for worn in accessories if _COVERINGS & set(worn.split())), "")


def _phrases(text: str | None) -> list[str]:
    """The parts of a list in English; one that another one says more exactly is left out."""
    parts = dict.fromkeys(filter(None, map(_bounded, (text or "").split(","))))
    return [part for part in parts if not any(part != other and _says_all(other, part) for other in parts)]


def _bounded(part: str) -> str:
    """One part in English; *sem óculos* says no thing that could be shown."""
    first = folded(part).partition(" ")[0]
    return "" if first in _NEGATIONS else in_english(part)


def _says_all(longer: str, shorter: str) -> bool:
    return set(shorter.split()) <= set(longer.split())


def _beard(text: str | None) -> str:
    """The first beard among *text*; *cheia* alone is one too, and a clean shave goes before none."""
    for part in filter(str.strip, (text or "").split(",")):
        words = " ".join(word for word in _words(part) if word != "bem")
        if found := find(words, vocabulary().beards) or find(f"barba {words}", vocabulary().beards):
            return found
        if words and not is_unsaid(words):
            beard = in_english(words if {"barba", "beard"} & set(folded(words).split()) else f"barba {words}")
            kinds = [kind for kind in _words(part) if find(kind, vocabulary().beards)]
            return (
                beard
                if "beard" in beard
                else find(kinds[0], vocabulary().beards) or ""
                if kinds
                else in_english(part)
            )
    return ""


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
