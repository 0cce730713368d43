"""
The write-back: fenced, the host's rows and ours together, one transaction for all that is finished at the moment.

    write ─▶ all who wait, in one transaction; rows that somebody holds are passed over
               └─ not written there ─▶ each in a transaction of its own, that waits for the row and hears why

Whose turn it is writes for all who wait: without load nobody waits for anybody, under load the groups grow.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

import asyncpg

from retrato.domain.errors import ConfigError, NotMigratedError, StoreUnavailableError
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.host_writes import host_writes
from retrato.store.queries import host_query, query

_MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished version, its pictures already stored. Field names are those of ``retrato.avatars``."""

    persona_id: str
    token: int
    generation: int
    version: int
    image_key: str
    thumbnail_key: str
    image_url: str
    thumbnail_url: str
    sha256: str
    image_bytes: int
    width: int
    height: int
    provider: str
    leg: str
    model: str
    prompt: str
    seed: int | None
    redraw: int
    steps: int | None
    guidance: float | None
    cost_usd: float | None
    attempts: int
    took_s: float
    service: str
    """What the host's column ``servico_usado`` gets, e.g. ``huggingface_FLUX.1-dev``."""
    metadados: dict[str, Any] = field(repr=False)
    """Merged into the host's ``metadados``; keys of others stay."""


_COLUMNS = tuple(column.name for column in fields(Finished))


class Outcome(StrEnum):
    """What became of one finished version."""

    WRITTEN = "written"
    ASKED_AGAIN = "asked again"
    """Written; the persona was asked for once more meanwhile and is queued again."""
    LOST = "lost"
    """The fence did not hold, nothing was written; the job's new owner may complete from the stored pictures."""
    GONE = "gone"
    """The persona or its job is gone, nothing was written, and nobody wants the stored pictures."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """One that waits to be written with others: whether that was tried, and what came of it if it worked."""

    finished: Finished
    outcome: Outcome | None = None
    answered: bool = False


class Avatars:
    """Writes finished versions; safe to use for many at once."""

    def __init__(self, database: Database, host: Host) -> None:
        self._database = database
        words = host.words()
        self._lock_one = host_query("lock_personas", {**words, "of_those_held": ""})
        self._lock_free = host_query("lock_personas", {**words, "of_those_held": "skip locked"})
        self._finish = host_query("finish_jobs", {**words, "host_writes": host_writes(host)})
        self._waiting: list[_Waiting] = []
        self._turn = asyncio.Lock()

    async def write(self, finished: Finished) -> Outcome:
        """
        Write *finished* into the host's tables and ours, and end its job; all or nothing.

        Raises:
            StoreUnavailableError: the connection broke or an application holds the rows; whether the write took
                place is unknown. Repeating is safe: what is there already is found by its fence.
            ConfigError: the application's tables do not take the avatar (a right, a constraint, a trigger of
                theirs, a column that is too short or gone). Nothing was written; repeating is safe here too.

        """
        outcome = await self._write_with_others(finished)
        return outcome if outcome is not None else await self._write_alone(finished)

    async def _write_with_others(self, finished: Finished) -> Outcome | None:
        """What became of it together with all who wait; None when it was not written so."""
        me = _Waiting(finished)
        self._waiting.append(me)
        try:
            async with self._turn:
                if not me.answered:
                    await self._write_group(self._group_with(me))
        finally:
            if not me.answered:
                self._waiting.remove(me)
        return me.outcome

    def _group_with(self, me: _Waiting) -> list[_Waiting]:
        """Who is written together: *me* and the first of those who wait, at most one for each persona."""
        group = {one.finished.persona_id: one for one in [*self._waiting[: _MOST_AT_ONCE - 1], me]}
        return list(group.values())

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        """
        Write what can be written at once, and answer all of *group*.

        Cancelled in between, nobody is answered: the next one takes the turn, and the fences tell what is there.
        """
        try:
            written = await self._in_one_transaction([one.finished for one in group], self._lock_free)
        except StoreUnavailableError:
            written = {}  # each asks once more by itself, and hears the same if it is still so
        except (asyncpg.PostgresError, NotMigratedError):
            written = {}  # one of them may spoil it for all
        for one in group:
            one.outcome = written.get(one.finished.token)
            one.answered = True
            self._waiting.remove(one)

    async def _write_alone(self, finished: Finished) -> Outcome:
        outcome = await self._written(finished)
        if outcome is not None:
            return outcome
        found = await self._database.fetchrow(
            query("find_written"), finished.token, finished.persona_id, finished.image_key
        )
        assert found is not None
        if found["is_written"]:
            return Outcome.WRITTEN
        return Outcome.LOST if found["is_wanted"] else Outcome.GONE

    async def _written(self, finished: Finished) -> Outcome | None:
        try:
            try:
                return (await self._in_one_transaction([finished], self._lock_one)).get(finished.token)
            except asyncpg.UniqueViolationError:
                # An application has just inserted the row of personas_avatares: now it can be updated.
                return (await self._in_one_transaction([finished], self._lock_one)).get(finished.token)
        except (asyncpg.PostgresError, NotMigratedError) as exc:
            raise ConfigError(f"the application's tables do not take the avatar: {exc}") from exc

    async def _in_one_transaction(self, group: Sequence[Finished], lock: str) -> Mapping[int, Outcome]:
        """Fence → outcome of those that were written; the others' personas are gone or held, or their fence is."""
        async with self._database.transaction() as connection:
            locked = await connection.fetch(lock, [one.persona_id for one in group])
            if not locked:
                return {}
            rows = await connection.fetch(
                self._finish,
                json.dumps([{column: getattr(one, column) for column in _COLUMNS} for one in group]),
                [row["persona_id"] for row in locked],
            )
        return {row["token"]: Outcome.ASKED_AGAIN if row["asked_again"] else Outcome.WRITTEN for row in rows}
