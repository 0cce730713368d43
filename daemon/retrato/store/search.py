"""What somebody types who searches, as a pattern for Postgres that minds neither accents nor case."""

import unicodedata
from collections import defaultdict

# The letters of Latin-1: a database in that encoding has no others, and refuses a pattern that does.
_ACCENTED = [chr(code) for code in range(0xC0, 0x100)]


def sought(text: str) -> tuple[str, str]:
    """
    A pattern that finds *text* anywhere in a name, empty for an empty one, and *text* itself, as a key.

    The pattern is an advanced regular expression for ``~`` and ``collate "C"``. It names all spellings itself, as
    ``[eEèéêëÈÉÊË]``: so it finds the same in every database, and several times as fast as folding each row.
    """
    typed = text.strip().replace("\x00", "")
    return "".join(_spellings(character) for character in _folded(typed)), typed


def _folded(text: str) -> str:
    """*text* without accents, in lower case."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(character for character in apart if not unicodedata.combining(character)).lower()


def _spellings(character: str) -> str:
    if character.isalpha():
        ways = dict.fromkeys([character, character.upper(), *_ACCENTS.get(character, ())])
        return f"[{''.join(way for way in ways if len(way) == 1)}]"
    return f"\\{character}" if character.isascii() and not character.isalnum() else character


def _accents() -> dict[str, list[str]]:
    """Letter → the same with accents, small and large."""
    accents = defaultdict(list)
    for accented in _ACCENTED:
        accents[_folded(accented)].append(accented)
    return dict(accents)


_ACCENTS = _accents()
