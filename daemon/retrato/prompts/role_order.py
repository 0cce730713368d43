"""The order of words: *Pesquisa em Saúde Pública e Ensino* as *public health research and teaching*."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from retrato.prompts.phrases import joined
from retrato.prompts.role_terms import Meanings
from retrato.prompts.role_words import Sort, Term

Groups = list[list[str]]
"""Terms in the order of English; *and* stands between the groups."""

_ADJECTIVES = {Sort.KIND, Sort.RANK}
_SAID_FIRST = (Sort.FIELD, Sort.KIND, Sort.RANK, Sort.PLACE, Sort.HEAD)
_SAID_FIRST_BEHIND_NOUN = (Sort.KIND, Sort.RANK, Sort.FIELD, Sort.PLACE, Sort.HEAD)
"""Which of its meanings a word has that is no head: the *plástico* of a *cirurgião plástico* is an adjective."""


def in_order(words: Sequence[Meanings], *, behind_noun: bool = False) -> Groups:
    """
    *words* in the order of English: adjectives before their noun, and what follows *of* before what it belongs to.

    With *behind_noun* they follow one without a preposition. What *and* joins stays apart: *Gestão de Riscos e
    Compliance* is *risk management and compliance*.
    """
    groups: list[list[Term]] = []
    for joined_words in apart(words, Sort.AND):
        chunks = [
            _chunk([said(meanings, behind_noun=at > 0 or behind_noun) for at, meanings in enumerate(chunk)])
            for chunk in apart(joined_words, Sort.OF)
        ]
        terms = [term for chunk in reversed(chunks) for term in chunk]
        if not terms:
            continue
        before = list(takewhile(_is_adjective, groups[-1])) if groups else []
        if before and all(map(_is_adjective, terms)):
            # "processos administrativos e financeiros": both are of the processes.
            terms += groups[-1][len(before) :]
            groups[-1] = before
        groups.append(terms)
    return [[term.english.removesuffix(" of") for term in group] for group in groups]


def listed(groups: Groups) -> str:
    """The groups as in *operations, logistics and transport*."""
    return joined([" ".join(group) for group in groups])


def chained(first: Groups, second: Groups) -> Groups:
    """The groups of *second* with *first* said of their first one."""
    return [*first[:-1], first[-1] + second[0], *second[1:]] if first and second else first or second


def apart(words: Sequence[Meanings], sort: Sort) -> Iterator[list[Meanings]]:
    """What stands between the words of *sort*, which are small ones."""
    between: list[Meanings] = []
    for meanings in words:
        if meanings[0].sort is sort:
            yield between
            between = []
        else:
            between.append(meanings)
    yield between


def said(meanings: Meanings, *, behind_noun: bool = False) -> Term:
    """What a word means where it is not the head."""
    first = _SAID_FIRST_BEHIND_NOUN if behind_noun else _SAID_FIRST
    return min(meanings, key=lambda term: first.index(term.sort) if term.sort in first else 0)


def _chunk(terms: Iterable[Term]) -> list[Term]:
    """An adjective goes before the noun that it follows; a noun only stays behind another one in English."""
    ordered: list[Term] = []
    for term in terms:
        noun = next((at for at, other in enumerate(ordered) if not _is_adjective(other)), len(ordered))
        if noun == len(ordered) or (not _is_adjective(term) and term.is_english and ordered[-1].is_english):
            ordered.append(term)
        else:
            ordered.insert(0 if _is_adjective(term) else noun, term)
    return ordered


def _is_adjective(term: Term) -> bool:
    return term.sort in _ADJECTIVES
