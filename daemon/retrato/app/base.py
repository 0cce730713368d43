"""An open, migrated database: enough for commands that read and ask."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from retrato.domain.errors import NotMigratedError, StoreUnavailableError
from retrato.settings import Settings
from retrato.store.control import Control
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.migrations import what_is_missing
from retrato.store.personas import Personas
from retrato.store.requests import Requests
from retrato.store.status import Status
from retrato.store.versions import Versions
from retrato.supervise import backoff, wait_for_any

log = structlog.get_logger()

_ONE_SHOT_TRIES = 4
_SPREAD_S = 0.5
"""Daemons that start together come to the database within so many seconds, not all at once."""


@dataclass(frozen=True, slots=True)
class Base:
    """An open, migrated database and what can be asked of it."""

    database: Database
    host: Host
    personas: Personas
    requests: Requests
    status: Status
    control: Control
    versions: Versions


@asynccontextmanager
async def open_base(
    settings: Settings, dsn: str, *, stop: asyncio.Event | None = None
) -> AsyncIterator[Base | None]:
    """
    Open the database and check that it is migrated.

    With *stop* (the daemon) a database that is away is waited for until *stop* is set; then None comes out.
    Without, a few tries are made.

    Raises:
        StoreUnavailableError: the database was away for all tries.
        NotMigratedError: `retrato migrate` has not run, or ran from another release.

    """
    database = Database(dsn, statement_cache_size=settings.statement_cache_size)
    try:
        if not await _opened(database, stop):
            yield None
            return
        async with database.connection() as connection:
            missing = await what_is_missing(connection, settings.host_mapping)
            if missing:
                raise NotMigratedError(f"{'; '.join(missing)}: run `retrato migrate`")
            host = await Host.read(connection, settings.host_mapping)
        yield Base(
            database=database,
            host=host,
            personas=Personas(database, host),
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
