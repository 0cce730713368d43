"""Looks words up in a vocabulary, in any of their Portuguese and Spanish forms."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from retrato.prompts.clean import folded

Entry = TypeVar("Entry")

LONGEST_ENTRY = 5
"""Words in the vocabulary's longest entries."""
_SHORTEST_STEM = 3
"""Letters before an ending: *Ms* is no plural of *m*."""

# Portuguese and Spanish endings and what stands in the vocabulary for them, tried in this order.
_ENDINGS = (
    ("oes", "ao"), ("aes", "ao"), ("eses", "es"), ("esas", "es"), ("esa", "es"), ("oras", "or"), ("ora", "or"),
    ("ores", "or"), ("eias", "eu"), ("eia", "eu"), ("olas", "ol"), ("ola", "ol"), ("ais", "al"), ("eis", "el"),
    ("ens", "em"), ("ces", "z"), ("s", ""), ("as", "o"), ("a", "o"), ("a", "ao"), ("res", "r"), ("les", "l"),
    ("nes", "n"), ("des", "d"), ("ses", "s"), ("as", ""), ("a", ""),
)  # fmt: skip


def find(words: str, table: Mapping[str, Entry]) -> Entry | None:
    """The entry for the whole of *words* in any of their forms; None where there is none."""
    separate = folded(words).split()
    if len(separate) > LONGEST_ENTRY:
        return None
    forms = itertools.product(*map(_forms, separate))
    return next((table[" ".join(form)] for form in forms if " ".join(form) in table), None)


def longest(words: Sequence[str], table: Mapping[str, Entry]) -> tuple[int, Entry | None]:
    """How many of the first *words* make the longest entry, and the entry; 0 and None where they make none."""
    for count in range(min(LONGEST_ENTRY, len(words)), 0, -1):
        found = find(" ".join(words[:count]), table)
        if found is not None:
            return count, found
    return 0, None


def find_first(words: Sequence[str], table: Mapping[str, str]) -> tuple[int, str]:
    """Like :func:`longest`, of texts; an empty one where there is none."""
    count, found = longest(words, table)
    return count, found or ""


def split(words: Sequence[str], table: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The entries among *words* in their order, and the words that belong to none."""
    found: list[str] = []
    left: list[str] = []
    while words:
        count, entry = find_first(words, table)
        if count:
            found.append(entry)
        else:
            left.append(words[0])
        words = words[max(count, 1) :]
    return found, left


@lru_cache(maxsize=4096)
def _forms(word: str) -> tuple[str, ...]:
    """*word* as it is, then as masculine singular by each rule that fits."""
    return tuple(_each_form(word))


def _each_form(word: str) -> Iterator[str]:
    yield word
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            yield word.removesuffix(ending) + replacement
