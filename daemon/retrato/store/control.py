"""What operators say: pause, resume, cancel. In the database, so that all replicas hear it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import asyncpg

from retrato.domain.errors import NotFoundError
from retrato.store.database import Database
from retrato.store.queries import query

_CANCELLED_AT_ONCE = 1000


class Scope(StrEnum):
    """What a pause concerns."""

    ALL = "all"
    EMPRESA = "empresa"
    LEG = "leg"
    """One leg (``huggingface/fal-ai``), or all legs of a provider (``huggingface``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause in force; ``name`` is empty where everything is paused."""

    scope: str
    name: str
    reason: str | None
    paused_at: datetime


class Control:
    """Calls the functions that operators may call with SQL too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pause(self, scope: Scope, name: str = "", *, reason: str | None = None) -> bool:
        """
        Begin nothing new there, from the next claim and the next paid call on; calls under way are finished.

        Returns whether it was not paused before.
        """
        sql = "select retrato.pause($1::text, $2::text, $3::text) as answer"
        return bool(await self._call(sql, scope.value, name, reason))

    async def resume(self, scope: Scope, name: str = "") -> bool:
        """
        Go on there; returns whether anything was paused or closed.

        Legs that faults have closed are open again where they are named, and who waits for a leg comes now.
        """
        return bool(await self._call("select retrato.resume($1::text, $2::text) as answer", scope.value, name))

    async def pauses(self) -> list[Pause]:
        """The pauses in force, the oldest first."""
        return [Pause(**dict(row)) for row in await self._database.fetch(query("list_pauses"))]

    async def cancel_personas(self, persona_ids: Sequence[str]) -> int:
        """
        Give up what waits or runs for these personas; returns how many jobs there were.

        A replica that works on one notices with its next heartbeat. Who has an avatar keeps it, the others count
        as failed until somebody asks again.

        Raises:
            NotFoundError: no persona can have such an id.

        """
        try:
            return int(await self._call("select retrato.cancel($1::text[]) as answer", list(persona_ids)))
        except asyncpg.DataError as exc:
            raise NotFoundError(f"there is no persona with such an id: {', '.join(persona_ids)}") from exc

    async def cancel_company(self, empresa_id: str | None) -> int:
        """The same for a whole company, None = for all; a thousand at a time, so that nobody waits long."""
        rows = await self._database.fetch(query("list_under_way"), empresa_id)
        persona_ids = [row["persona_id"] for row in rows]
        cancelled = 0
        for start in range(0, len(persona_ids), _CANCELLED_AT_ONCE):
            cancelled += await self.cancel_personas(persona_ids[start : start + _CANCELLED_AT_ONCE])
        return cancelled

    async def end_session(self, session_id: str, *, keep_s: float) -> None:
        """A login of the console holds no more, at no replica; remembered for *keep_s* seconds."""
        await self._database.write_patiently(query("insert_console_logout"), session_id, keep_s)

    async def _call(self, sql: str, *args: object) -> Any:
        """The function's answer."""
        row = await self._database.write_patiently(sql, *args)
        assert row is not None
        return row["answer"]
