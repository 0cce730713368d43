"""
The gender of a persona whose row does not tell it: from prose, from the form of the role, from the first name.

Portuguese and Spanish roles tell it by their ending (*Diretora*, *Enfermeiro*); epicene ones (*Gerente*,
*Analista*) and English ones do not. A feminine form is only written of a woman, while a masculine one also stands
for a post that anybody may hold: there a first name that is clearly a woman's goes before it. The words and names
are in ``gender.toml`` and ``first_names.toml``.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files

from retrato.domain.persona import Persona
from retrato.prompts.clean import folded
from retrato.prompts.described import described
from retrato.prompts.told import demonym_of
from retrato.prompts.translate import is_unsaid

_CHARS = 2000
_OPEN_FORM = re.compile(r"\w[(/]\s*(?:as?|os?|es)\b\)?|\w(?:@|\(x\))", re.IGNORECASE)
"""*Diretor(a)*, *Engenheiro/a*, *Advogad@*: written so that the gender stays open."""
_FEMININE = re.compile(
    r"(?:[a-z]{2,}(?:[dts]ora|eira|[mnr]era|[lf]oga|ografa|onoma)|.*(?:advog|abog|deleg|encarreg|encarg|empreg|deput|licenci"
    r"|gradu|aposent|associ|certific)ada)$"
)
_MASCULINE = re.compile(
    r"(?:[a-z]{2,}(?:[aei]dor|eiro|[nr]iero|inero|ilero|[lf]ogo|ografo|onomo)|.*(?:advog|abog|deleg|encarreg|encarg|empreg"
    r"|deput|licenci|gradu|aposent|associ|certific)ado)$"
)


def with_gender(persona: Persona, *, names_tell: bool) -> Persona:
    """
    *persona* with a gender (*man* or *woman*) where its row tells none and it can be inferred; else as it is.

    What the row tells, *non-binary* included, is never overruled. Without *names_tell* its first name says
    nothing. Never raises.
    """
    told = (persona.gender, described(persona).get("gender"))
    if any(gender and not is_unsaid(gender) for gender in told):
        return persona
    inferred = _in_prose(persona) or _by_role_and_name(persona, names_tell=names_tell)
    return replace(persona, gender=inferred) if inferred else persona


def _by_role_and_name(persona: Persona, *, names_tell: bool) -> str:
    by_role, by_name = _by_role(persona.role), _by_name(persona) if names_tell else ""
    if by_role == "man" and by_name == "woman":
        return by_name
    return by_role or by_name


def _in_prose(persona: Persona) -> str:
    """By the first prose that tells it: by its nouns, then by its pronouns."""
    texts = (persona.appearance, persona.description, persona.bio)
    return next(filter(None, map(_in_one_prose, texts)), "")


def _in_one_prose(text: str | None) -> str:
    """Empty where both genders or none are named."""
    words = set(re.findall(r"[a-z]+", folded((text or "")[:_CHARS])))
    known = _words()
    for women, men in (("women_in_prose", "men_in_prose"), ("womens_pronouns", "mens_pronouns")):
        named = [noun for noun, table in (("woman", women), ("man", men)) if known[table] & words]
        if named:
            return named[0] if len(named) == 1 else ""
    return ""


def _by_role(role: str | None) -> str:
    """By the first word of the role's head that has a gender; empty for epicene, English and open forms."""
    text = (role or "")[:_CHARS]
    if _OPEN_FORM.search(text):
        return ""
    return next(filter(None, map(_gender_of_word, _head(folded(text)))), "")


def _head(role: str) -> Iterator[str]:
    """The words that name the person: those before the first preposition or bracket."""
    for word in re.findall(r"[a-z]+|[(\[]", role):
        if word in _words()["ends_the_head"] or not word.isalpha():
            return
        yield word


def _gender_of_word(word: str) -> str:
    known = _words()
    if word in known["women"]:
        return "woman"
    if word in known["men"]:
        return "man"
    if word in known["no_person"]:
        return ""
    if _FEMININE.match(word):
        return "woman"
    return "man" if _MASCULINE.match(word) else ""


def _by_name(persona: Persona) -> str:
    """By the form of address or the first given name; *Silva, João* begins behind its comma."""
    name = folded(persona.name[:_CHARS])
    surname, comma, given = name.partition(",")
    known = _words()
    for word in re.findall(r"[a-z]+", given if comma and given.strip() else surname):
        if word in known["womens_titles"]:
            return "woman"
        if word in known["mens_titles"]:
            return "man"
        if word not in known["open_titles"]:
            return _gender_of_name(word, is_italian=demonym_of(persona) == "Italian")
    return ""


def _gender_of_name(name: str, *, is_italian: bool) -> str:
    names = _first_names()
    if is_italian and name in names["italian_men"]:
        return "man"
    if name in names["women"]:
        return "woman"
    return "man" if name in names["men"] else ""


@cache
def _words() -> Mapping[str, frozenset[str]]:
    """The tables of ``gender.toml``, read once."""
    return _tables("gender.toml")


@cache
def _first_names() -> Mapping[str, frozenset[str]]:
    """The tables of ``first_names.toml``, read once."""
    return _tables("first_names.toml")


def _tables(file: str) -> Mapping[str, frozenset[str]]:
    text = files(__package__).joinpath(file).read_text(encoding="utf-8")
    return {table: frozenset(words.split()) for table, words in tomllib.loads(text).items()}
