"""Gender, nationality and role in English, by the vocabulary; what it lacks stays as it was written."""

import re

from retrato.prompts.clean import folded, line, phrase
from retrato.prompts.lookup import find, find_first
from retrato.prompts.vocabulary import vocabulary

_CHARS = 60
ROLE_WORDS = 7
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


def role_in_english(role: str | None, *, words: int = ROLE_WORDS) -> str:
    """
    A role such as *senior data analyst*, for *Analista de Dados Sênior*; empty where nothing is said.

    Only the first *words* of it are read: in Portuguese a role begins with its noun.
    """
    known = vocabulary()
    said = genderless(phrase(role, chars=_CHARS, words=words))
    while said and folded(said[-1]) in known.dropped | {"e"}:
        said.pop()
    if is_unsaid(" ".join(said)):
        return ""
    count, title = find_first(said, known.titles)
    ranks, fields = _split_ranks(said[count:] if count else _turned(said), after_title=bool(title))
    role_words = title.format(" ".join(fields)) if title else " ".join(fields)
    # Without a field "head of {}" ends in a loose preposition.
    whole = " ".join(" ".join([*ranks, role_words]).split()).removesuffix(" of").removesuffix(" and")
    return line(whole, chars=_CHARS, words=ROLE_WORDS)


def is_unsaid(text: str) -> bool:
    """Whether *text* is what people write where they have nothing to say."""
    return folded(text) in vocabulary().unsaid


def genderless(text: str) -> list[str]:
    """The words of *text* that do not name a gender: the portrait's noun says it, once and in English."""
    nouns = vocabulary().nouns
    return [word for word in text.split() if len(word) < _SHORTEST_GENDER or not find(word, nouns)]


def _turned(words: list[str]) -> list[str]:
    """*Suporte ao Cliente* as *Cliente Suporte*, where the vocabulary has both: the order that English has."""
    fields = vocabulary().fields
    at = next((at for at, word in enumerate(words) if folded(word) in vocabulary().dropped), 0)
    first, second = words[:at], words[at + 1 :]
    whole = find_first(words, fields)[0] > at
    both = first and second and all(find_first(part, fields)[0] == len(part) for part in (first, second))
    return [*second, *first] if both and not whole else words


def _split_ranks(words: list[str], *, after_title: bool) -> tuple[list[str], list[str]]:
    """The ranks among *words*, and the rest translated in its order."""
    known = vocabulary()
    ranks: list[str] = []
    fields: list[str] = []
    while words:
        count, field = find_first(words, known.fields)
        rank = find(words[0], known.ranks)
        if count > 1 or (field and not rank):
            fields.append(field)
        elif rank:
            ranks.append(rank)
        elif folded(words[0]) == "e":
            fields.append("and")
        elif not (after_title and folded(words[0]) in known.dropped):
            fields.append(_uncapitalised(words[0]))
        words = words[max(count, 1) :]
    return ranks, fields


def _uncapitalised(word: str) -> str:
    """*word* in lower case where it is plain title case; acronyms and names like DevOps stay."""
    return word.lower() if word.isalpha() and word.istitle() and len(word) > 1 else word
