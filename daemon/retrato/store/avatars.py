"""The write-back: one transaction, fenced, the host's row and ours together."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import asyncpg

from retrato.domain.errors import StoreUnavailableError
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.host_writes import host_writes
from retrato.store.queries import query


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
    """The fence did not hold: nothing was written."""


class Avatars:
    """Writes finished versions."""

    def __init__(self, database: Database, host: Host) -> None:
        self._database = database
        words = host.words()
        self._lock = query("lock_personas", words)
        self._finish = query("finish_jobs", {**words, "host_writes": host_writes(host)})
        self._find = query("find_written")

    async def write(self, finished: Sequence[Finished]) -> dict[int, Outcome]:
        """
        Write all of *finished* in one transaction, and tell the outcome by fence.

        Raises:
            StoreUnavailableError: the connection broke or the application was in the way; whether the write
                took place is unknown. Repeating is safe: what is there already is found by its fence.

        """
        if not finished:
            return {}
        outcomes = dict.fromkeys((f.token for f in finished), Outcome.LOST)
        try:
            async with self._database.transaction() as connection:
                await connection.execute(self._lock, [f.persona_id for f in finished])
                rows = await connection.fetch(self._finish, json.dumps([asdict(f) for f in finished]))
        except (asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError) as exc:
            raise StoreUnavailableError(f"the application was writing the same rows: {exc}") from exc
        for row in rows:
            outcomes[row["token"]] = Outcome.ASKED_AGAIN if row["asked_again"] else Outcome.WRITTEN
        if Outcome.LOST in outcomes.values():
            # The reply to an earlier COMMIT may have been lost: then the version is there already.
            lost = [token for token, outcome in outcomes.items() if outcome is Outcome.LOST]
            for row in await self._database.fetch(self._find, lost):
                outcomes[row["token"]] = Outcome.WRITTEN
        return outcomes
