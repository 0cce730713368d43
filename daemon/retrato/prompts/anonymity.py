"""
What identifies a person is taken out of a row's texts before they become a prompt, which leaves the house.

Addresses of every kind, numbers that are registered, and the persona's name: whole, in parts, without accents, in
another order, or joined to another word. A part of the name that is an ordinary word stays where it may be meant:
a Baker may be a baker, and Rosa's blouse pink.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations

from retrato.domain.persona import Persona
from retrato.prompts.clean import folded
from retrato.prompts.lookup import find
from retrato.prompts.role_words import role_terms, words_of_work
from retrato.prompts.vocabulary import Words, vocabulary

_READ_AT_MOST = 1000
"""Characters looked at; no more than 80 of what is left are said."""
_LABEL = r"(?:\b(?:e-?mail|tel(?:efone)?|fone|cel(?:ular)?|phone|mobile|whats(?:app)?|cpf|cnpj|rg)\b[\s.:]*)?"
_CONTACT = re.compile(
    "|".join(
        _LABEL + kind
        for kind in (
            r"(?<!\S)(?![^\W\d_]{5,}@s?(?!\S))\S*@\S*",  # e-mail addresses and handles, not Advogad@
            r"(?<!\S)\S+?\s?[\[({<]\s?(?:at|arroba)\s?[\])}>]\s?\S+(?:\s?[\[({<]\s?(?:dot|ponto)\s?[\])}>]\s?\S+)*",
            r"\b[a-z][a-z0-9+.-]*://\S*",
            r"\bwww\.\S*",
            r"(?<![\w.-])(?!(?:asp|vb|ado|ml)\.net\b)(?:[\w-]+\.)+(?:com|net|org|br|pt|io|me|app|co|info|biz|eu|uk)\b(?:/\S*)?",
            r"\b[a-z0-9]{2}\.[a-z0-9]{3}\.[a-z0-9]{3}/[a-z0-9]{4}-\d{2}\b",  # CNPJ, with letters from 2026-07 on
            r"\+?\(?\d(?:[\s()./-]{0,3}\d){7,}",  # telephones, CPF, RG, CEP
            r"\b\d(?:[./-]?\d){5,}(?:-?x\b)?",  # shorter numbers of a register
        )
    ),
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]+")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_PARTICLES = {
    *("a", "al", "and", "bin", "d", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "e"),
    *("el", "la", "le", "van", "von", "y"),
}
_SHORTEST_PART = 3
"""Letters of a part of a name that is taken out where it stands alone."""
_SHORTEST_BEGINNING, _SHORTEST_REST = 5, 3
"""Letters of a part that is taken out at the beginning of a longer word, and of what follows it there."""
_MOST_PARTS = 6


def anonymous(persona: Persona) -> Persona:
    """
    *persona* with fields of one phrase that identify nobody.

    The name stays, for the texts that are read by topic (`without_identity`). From the company's name and from
    the prose,
    which only its own wording asks for, nothing but addresses goes. A ready prompt is the application's and
    stays as it is.
    """

    def at_work(text: str | None) -> str | None:
        return text and without_identity(_without_company(text, persona.empresa_name), persona.name, is_role=True)

    return replace(
        persona,
        role=at_work(persona.role),
        department=at_work(persona.department),
        specialty=at_work(persona.specialty),
        industry=at_work(persona.industry),
        nationality=persona.nationality and without_identity(persona.nationality, persona.name),
        ethnicity=persona.ethnicity and without_identity(persona.ethnicity, persona.name),
        description=persona.description and _CONTACT.sub(" ", _normal(persona.description)),
        bio=persona.bio and _CONTACT.sub(" ", _normal(persona.bio)),
        empresa_name=persona.empresa_name and _CONTACT.sub(" ", _normal(persona.empresa_name)),
    )


def without_identity(text: str, name: str, *, is_role: bool = False) -> str:
    """
    *text* without addresses, registered numbers and *name*.

    Ordinary words that are also parts of the name stay; with *is_role* only those that are said of work.
    """
    text = _CONTACT.sub(" ", _normal(text))
    parts = _parts(name)
    if not parts:
        return text
    words = list(_words(text))
    for run in reversed(list(_runs(words, parts))):
        if _is_named(run, parts, is_role=is_role):
            end = run[-1].end
            possessive = _POSSESSIVE.match(text, end)
            text = f"{text[: run[0].start]} {text[possessive.end() if possessive else end :]}"
    return text


@dataclass(frozen=True, slots=True)
class _Word:
    """A word without its accents, with where it stands; of *SouzaTech* there are two."""

    said: str
    start: int
    end: int
    is_capital: bool


def _normal(text: str) -> str:
    """The beginning of *text* with compatible characters as plain ones; a word that is cut there is left out."""
    whole = unicodedata.normalize("NFKC", text[:_READ_AT_MOST])
    return whole if len(text) <= _READ_AT_MOST >= len(whole) else whole[:_READ_AT_MOST].rpartition(" ")[0]


def _words(text: str) -> Iterator[_Word]:
    for found in _LETTERS.finditer(text):
        start = found.start()
        for at in range(found.start() + 1, found.end() + 1):
            if at == found.end() or (text[at - 1].islower() and text[at].isupper()):
                yield _Word(folded(text[start:at]), start, at, text[start].isupper())
                start = at


def _parts(name: str) -> list[str]:
    """The parts of *name* in their order, without particles."""
    parts = [word.said for word in _words(_normal(name)) if word.said not in _PARTICLES]
    return list(dict.fromkeys(part for part in parts if len(part) > 1))[:_MOST_PARTS]


def _runs(words: list[_Word], parts: list[str]) -> Iterator[list[_Word]]:
    """Neighbouring words that are of the name, with particles and initials in between and initials before."""
    initials = {part[0] for part in parts}
    run: list[_Word] = []
    between: list[_Word] = []
    for word in words:
        if _is_of(word.said, parts):
            run += [*between, word]
            between = []
        elif word.said in initials or (run and word.said in _PARTICLES):
            between.append(word)
        else:
            if run:
                yield run
            run, between = [], []
    if run:
        yield run


def _is_of(word: str, parts: list[str]) -> bool:
    return word in parts or word in _joined(tuple(parts)) or _begins_with_part(word, parts)


def _begins_with_part(word: str, parts: list[str]) -> bool:
    longest = len(word) - _SHORTEST_REST
    return any(
        word.startswith(part)
        and _SHORTEST_BEGINNING <= len(part) <= longest
        and not _is_ordinary(part, is_role=False)
        for part in parts
    ) and not _is_ordinary(word, is_role=False)


@cache
def _joined(parts: tuple[str, ...]) -> frozenset[str]:
    """How addresses join a name: *anasouza*, *souzaana*, *asouza*."""
    pairs = list(permutations(parts, 2))
    joined = {"".join(parts), *(a + b for a, b in pairs), *(a[0] + b for a, b in pairs)}
    return frozenset(word for word in joined if len(word) >= _SHORTEST_BEGINNING)


def _is_named(run: list[_Word], parts: list[str], *, is_role: bool) -> bool:
    """Whether *run* is the name, and not an ordinary word or two that the name also has."""
    said = [word for word in run if word.said not in _PARTICLES and len(word.said) > 1]
    if len(said) == 1 and len(said[0].said) < _SHORTEST_PART:
        return False
    if any(not _is_ordinary(word.said, is_role=is_role) for word in said):
        return True
    is_whole = len(parts) > 1 and {word.said for word in said} >= set(parts) and all(w.is_capital for w in said)
    return is_whole and not all(_is_ordinary(word.said, is_role=True) for word in said)


def _is_ordinary(word: str, *, is_role: bool) -> bool:
    """Whether a vocabulary has *word*, in any form and language; with *is_role* that of work."""
    if is_role:
        return word in vocabulary().occupations or word in words_of_work() or find(word, role_terms()) is not None
    return word in _words_of_looks() or any(find(word, table) is not None for table in _tables_of_looks())


def _tables_of_looks() -> list[Words]:
    return [table for _, table in vocabulary() if isinstance(table, dict)]


@cache
def _words_of_looks() -> frozenset[str]:
    texts = (text for table in _tables_of_looks() for pair in table.items() for text in pair)
    return vocabulary().occupations | {word for text in texts for word in folded(text).split()}


def _without_company(text: str, company: str | None) -> str:
    """*text* without the company's whole name, unless every word of that is said of work: *Marketing Digital*."""
    words = [word.said for word in _words(_normal(company or ""))]
    if not words or all(_is_ordinary(word, is_role=True) for word in words):
        return text
    text = _normal(text)
    said = list(_words(text))
    for at in reversed(range(len(said) - len(words) + 1)):
        if [word.said for word in said[at : at + len(words)]] == words:
            text = f"{text[: said[at].start]} {text[said[at + len(words) - 1].end :]}"
    return text
