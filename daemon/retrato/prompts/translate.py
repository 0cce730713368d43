"""Gender, nationality and role in English, by the vocabulary; what it lacks stays as it was written."""

import itertools
import re
from collections.abc import Iterator, Mapping

from retrato.prompts.clean import folded, line, phrase
from retrato.prompts.vocabulary import DROPPED, FIELDS, NATIONALITIES, NOUNS, RANKS, TITLES, UNSAID

_CHARS = 60
_ROLE_WORDS = 7
_NATIONALITY_WORDS = 3
_LONGEST_ENTRY = 3
"""Words in the vocabulary's longest entries."""
_SHORTEST_STEM = 3
"""Letters before an ending: *Ms* is no plural of *m*."""
_SHORTEST_GENDER = 4
"""Letters of a gender word inside a role: the *M* of *R&D M* is none."""

# Portuguese endings and what stands in the vocabulary for them, tried in this order.
_ENDINGS = (
    ("oes", "ao"), ("aes", "ao"), ("eses", "es"), ("esas", "es"), ("esa", "es"), ("oras", "or"), ("ora", "or"),
    ("ores", "or"), ("eias", "eu"), ("eia", "eu"), ("olas", "ol"), ("ola", "ol"), ("ais", "al"), ("as", "o"),
    ("a", "o"), ("a", "ao"), ("s", ""),
)  # fmt: skip


def noun_for(gender: str | None) -> str:
    """*man*, *woman*, *non-binary person*, or *person* where the gender is not known or not understood."""
    words = folded(phrase(gender, chars=_CHARS, words=_NATIONALITY_WORDS))
    if whole := _find(words, NOUNS):
        return whole
    said = {noun for word in words.split() if (noun := _find(word, NOUNS))}
    return said.pop() if len(said) == 1 else "person"


def nationality_in_english(nationality: str | None) -> str:
    """A demonym such as *Brazilian* or *Mexican-American*; empty where nothing is said."""
    words = " ".join(_genderless(phrase(nationality, chars=_CHARS, words=_NATIONALITY_WORDS)))
    if folded(words) in UNSAID:
        return ""
    if found := _find(words, NATIONALITIES):
        return found
    parts = re.split(r"([ -])", words)
    return "".join(_find(part, NATIONALITIES) or part for part in parts)


def role_in_english(role: str | None) -> str:
    """A role such as *senior data analyst*, for *Analista de Dados Sênior*; empty where nothing is said."""
    words = _genderless(phrase(role, chars=_CHARS, words=_ROLE_WORDS))
    if folded(" ".join(words)) in UNSAID:
        return ""
    title, rest = _split_title(words)
    ranks, fields = _split_ranks(rest, after_title=bool(title))
    role_words = title.format(" ".join(fields)) if title else " ".join(fields)
    # Without a field "head of {}" ends in a loose preposition.
    whole = " ".join([*ranks, role_words]).strip().removesuffix(" of")
    return line(whole, chars=_CHARS, words=_ROLE_WORDS)


def _genderless(text: str) -> list[str]:
    """The words of *text* that do not name a gender: the portrait's noun says it, once and in English."""
    return [word for word in text.split() if len(word) < _SHORTEST_GENDER or not _find(word, NOUNS)]


def _split_title(words: list[str]) -> tuple[str, list[str]]:
    for count in range(_LONGEST_ENTRY, 0, -1):
        if found := _find(" ".join(words[:count]), TITLES):
            return found, words[count:]
    return "", words


def _split_ranks(words: list[str], *, after_title: bool) -> tuple[list[str], list[str]]:
    """The ranks among *words*, and the rest translated in its order."""
    ranks: list[str] = []
    fields: list[str] = []
    while words:
        count, field = _first_field(words)
        rank = _find(words[0], RANKS)
        if count > 1 or (field and not rank):
            fields.append(field)
        elif rank:
            ranks.append(rank)
        elif folded(words[0]) == "e":
            fields.append("and")
        elif not (after_title and folded(words[0]) in DROPPED):
            fields.append(_uncapitalised(words[0]))
        words = words[max(count, 1) :]
    return ranks, fields


def _uncapitalised(word: str) -> str:
    """*word* in lower case where it is plain title case; acronyms and names like DevOps stay."""
    return word.lower() if word.isalpha() and word.istitle() and len(word) > 1 else word


def _first_field(words: list[str]) -> tuple[int, str]:
    """How many of the first words make a field, and its English; 0 where they make none."""
    for count in range(_LONGEST_ENTRY, 0, -1):
        if len(words) >= count and (found := _find(" ".join(words[:count]), FIELDS)):
            return count, found
    return 0, ""


def _find(words: str, vocabulary: Mapping[str, str]) -> str:
    """The entry for *words* in any of their forms; empty where there is none."""
    forms = itertools.product(*(_forms(word) for word in folded(words).split()))
    return next((vocabulary[" ".join(form)] for form in forms if " ".join(form) in vocabulary), "")


def _forms(word: str) -> Iterator[str]:
    """*word* as it is, then as masculine singular by each rule that fits, then the same of its singular."""
    yield word
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            yield word.removesuffix(ending) + replacement
