"""
The write-back: fenced, the host's rows and ours together, one transaction for all that is finished at the moment.

    write ─▶ all who wait, in one transaction; rows that somebody holds are passed over
               └─ not written there ─▶ each in a transaction of its own, that waits for the row and hears why

Who is called writes for all who wait: without load nobody waits for anybody, under load the groups grow. While one
group is written a second one is only begun when it is large: two small ones cost more than one.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from itertools import islice
from typing import Any

import asyncpg

from retrato.domain.errors import ConfigError, NotMigratedError, RetratoError
from retrato.store.database import Database
from retrato.store.queries import query

_MOST_AT_ONCE = 64
_GROUPS_AT_ONCE = 2
"""While Postgres writes one, we tell the answers of the other and put the next together."""
_ENOUGH = 32
"""So many are worth a second group: in small ones each costs more."""


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
    stored_bytes: int
    """Those of the thumbnail too; nothing that a table keeps."""
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
    prompt_is_theirs: bool = False
    """Whether the application wrote the prompt: a copy of ours is not read back as its own."""


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
    """One that waits to be written, or called to write for all; no ``outcome``: it was not written so."""

    finished: Finished
    outcome: Outcome | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is called, or its outcome is there."""


class Avatars:
    """Writes finished versions; safe to use for many at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[_Waiting, None] = {}  # in the order of arrival
        self._called: _Waiting | None = None
        self._groups = 0

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
        self._waiting[me] = None
        self._call_next()
        try:
            await me.news.wait()
            if self._called is me:
                await asyncio.sleep(0)  # who ends in the same moment comes along
                await self._write_group(self._group())
        finally:
            self._waiting.pop(me, None)
            if self._called is me:  # cancelled before it could write
                self._called = None
            self._call_next()
        return me.outcome

    def _call_next(self) -> None:
        """The first who waits shall write, unless somebody is about to, or enough do already."""
        if (
            self._called is None
            and self._waiting
            and self._groups < (_GROUPS_AT_ONCE if len(self._waiting) >= _ENOUGH else 1)
        ):
            self._called = next(iter(self._waiting))
            self._called.news.set()

    def _group(self) -> list[_Waiting]:
        """Who is written together, and waits no more: the first of those who do, at most one for each persona."""
        group: dict[str, _Waiting] = {}
        for one in islice(self._waiting, _MOST_AT_ONCE):
            group.setdefault(one.finished.persona_id, one)
        for one in group.values():
            del self._waiting[one]
        return list(group.values())

    async def _write_group(self, group: Sequence[_Waiting]) -> None:
        """
        Write what can be written at once, and answer all of *group*.

        Where it fails, or is cancelled, the outcome is open: each asks once more by itself, and its fence tells.
        """
        self._called = None
        self._groups += 1
        self._call_next()
        written: Mapping[int, Outcome] = {}
        try:
            written = await self._in_one_transaction([one.finished for one in group], patiently=False)
        except (asyncpg.PostgresError, RetratoError):
            pass  # one of them may spoil it for all
        finally:
            self._groups -= 1
            for one in group:
                one.outcome = written.get(one.finished.token)
                one.news.set()

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
                return await self._alone_once(finished)
            except asyncpg.UniqueViolationError:
                # An application has just inserted the row of personas_avatares: now it can be updated. Or somebody
                # has restored an old version meanwhile, and it has taken the number.
                return await self._alone_once(await self._renumbered(finished))
        except (asyncpg.PostgresError, NotMigratedError) as exc:
            # Without the server's DETAIL, which may quote the row.
            raise ConfigError(f"the application's tables do not take the avatar: {exc.args[0]}") from exc

    async def _renumbered(self, finished: Finished) -> Finished:
        """*finished* with a number behind all versions that are there."""
        row = await self._database.fetchrow(query("next_version"), finished.persona_id)
        assert row is not None
        version = max(finished.version, row["version"])
        told = finished.metadados["flux_generation"]
        return replace(finished, version=version, metadados={"flux_generation": {**told, "version": version}})

    async def _alone_once(self, finished: Finished) -> Outcome | None:
        return (await self._in_one_transaction([finished], patiently=True)).get(finished.token)

    async def _in_one_transaction(self, group: Sequence[Finished], *, patiently: bool) -> Mapping[int, Outcome]:
        """Fence → outcome of those that were written; the others' personas are gone or held, or their fence is."""
        rows = await self._database.fetch_fresh(
            query("write_back"),
            json.dumps([{column: getattr(one, column) for column in _COLUMNS} for one in group]),
            patiently,
        )
        return {row["token"]: Outcome.ASKED_AGAIN if row["asked_again"] else Outcome.WRITTEN for row in rows}
