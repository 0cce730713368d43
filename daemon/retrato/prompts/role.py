"""
A role in English, in the order that English has: *software engineering manager*.

Every word is translated or left out. In Portuguese and Spanish a role begins with its head, the noun that says who
somebody is, and what follows it stands before it in English, the last first; English roles end in their head.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from retrato.prompts.clean import phrase
from retrato.prompts.role_grammar import Role, is_head, role_of
from retrato.prompts.role_order import apart
from retrato.prompts.role_terms import Meanings, parts_of
from retrato.prompts.role_words import Sort, Term
from retrato.prompts.translate import is_unsaid

ROLE_WORDS = 7
_CHARS = 60
_READ_CHARS = 1000
"""More is no role, and nothing to remember."""


def role_in_english(role: str | None, *, words: int = ROLE_WORDS) -> str:
    """
    A role such as *senior data analyst*, for *Analista de Dados Sênior*; empty where nothing is said or known.

    At most *words* words and 60 characters: what matters least is left out, the head never. Never raises.
    """
    return _in_english((role or "")[:_READ_CHARS], words, is_field=False)


def field_in_english(text: str | None, *, words: int = ROLE_WORDS) -> str:
    """A department, specialty or industry such as *human resources*; otherwise like :func:`role_in_english`."""
    return _in_english((text or "")[:_READ_CHARS], words, is_field=True)


@lru_cache(maxsize=4096)
def _in_english(text: str, words: int, *, is_field: bool) -> str:
    if is_unsaid(phrase(text, chars=_CHARS, words=words)):
        return ""
    roles = _roles(text, is_field=is_field)
    while roles:
        said = " and ".join(dict.fromkeys(map(str, roles)))
        if (len(said.split()) <= words and len(said) <= _CHARS) or not (roles[1:] or roles[0].shorten()):
            return said
        del roles[1:][-1:], roles[max(1, len(roles) - 1) :]
    return ""


def _roles(text: str, *, is_field: bool) -> list[Role]:
    """The roles that *text* names, or its one field of work."""
    roles: list[Role] = []
    field_of_all = Role()
    for part in parts_of(text, is_field=is_field):
        for words in [part.words] if is_field else _split(part.words):
            role = role_of(words, is_field=is_field)
            if role.head:
                roles.append(role)
            else:
                (roles[0] if roles else field_of_all).add(role, is_listed=part.is_listed)
    if not roles:
        return [field_of_all] if str(field_of_all) else []
    roles[0].add(field_of_all, is_listed=False)
    return roles


def _split(words: Sequence[Meanings]) -> list[list[Meanings]]:
    """*CEO e Fundadora* as two: where a second head follows an *and* before any preposition does."""
    roles: list[list[Meanings]] = []
    for group in apart(words, Sort.AND):
        begins = list(takewhile(lambda meanings: meanings[0].sort not in {Sort.OF, Sort.BEHIND}, group))
        if roles and not (any(map(is_head, begins)) and any(map(is_head, roles[-1]))):
            roles[-1] += [(Term(Sort.AND, "and"),), *group]
        else:
            roles.append(list(group))
    return roles
