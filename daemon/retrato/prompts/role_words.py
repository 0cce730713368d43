"""The words of roles and what each may be: reads ``roles.toml``, which is where a word is taught."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from retrato.prompts.clean import folded


class Sort(StrEnum):
    """What a word of a role is."""

    HEAD = "head"
    """Who somebody is: *manager*."""
    FIELD = "field"
    """A noun of what is worked on: *sales*."""
    KIND = "kind"
    """An adjective: *legal*."""
    RANK = "rank"
    """An adjective that comes first: *regional*."""
    PLACE = "place"
    OF = "of"
    """A preposition whose noun stands before the head in English."""
    BEHIND = "behind"
    """One whose noun stays behind the head: *for*, *with*."""
    AND = "and"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Term:
    """One meaning: *english* is what is said; *is_english* whether the row wrote just that."""

    sort: Sort
    english: str
    is_english: bool = False


Terms = Mapping[str, tuple[Term, ...]]
_SECTIONS = {
    "heads": Sort.HEAD,
    "fields": Sort.FIELD,
    "kinds": Sort.KIND,
    "ranks": Sort.RANK,
    "places": Sort.PLACE,
}


@cache
def role_terms() -> Terms:
    """All meanings of each word or phrase, in the order of the file; read once."""
    data = _data()
    lines = list(_lines(data))
    learned = _Learned()
    for sort, english, foreign in lines:
        for words in foreign:
            learned.learn(words, Term(sort, english))
    for sort, english, _ in lines:
        learned.learn(english.removesuffix(" of").removeprefix("the "), Term(sort, english, is_english=True))
    learned.learn_feminine_forms()
    learned.terms |= {word: [Term(sort, english)] for word, sort, english in _small_words(data["small"])}
    for word in _english_words(data["english"], lines):
        if folded(word) not in learned.terms:
            learned.learn(word, Term(Sort.FIELD, word, is_english=True))
    return {words: tuple(meanings) for words, meanings in learned.terms.items()}


class _Learned:
    """The meanings so far: of each sort a word has the first."""

    def __init__(self) -> None:
        self.terms: dict[str, list[Term]] = {}

    def learn(self, words: str, term: Term) -> None:
        known = self.terms.setdefault(folded(words), [])
        if term.sort not in {other.sort for other in known}:
            known.append(term)

    def learn_feminine_forms(self) -> None:
        """*química* is chemistry, and the feminine form of what *químico* may be; *editora* a publisher."""
        for words, meanings in list(self.terms.items()):
            feminine = f"{words.removesuffix('o')}a"
            if words.endswith(("o", "or")) and feminine in self.terms:
                for term in meanings:
                    if term.sort in {Sort.HEAD, Sort.KIND}:
                        self.learn(feminine, term)


@cache
def english_of_roles() -> str:
    """Every English word that a role may become, for those who count or compare words."""
    return " ".join(term.english for meanings in role_terms().values() for term in meanings)


@cache
def tokens_of_roles() -> dict[str, int]:
    """CLIP's tokens for the English words of roles that it does not know whole."""
    return {word: int(count) for count, words in _data()["tokens"].items() for word in words.split()}


@cache
def words_of_work() -> frozenset[str]:
    """Every word of the table that is said of work, in any language and without accents; places are not."""
    return frozenset(
        word
        for words, meanings in role_terms().items()
        for term in meanings
        if term.sort not in {Sort.PLACE, Sort.DROPPED}
        for word in folded(f"{words} {term.english}").split()
    )


# What no Portuguese or Spanish word has: letters, pairs, doubled consonants and endings of English ones.
_ENGLISH_SHAPE = re.compile(
    r"(?!.*[ao]s?$)[a-z]*(?:[kw]|th|sh|ck|gh|ph|bb|dd|ff|gg|mm|pp|tt|zz)[a-z'-]*"
    r"|[a-z]{2,}(?:(?:oo|ee)[dkmnpt]s?|ing|ings|tion|ment|ments|ity|ness|ship|ous|[a-z]ed|[bcfghjkptvwx]|[bcdfgklmnprstvz]y)"
    r"|[a-z]{2,}(?:nger|ster|[dkgt]s)"
)
_ACRONYM = re.compile(r"[A-Z][A-Z&/+]{1,4}s?")
_INNER_CAPITAL = re.compile(r"(?=.*[a-z])[A-Za-z]+[A-Z][A-Za-z]*")
_ROMAN = re.compile(r"[IVX]+")


_AGENTS = (
    (re.compile(r"(\w{3,}olog)(?:o|a|ista)"), r"\1ist"),
    (re.compile(r"\w{4,}(?:dor|dora|tor|tora|eiro|eira|[ir]ero|[ir]era|ario|aria|nte)"), "worker"),
    (re.compile(r"\w{3,}ista"), "specialist"),
)
"""Endings of who does something, and what such a head is where it is not known."""


def unknown_head(word: str) -> str:
    """What an unknown first *word* stands for, by its ending: such as *worker*; else a *professional*."""
    for pattern, english in _AGENTS:
        if found := pattern.fullmatch(folded(word)):
            return found.expand(english)
    return "professional"


def looks_english(word: str, *, is_shouted: bool) -> bool:
    """
    Whether an unknown *word* may be said as it is: an acronym, a name such as *DevOps*, or of an English shape.

    With *is_shouted* everything around it is in capitals too, and they say nothing.
    """
    if not word.isascii() or any(map(str.isdigit, word)):
        return False
    if not is_shouted and (_ACRONYM.fullmatch(word) or _INNER_CAPITAL.fullmatch(word)):
        return not _ROMAN.fullmatch(word)
    return _ENGLISH_SHAPE.fullmatch(word.lower()) is not None


def _lines(data: Mapping[str, Any]) -> Iterator[tuple[Sort, str, list[str]]]:
    for section, sort in _SECTIONS.items():
        for text in data[section].values():
            for line in filter(None, text.splitlines()):
                english, _, foreign = line.partition(":")
                yield sort, english.strip(), [words for part in foreign.split(",") if (words := part.strip())]


def _english_words(texts: Mapping[str, str], lines: list[tuple[Sort, str, list[str]]]) -> Iterator[str]:
    """What is said in English as it is written: the words that are listed, then those of the terms."""
    for text in texts.values():
        yield from filter(None, (" ".join(word.split()) for word in text.split(",")))
    for sort, english, _ in lines:
        if sort is not Sort.PLACE:
            yield from english.split()


def _small_words(small: Mapping[str, str]) -> Iterator[tuple[str, Sort, str]]:
    sorts = {"of": Sort.OF, "into": Sort.OF, "and": Sort.AND, "dropped": Sort.DROPPED}
    english = {"into": "in", "behind": "of"}
    for name, words in small.items():
        for word in words.split():
            yield word, sorts.get(name, Sort.BEHIND), english.get(name, name)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("roles.toml").read_text(encoding="utf-8"))
