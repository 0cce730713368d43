"""The finished versions of a persona: listed, and brought back."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from retrato.domain.errors import ConfigError, NotFoundError
from retrato.store.database import Database
from retrato.store.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One finished version; ``restored_from`` is the one that it is a copy of, ``cost_usd`` what it has cost."""

    version: int
    restored_from: int | None
    provider: str
    model: str
    seed: int | None
    cost_usd: float | None
    image_url: str
    created_at: datetime


class Versions:
    """Reads ``retrato.avatars``, and calls the function that operators may call with SQL too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, persona_id: str) -> list[Version]:
        """All versions of a persona, the newest first; none where it has no avatar or is not there."""
        rows = await self._database.fetch(query("list_versions"), persona_id)
        return [Version(**dict(row)) for row in rows]

    async def restore(self, persona_id: str, version: int) -> int:
        """
        Bring *version* back as the newest one; returns the new number. What waits or runs goes on.

        Raises:
            NotFoundError: there is no such persona, or it has no such version.
            ConfigError: the application's tables do not take it (a right, a constraint, a trigger of theirs).
            StoreUnavailableError: nobody answers, or an application holds the row for several seconds.

        """
        nowhere = f"persona {persona_id!r} has no version {version}"
        try:
            row = await self._database.write_patiently(query("restore_version"), persona_id, version)
        except asyncpg.DataError as exc:
            raise NotFoundError(f"{nowhere}: no persona can have such an id") from exc
        except asyncpg.PostgresError as exc:
            raise ConfigError(f"the application's tables do not take the avatar: {exc}") from exc
        assert row is not None
        if row["version"] is None:
            raise NotFoundError(nowhere)
        return int(row["version"])
