"""The write-back: one transaction, fenced, the host's row and ours together."""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import asyncpg

from retrato.domain.errors import ConfigError, NotMigratedError
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.host_writes import host_writes
from retrato.store.queries import host_query, query


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


class Outcome(StrEnum):
    """What became of one finished version."""

    WRITTEN = "written"
    ASKED_AGAIN = "asked again"
    """Written; the persona was asked for once more meanwhile and is queued again."""
    LOST = "lost"
    """The fence did not hold, nothing was written; the job's new owner may complete from the stored pictures."""
    GONE = "gone"
    """The persona or its job is gone, nothing was written, and nobody wants the stored pictures."""


class Avatars:
    """Writes finished versions."""

    def __init__(self, database: Database, host: Host) -> None:
        self._database = database
        words = host.words()
        self._lock = host_query("lock_persona", words)
        self._finish = host_query("finish_job", {**words, "host_writes": host_writes(host)})

    async def write(self, finished: Finished) -> Outcome:
        """
        Write *finished* into the host's tables and ours, and end its job; all or nothing.

        Raises:
            StoreUnavailableError: the connection broke or an application holds the rows; whether the write took
                place is unknown. Repeating is safe: what is there already is found by its fence.
            ConfigError: the application's tables do not take the avatar (a right, a constraint, a trigger of
                theirs, a column that is too short or gone). Nothing was written; repeating is safe here too.

        """
        row = await self._written(finished)
        if row is not None:
            return Outcome.ASKED_AGAIN if row["asked_again"] else Outcome.WRITTEN
        found = await self._database.fetchrow(
            query("find_written"), finished.token, finished.persona_id, finished.image_key
        )
        assert found is not None
        if found["is_written"]:
            return Outcome.WRITTEN
        return Outcome.LOST if found["is_wanted"] else Outcome.GONE

    async def _written(self, finished: Finished) -> asyncpg.Record | None:
        try:
            try:
                return await self._write_once(finished)
            except asyncpg.UniqueViolationError:
                # An application has just inserted the row of personas_avatares: now it can be updated.
                return await self._write_once(finished)
        except (asyncpg.PostgresError, NotMigratedError) as exc:
            raise ConfigError(f"the application's tables do not take the avatar: {exc}") from exc

    async def _write_once(self, finished: Finished) -> asyncpg.Record | None:
        """What became of it, None when the persona is gone or the fence does not hold."""
        async with self._database.transaction() as connection:
            if await connection.fetchrow(self._lock, finished.persona_id) is None:
                return None
            return await connection.fetchrow(self._finish, json.dumps(asdict(finished)))
