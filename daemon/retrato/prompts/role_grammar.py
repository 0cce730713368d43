"""One role taken apart: its head, what stands before it in English, and what stays behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from retrato.prompts.role_order import Groups, chained, in_order, listed, said
from retrato.prompts.role_terms import Meanings, is_content
from retrato.prompts.role_words import Sort, Term

_LEVELS = {"senior", "mid-level", "junior"}
_ABSORBED = {"doctor", "dentist", "dental surgeon", "professional", "biomedical scientist"}
"""Heads that say nothing beside a second one: a *Médico Cardiologista* is a cardiologist."""


@dataclass(slots=True)
class Role:
    """One role and what is said of it, each in the order of English; without a head it is a field of work."""

    head: str = ""
    levels: list[str] = field(default_factory=list)
    ranks: list[str] = field(default_factory=list)
    far: Groups = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head, far = self.head, listed(self.far)
        if head.endswith(" of"):
            # Without a field "head of" ends in a loose preposition.
            head, far = f"{head} {far}" if far else head.removesuffix(" of"), ""
        said = [*self.levels, *self.ranks, far, *self.near, head, *self.behind]
        words = " ".join(filter(None, said)).split()
        return " ".join(word for at, word in enumerate(words) if at == 0 or word != words[at - 1])

    def add(self, other: "Role", *, is_listed: bool) -> None:
        """Take what is said of this role behind its comma, dash or bracket."""
        self.levels += [level for level in other.levels if level not in self.levels]
        self.ranks += other.ranks
        self.behind += other.behind
        self.far = [*self.far, *other.far] if is_listed else chained(other.far, self.far)

    def shorten(self) -> bool:
        """Leave out what matters least; False where only the head is left."""
        if self.behind:
            self.behind.pop()
        elif len(self.far) > 1:
            self.far.pop()
        elif self.far and self.far[0][1 if self.head.endswith(" of") else 0 :]:
            self.far[0].pop(0)
            self.far = [group for group in self.far if group]
        elif rest := self.near or self.ranks or self.levels:
            rest.pop(0)
        else:
            return False
        return True


def role_of(words: Sequence[Meanings], *, is_field: bool) -> Role:
    """The role that *words* name; without a head where there is none, or with *is_field*."""
    role = Role()
    at = None if is_field else _head_at(words)
    before, after = ([], words) if at is None else (words[:at], words[at + 1 :])
    if at is not None:
        role.head = next(term.english for term in words[at] if term.sort is Sort.HEAD)
    role.levels = [term.english for term in map(said, words) if term.english in _LEVELS]
    after = [meanings for meanings in after if said(meanings).english not in _LEVELS]
    if role.head and not role.head.endswith(" of") and after and after[0][0].sort is Sort.AND:
        # "Técnico de Som e Iluminação", where the first three words are one term.
        *own, role.head = role.head.split()
        after = [(Term(Sort.FIELD, " ".join(own)),), *after] if own else after[1:]
        after.insert(0, (Term(Sort.OF, "of"),))
    main = _without_behind(after, role)
    near = list(takewhile(lambda meanings: meanings[0].sort is not Sort.OF, main)) if role.head else []
    is_of_noun = role.head.endswith(" of") and any(
        said(meanings, behind_noun=True).sort is Sort.FIELD for meanings in near
    )
    if is_of_noun or (near and near[-1][0].sort is Sort.AND):
        near = []
    role.far = in_order(main[len(near) :])
    if all(map(is_content, near)):
        role.ranks = [term.english for term in map(said, near) if term.sort is Sort.RANK]
        near = [meanings for meanings in near if said(meanings).sort is not Sort.RANK]
    before = [
        meanings
        for meanings in before
        if said(meanings).english not in _LEVELS | _ABSORBED and meanings[0].english not in _ABSORBED
    ]
    role.near = [
        *_one(in_order(near, behind_noun=True)),
        *(term.removeprefix("the ") for term in _one(in_order(before))),
    ]
    return role


def _one(groups: Groups) -> list[str]:
    return [listed(groups)] if groups[1:] else [term for group in groups for term in group]


def _without_behind(words: Sequence[Meanings], role: Role) -> list[Meanings]:
    """*words* without what English says behind the head, places above all, which *role* has now."""
    main: list[Meanings] = []
    behind: list[tuple[str, list[Meanings]]] = []
    is_place = False
    for at, meanings in enumerate(words):
        term = said(meanings)
        before = words[at - 1][0] if at else term
        if term.sort is Sort.AND and is_place and at + 1 < len(words) and _is_place(words[at + 1]):
            behind[-1][1].append(meanings)
        elif term.sort is Sort.BEHIND and term.english == "of" and role.head.endswith(" of"):
            main.append((Term(Sort.OF, "of"),))
        elif term.sort is Sort.BEHIND:
            behind.append((term.english, []))
            is_place = False
        elif term.sort is Sort.PLACE and not (behind and not any(map(is_content, behind[-1][1][-1:]))):
            is_of = role.head.endswith(" of") and before.sort is Sort.OF and not any(map(is_content, main))
            behind.append(("in" if before.english == "in" else "of" if is_of else "for", [meanings]))
            is_place = True
        elif behind and not (is_place and term.sort in {Sort.AND, Sort.OF}):
            behind[-1][1].append(meanings)
            is_place = is_place or _is_place(meanings)
        else:
            main.append(meanings)
    role.behind = [
        f"{preposition} {listed(in_order(content))}" for preposition, content in behind if in_order(content)
    ]
    return main


def _is_place(meanings: Meanings) -> bool:
    return said(meanings).sort is Sort.PLACE


def is_head(meanings: Meanings) -> bool:
    """Whether a word can be nothing but a head."""
    return all(term.sort is Sort.HEAD for term in meanings)


def _head_at(words: Sequence[Meanings]) -> int | None:
    """Where the head stands: the first noun that can be nothing else; of an English run the last."""
    begins = list(takewhile(lambda meanings: meanings[0].sort not in {Sort.OF, Sort.BEHIND}, words))
    heads = [at for at, meanings in enumerate(begins) if is_head(meanings)]
    if not heads:
        first = next(
            (
                at
                for at, meanings in enumerate(begins)
                if said(meanings).sort is not Sort.RANK or meanings[0].sort is Sort.HEAD
            ),
            0,
        )
        heads = [
            at
            for at, meanings in enumerate(begins)
            if any(term.sort is Sort.HEAD and (at == first or term.is_english) for term in meanings)
        ]
    if not heads:
        return None
    found = heads[0]
    for at in heads[1:]:
        if all(any(term.is_english for term in meanings) for meanings in begins[found : at + 1]) or (
            begins[found][0].english in _ABSORBED and at == found + 1
        ):
            found = at
    return found
