"""Gender and nationality in English, by the vocabulary; a nationality that it lacks stays as it was written."""

import re
from collections.abc import Iterator

from retrato.prompts.clean import folded, phrase
from retrato.prompts.countries import demonym_of_code, demonym_of_name
from retrato.prompts.lookup import LONGEST_ENTRY, find
from retrato.prompts.vocabulary import vocabulary

_CHARS = 60
_NATIONALITY_WORDS = 3
_COUNTRY_CHARS, _COUNTRY_WORDS, _COUNTRY_PARTS = 200, 8, 8
_SEVERAL = re.compile(r"[,;/|&()\[\]\"]|\s(?:-|e|and|y)\s")
"""Between the nationalities of a person, and between a place and its country."""
_SHORTEST_GENDER = 4
"""Letters of a gender word inside a role: the *M* of *R&D M* is none."""


def noun_for(gender: str | None) -> str:
    """*man*, *woman*, *non-binary person*, or *person* where the gender is not known or not understood."""
    nouns = vocabulary().nouns
    words = folded(phrase(gender, chars=_CHARS, words=_NATIONALITY_WORDS))
    if whole := find(words, nouns):
        return whole
    said = {noun for word in words.split() if (noun := find(word, nouns))}
    return said.pop() if len(said) == 1 else "person"


def nationality_in_english(nationality: str | None) -> str:
    """
    A demonym such as *Brazilian* or *Mexican-American*, also for a country or its code; empty where nothing is
    said.

    Of several the first. What is not known stays as it was written.
    """
    if known := country_in_english(nationality):
        return known
    words = " ".join(genderless(phrase(nationality, chars=_CHARS, words=_NATIONALITY_WORDS)))
    return "" if is_unsaid(words) else words


def country_in_english(text: str | None) -> str:
    """The demonym of the country, of the people or of the code that *text* names; empty where it names none."""
    for row in (text or "")[:_COUNTRY_CHARS].splitlines():
        if is_unsaid(row.strip()):
            continue
        if code := demonym_of_code(row):
            return code
        if said := next(filter(None, map(_demonym, [row, *_SEVERAL.split(row)[:_COUNTRY_PARTS]])), ""):
            return said
    return ""


def _demonym(text: str) -> str:
    """Of one country or people: its whole name, both words of *Mexicana-Americana*, or the one that is named."""
    words = " ".join(genderless(phrase(text, chars=_CHARS, words=_COUNTRY_WORDS)))
    if is_unsaid(words):
        return ""
    if found := _known_demonym(words):
        return found
    parts = [part if part in {" ", "-"} else _known_demonym(part) for part in re.split(r"([ -])", words)]
    if all(parts):
        return "".join(parts)
    return next(filter(None, _demonyms_in(words.split())), "")


def _demonyms_in(words: list[str]) -> Iterator[str]:
    """The people named among *words*, the longest name first: *nascida na Coreia do Sul*."""
    for count in range(min(len(words) - 1, LONGEST_ENTRY), 0, -1):
        for at in range(len(words) - count + 1):
            yield _known_demonym(" ".join(words[at : at + count]))


def _known_demonym(words: str) -> str:
    return find(words, vocabulary().nationalities) or demonym_of_name(words)


def is_unsaid(text: str) -> bool:
    """Whether *text* is what people write where they have nothing to say."""
    return folded(text) in vocabulary().unsaid


def genderless(text: str) -> list[str]:
    """The words of *text* that do not name a gender: the portrait's noun says it, once and in English."""
    nouns = vocabulary().nouns
    return [word for word in text.split() if len(word) < _SHORTEST_GENDER or not find(word, nouns)]
