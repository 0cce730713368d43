"""What is done now and then, by whichever replica comes first: the sweep and the pruning."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from retrato.domain.errors import ConfigError, NotMigratedError
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.host_words import host_words
from retrato.store.queries import host_query, query
from retrato.store.rendered import HostTables, Rendered


class Chore(StrEnum):
    """A row of ``retrato.chores``."""

    SWEEP = "sweep"
    PRUNE = "prune"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Swept:
    """One step of the sweep: personas without a job that need one, and where to go on, None at the end."""

    missing: Sequence[str]
    flagged: Sequence[str]
    position: str | None


class Chores:
    """Turns are shared by all replicas; each step is one short statement."""

    def __init__(self, database: Database, host: Host | HostTables) -> None:
        self._database = database
        self._rendered = Rendered(database, host, self._render)

    def _render(self, host: Host) -> Host:
        """The statements that read the tables of *host*."""
        words = host_words(host)
        self._first = host_query("sweep", {**words, "behind_position": "$1::text = ''"})
        behind = f"p.{words['personas_id']} {words['is_behind_id']} $1::text::{words['id_type']}"
        self._next = host_query("sweep", {**words, "behind_position": behind})
        return host

    async def take(self, chore: Chore, *, rest_s: float) -> str | None:
        """Take the turn for *rest_s* seconds; returns the position, None when somebody has had it lately."""
        row = await self._database.fetchrow(query("take_chore"), chore.value, rest_s)
        return str(row["position"]) if row is not None else None

    async def note(self, chore: Chore, position: str, *, rest_s: float | None = None) -> None:
        """Go on at *position* next time, in *rest_s* seconds; None = as the turn was taken."""
        await self._database.execute(query("note_chore"), chore.value, position, rest_s)

    async def sweep(self, position: str, *, limit: int, everybody: bool) -> Swept:
        """
        Look at the next *limit* personas behind *position* (empty = from the first).

        Unless *everybody*, only those created after the installation count, and flags in a column that is ours.

        Raises:
            ConfigError: the application's tables cannot be read so (a right, a column that is gone).

        """
        try:
            row = await self._rendered.ask(
                lambda _: self._database.fetchrow(
                    self._next if position else self._first, position, limit, everybody
                )
            )
        except (asyncpg.PostgresError, NotMigratedError) as exc:
            raise ConfigError(f"the application's tables cannot be swept: {exc}") from exc
        assert row is not None
        is_end = row["looked_at"] < limit
        return Swept(row["missing"], row["flagged"], None if is_end else row["position"])

    async def forget_gone(self, behind: str, *, limit: int) -> tuple[str | None, int]:
        """
        Forget what belongs to rows that are no more, of the next *limit* personas that are remembered.

        Returns the last of them, None at the end, and how many were forgotten.
        """
        row = await self._database.fetchrow(query("forget_gone"), behind, limit)
        assert row is not None
        return row["last_persona_id"], row["forgotten"]

    async def prune_attempts(self, *, days: int, limit: int) -> int:
        """Forget up to *limit* attempts older than *days*; returns how many went."""
        row = await self._database.fetchrow(query("prune_attempts"), days, limit)
        assert row is not None
        return int(row["gone"])

    async def close_unfinished(self, *, hours: int) -> None:
        """Close attempts without an end that are older than *hours* and belong to no job."""
        await self._database.execute(query("close_unfinished_attempts"), hours)
