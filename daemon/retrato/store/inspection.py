"""What a database looks like from outside, for ``retrato doctor``: catalogues, and a write that is rolled back."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrato.store.database import Database
from retrato.store.drift import triggers
from retrato.store.host import Host
from retrato.store.mapping import FLAG
from retrato.store.queries import query
from retrato.store.ready_prompts import ReadyPrompts, look
from retrato.store.rights import Right, lacking
from retrato.store.rpc import MARK
from retrato.store.trial import Addresses, Trial, try_writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server and our session on it; ``now_s`` is its clock, in seconds since 1970."""

    version: str
    major: int
    database: str
    role: str
    is_standby: bool
    is_read_only: bool
    isolation: str
    now_s: float
    connections_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A table on which row level security holds; ``sees`` is all, some or none of its rows."""

    who: str
    role: str
    table_name: str
    sees: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A role that stands for everybody or nobody in particular, and what it may start."""

    role: str
    may_raise_the_flag: bool
    may_insert: bool
    may_request: bool
    wrappers: Sequence[str]
    """Functions for PostgREST that it may call (store/rpc.py)."""


class Inspection:
    """Looks, and leaves nothing changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def server(self) -> Server:
        """The server and this session."""
        row = await self._database.fetchrow(query("inspect_server"))
        assert row is not None
        return Server(**dict(row))

    async def triggers(self, host: Host) -> tuple[Sequence[str], Sequence[str]]:
        """Our triggers that should be on the host's tables and are not, and those that are disabled."""
        async with self._database.connection() as connection:
            return await triggers(connection, host)

    async def timeouts(self) -> dict[str, float]:
        """After how many seconds the server ends a statement or transaction of ours, by the setting's name."""
        return {row["name"]: row["seconds"] for row in await self._database.fetch(query("inspect_timeouts"))}

    async def try_writing(self, host: Host, addresses: Addresses) -> Trial:
        """Whether the application's tables take an avatar; one is written and rolled back."""
        async with self._database.connection() as connection:
            return await try_writing(connection, host, addresses)

    async def lacking(self, host: Host) -> list[Right]:
        """What this role lacks of what the daemon needs."""
        async with self._database.connection() as connection:
            return await lacking(connection, host)

    async def ready_prompts(self, host: Host) -> ReadyPrompts | None:
        """Who has a prompt of the application's; None where no column could hold one."""
        async with self._database.connection() as connection:
            return await look(connection, host)

    async def guarded(self, host: Host) -> list[Guarded]:
        """Where row level security holds for the daemon or for the triggers."""
        tables = [table.name for table in (host.personas, host.avatares, host.empresas) if table is not None]
        return [Guarded(**dict(row)) for row in await self._database.fetch(query("inspect_row_security"), tables)]

    async def strangers(self, host: Host) -> list[Stranger]:
        """Who may start paid work without being anybody in particular."""
        rows = await self._database.fetch(query("inspect_strangers"), host.personas.name, FLAG, MARK)
        return [Stranger(**dict(row)) for row in rows]
