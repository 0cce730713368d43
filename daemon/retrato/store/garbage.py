"""Stored pictures that nobody names: noted, decided about, forgotten when they are removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from retrato.store.database import Database
from retrato.store.host import Host, quoted
from retrato.store.host_writes import address_places
from retrato.store.queries import host_query, query
from retrato.store.rendered import HostTables, Rendered


@dataclass(frozen=True, slots=True)
class Identity:
    """Which database this is; a copy of it has another ``name``."""

    name: str
    installed_at: datetime


@dataclass(frozen=True, slots=True)
class Unnamed:
    """
    A picture that nobody names.

    ``is_due`` = it was noted at least the grace time ago; ``is_foreign`` = this database, as it is, cannot have
    stored it.
    """

    image_key: str
    is_due: bool
    is_foreign: bool


class Garbage:
    """Keys are those of pictures; each stands for its thumbnail too."""

    def __init__(self, database: Database, host: Host | HostTables) -> None:
        self._database = database
        self._doom = Rendered(database, host, _doom)

    async def identity(self) -> Identity:
        """Which database this is."""
        row = await self._database.fetchrow(query("read_identity"))
        assert row is not None
        return Identity(row["identity"], row["installed_at"])

    async def sample(self, *, each: int) -> list[str]:
        """Up to *each* of the newest pictures that versions name, and as many of all of them, by chance."""
        return [row["image_key"] for row in await self._database.fetch(query("sample_pictures"), each)]

    async def find(self, stored: Mapping[str, int], *, grace_s: float) -> list[Unnamed]:
        """Which of the *stored* pictures (key → token) nobody names; changes nothing."""
        rows = await self._database.fetch(query("find_garbage"), list(stored), list(stored.values()), grace_s)
        return [Unnamed(row["image_key"], row["is_due"], row["is_foreign"]) for row in rows]

    async def note(self, unnamed: Mapping[str, int]) -> None:
        """Remember since when nobody names these (key → token); what is remembered already stays as it is."""
        await self._database.execute(query("note_garbage"), list(unnamed), list(unnamed.values()))

    async def doom(self, *, grace_s: float, limit: int, behind: str) -> str | None:
        """
        Decide about up to *limit* noted pictures whose grace time is over, in order behind the key *behind*.

        Returns the last key that was decided about, None at the end.
        """
        row = await self._doom.ask(lambda sql: self._database.fetchrow(sql, grace_s, limit, behind))
        assert row is not None
        position: str | None = row["position"]
        return position

    async def doomed(self, *, limit: int) -> list[str]:
        """Up to *limit* pictures that are to be removed."""
        return [row["image_key"] for row in await self._database.fetch(query("list_doomed_garbage"), limit)]

    async def forget(self, image_keys: Sequence[str]) -> None:
        """These are removed."""
        await self._database.execute(query("forget_garbage"), list(image_keys))


def _doom(host: Host) -> str:
    return host_query("doom_garbage", {"addresses": _addresses(host)})


def _addresses(host: Host) -> str:
    """All addresses of pictures and thumbnails in the application's tables, as SQL."""
    held = [
        f"select {quoted(column)}::text as address from {table.name}" for table, column in address_places(host)
    ]
    return " union all ".join(held) or "select null::text as address"
