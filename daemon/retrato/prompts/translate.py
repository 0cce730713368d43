"""Gender, nationality and role in English, by the vocabulary; what it lacks stays as it was written."""

import re
from collections.abc import Iterator

from retrato.prompts.clean import folded, line, phrase
from retrato.prompts.countries import demonym_of_code, demonym_of_name
from retrato.prompts.lookup import LONGEST_ENTRY, find, find_first
from retrato.prompts.vocabulary import vocabulary

_CHARS = 60
ROLE_WORDS = 7
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
