"""What a check says: how things are, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"
    """Worth a look; Retrato works."""
    FAIL = "fail"
    """Something must be done."""
    SKIP = "skip"
    """Not looked at, because something else must be done first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen, in words, and the remedy where one is needed."""

    level: Level
    words: str
    remedy: str | None = None


def ok(words: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, words)


def warn(words: str, remedy: str) -> Finding:
    """Retrato works, but somebody should know."""
    return Finding(Level.WARN, words, remedy)


def fail(words: str, remedy: str | None = None) -> Finding:
    """Something must be done."""
    return Finding(Level.FAIL, words, remedy)


def skip(words: str) -> Finding:
    """Nobody has looked."""
    return Finding(Level.SKIP, words)


def unexpected(exc: Exception) -> str:
    """An error that no check reckoned with, on one line: its class and its words."""
    return " ".join(f"{type(exc).__name__}: {exc}".split())
