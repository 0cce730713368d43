"""An open, migrated database: enough for commands that read and ask."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from retrato.domain.errors import ConfigError, NotMigratedError, RetratoError, StoreUnavailableError
from retrato.settings import Settings
from retrato.store import migrations, queries
from retrato.store.control import Control
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.personas import Personas
from retrato.store.rendered import HostTables
from retrato.store.requests import Requests
from retrato.store.status import Status
from retrato.store.versions import Versions
from retrato.supervise import backoff, wait_for_any

log = structlog.get_logger()

_ONE_SHOT_TRIES = 4
_LOOK_AGAIN_S = 1.0
_SHARED_CONNECTIONS = 3
"""Of the pool's five: pages and maintenance that wait for locks leave two to claims and heartbeats."""
_SPREAD_S = 0.5
"""Daemons that start together come to the database within so many seconds, not all at once."""


@dataclass(frozen=True, slots=True)
class Base:
    """
    An open, migrated database and what can be asked of it.

    ``tables`` are the application's, as they were read last.
    ``shared`` is a part of the same pool, for what is not needed for drawing: it leaves connections to the rest.
    """

    database: Database
    shared: Database
    tables: HostTables
    personas: Personas
    requests: Requests
    status: Status
    control: Control
    versions: Versions


def _unheard(_reason: RetratoError) -> None:
    """Nobody asks what is waited for."""


@asynccontextmanager
async def open_base(
    settings: Settings,
    dsn: str,
    *,
    stop: asyncio.Event | None = None,
    waits: Callable[[RetratoError], None] = _unheard,
    knew_tables: bool = False,
) -> AsyncIterator[Base | None]:
    """
    Open the database and check that it is migrated.

    With *stop* (the daemon) a database that is away, or does not serve this release, is waited for until *stop* is
    set; then None comes out. *waits* hears why. Without, a few tries are made to reach it. Tables that this
    process *knew* are waited for too, where the application has taken them away.

    Raises:
        StoreUnavailableError: the database was away for all tries.
        NotMigratedError: it is behind this release, or does not serve it any more.

    """
    queries.read_all()
    migrations.read_all()
    database = Database(dsn, statement_cache_size=settings.statement_cache_size)
    try:
        if not await _opened(database, stop):
            yield None
            return
        host = await _host(database, settings.host_mapping, stop, waits, knew_tables=knew_tables)
        if host is None:
            yield None
            return
        tables = HostTables(database, host)
        yield Base(
            database=database,
            shared=database.share(_SHARED_CONNECTIONS),
            tables=tables,
            personas=Personas(database, tables),
            requests=Requests(database),
            status=Status(database),
            control=Control(database),
            versions=Versions(database),
        )
    finally:
        await database.close()


async def _opened(database: Database, stop: asyncio.Event | None) -> bool:
    waits = backoff(first_s=0.5, longest_s=1.0)
    tries = 0
    if stop is not None:
        await wait_for_any(stop, timeout_s=random.uniform(0, _SPREAD_S))  # noqa: S311
    while True:
        tries += 1
        try:
            await database.open()
        except StoreUnavailableError as exc:
            if stop is None and tries >= _ONE_SHOT_TRIES:
                raise
            wait_s = next(waits)
            log.warning("database.away", error=str(exc), again_in_s=round(wait_s, 1))
            await wait_for_any(stop or asyncio.Event(), timeout_s=wait_s)
            if stop is not None and stop.is_set():
                return False
        else:
            return True


async def _host(
    database: Database,
    mapping: HostMapping,
    stop: asyncio.Event | None,
    waits: Callable[[RetratoError], None],
    *,
    knew_tables: bool,
) -> Host | None:
    """The application's tables in a database that serves this release; None where *stop* came before."""
    told = ""
    while True:
        try:
            async with database.connection() as connection:
                await migrations.require(connection, mapping)
                return await Host.read(connection, mapping)
        except (NotMigratedError, StoreUnavailableError, ConfigError) as exc:
            if stop is None or (isinstance(exc, ConfigError) and not knew_tables):
                raise
            waits(exc)
            if str(exc) != told:
                told = str(exc)
                log.warning("schema.awaited", reason=told)
        await wait_for_any(stop, timeout_s=_LOOK_AGAIN_S)
        if stop.is_set():
            return None
