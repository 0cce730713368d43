"""Where a look into an index may begin: below it everything has ended, though its entries may still be there."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sight:
    """What one statement saw, for the next floor; in the order of the index, whatever it is."""

    seen: tuple[int, ...]
    """The first entry that is alive from the floor on, at most *reached*."""
    reached: tuple[int, ...]
    """Whoever takes a transaction number after this statement's adds nothing below."""
    writer: int | None
    """The statement's transaction number, if it has taken one."""
    oldest_writer: int
    """The smallest number of a transaction that had not ended."""


class Floor:
    """
    A lower bound of all that is alive in one index.

    While somebody holds an old snapshot Postgres removes no index entry, and every look from the beginning visits
    them all. A floor rises to what was seen, but never above what was reached in an earlier statement, and only
    when all transactions have ended that had begun to write before that one: they may have added below it.
    """

    def __init__(self, bottom: tuple[int, ...], *, look_back_every_s: float) -> None:
        self._bottom = bottom
        self._look_back_every_s = look_back_every_s
        self._looked_back_at = time.monotonic()
        self.at = bottom
        self._reached = bottom
        self._after: int | None = None

    def begin(self) -> tuple[int, ...]:
        """Where the next look begins: at the floor, and now and then at the bottom."""
        now = time.monotonic()
        if now - self._looked_back_at < self._look_back_every_s:
            return self.at
        self._looked_back_at = now
        return self._bottom

    def learn(self, sight: Sight) -> None:
        """Rise, or sink where something was found below after all."""
        if self._after is not None and sight.oldest_writer > self._after:
            self.at = min(sight.seen, self._reached)
            self._after = None
        self.at = min(self.at, sight.seen)
        if self._after is None and sight.writer is not None:
            self._reached, self._after = sight.reached, sight.writer
