"""What people ask for: Executar, Forçar, once more what failed."""

from collections.abc import Sequence
from enum import StrEnum

import asyncpg

from retrato.domain.errors import NotFoundError
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.host_words import host_words
from retrato.store.queries import host_query
from retrato.store.rendered import HostTables, Rendered


class Wish(StrEnum):
    """What shall be drawn."""

    MISSING = "missing"
    """Executar: what is missing or has failed."""
    FAILED = "failed"
    """Only what has failed."""
    ALL = "all"
    """Forçar: a new version for everybody who is ready."""


class Requests:
    """
    Calls the functions that applications call too; each is one short transaction.

    An application that holds a row, or waits for one of ours, goes first: should the two meet in a circle, it is
    never the application that Postgres ends.
    """

    def __init__(self, database: Database, host: Host | HostTables | None = None) -> None:
        self._database = database
        self._found = Rendered(database, host, _found) if host is not None else None

    async def for_company(self, empresa_id: str, wish: Wish) -> int:
        """Enqueue for one company; returns how many personas were enqueued."""
        if wish is Wish.FAILED:
            return await self._failed("empresa_id = $1::text", empresa_id)
        row = await self._database.write_patiently(
            "select retrato.request_company($1::text, $2::boolean) as enqueued", empresa_id, wish is Wish.ALL
        )
        assert row is not None
        return int(row["enqueued"])

    async def for_personas(self, persona_ids: Sequence[str], wish: Wish) -> int:
        """Enqueue for some personas; returns how many were enqueued. What already waits or runs is not counted."""
        try:
            if wish is Wish.FAILED:
                return await self._failed("persona_id = any($1::text[])", list(persona_ids))
            row = await self._database.write_patiently(
                "select retrato.request($1::text[], $2::boolean) as enqueued", list(persona_ids), wish is Wish.ALL
            )
        except asyncpg.DataError as exc:
            raise NotFoundError(f"there is no persona with such an id: {', '.join(persona_ids)}") from exc
        assert row is not None
        return int(row["enqueued"])

    async def for_found(self, persona_ids: Sequence[str], wish: Wish) -> int:
        """
        The same for those whom the sweep has found: nobody waits for them, so they are bulk work.

        With a *host* the application's rows are read as they are now, whatever our functions were made for.
        """
        if self._found is not None:
            row = await self._found.ask(
                lambda sql: self._database.write_patiently(sql, list(persona_ids), wish is Wish.ALL)
            )
            assert row is not None
            return int(row["enqueued"])
        row = await self._database.write_patiently(
            "select retrato.request_in_lane($1::text[], $2::boolean, 1::smallint) as enqueued",
            list(persona_ids),
            wish is Wish.ALL,
        )
        assert row is not None
        return int(row["enqueued"])

    async def _failed(self, condition: str, value: object) -> int:
        row = await self._database.write_patiently(
            f"""
            select retrato.request(array_agg(persona_id), false) as enqueued
            from retrato.persona_status
            where state = 'failed' and {condition}
            """,
            value,
        )
        assert row is not None
        return int(row["enqueued"])


def _found(host: Host) -> str:
    return host_query("request_found", host_words(host))
