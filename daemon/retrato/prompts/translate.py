"""Gender and nationality in English, by the vocabulary; a nationality that it lacks stays as it was written."""

import re

from retrato.prompts.clean import folded, phrase
from retrato.prompts.lookup import find
from retrato.prompts.vocabulary import vocabulary

_CHARS = 60
_NATIONALITY_WORDS = 3
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
    """A demonym such as *Brazilian* or *Mexican-American*; empty where nothing is said."""
    nationalities = vocabulary().nationalities
    words = " ".join(genderless(phrase(nationality, chars=_CHARS, words=_NATIONALITY_WORDS)))
    if is_unsaid(words):
        return ""
    if found := find(words, nationalities):
        return found
    parts = re.split(r"([ -])", words)
    return "".join(find(part, nationalities) or part for part in parts)


def is_unsaid(text: str) -> bool:
    """Whether *text* is what people write where they have nothing to say."""
    return folded(text) in vocabulary().unsaid


def genderless(text: str) -> list[str]:
    """The words of *text* that do not name a gender: the portrait's noun says it, once and in English."""
    nouns = vocabulary().nouns
    return [word for word in text.split() if len(word) < _SHORTEST_GENDER or not find(word, nouns)]
