"""Who is examined: the settings, and the database as far as it can be reached."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property

from retrato.app.address import database_address
from retrato.app.doctor.finding import unexpected
from retrato.app.providers import providers_config
from retrato.domain.errors import RetratoError
from retrato.providers.config import ProvidersConfig
from retrato.settings import Settings
from retrato.store.addresses import Addresses
from retrato.store.control import Control
from retrato.store.database import Database
from retrato.store.garbage import Garbage
from retrato.store.host import Host
from retrato.store.inspection import Inspection
from retrato.store.migrations import standing, what_is_missing
from retrato.store.standing import Standing
from retrato.store.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """
    An open database.

    ``missing`` tells why it is behind this release, ``standing`` how far; ``host``, ``garbage`` and ``addresses``
    are there where it serves it.
    """

    dsn: str
    inspection: Inspection
    status: Status
    control: Control
    missing: list[str]
    standing: Standing | None
    host: Host | None
    garbage: Garbage | None
    addresses: Addresses | None


@dataclass(frozen=True, kw_only=True)
class Patient:
    """``reached`` is the database, or the reason why it cannot be asked."""

    settings: Settings
    environ: Mapping[str, str]
    reached: Reached | RetratoError

    @cached_property
    def providers(self) -> ProvidersConfig:
        """
        What the image providers are built from.

        Raises:
            ConfigError: a setting of theirs is wrong.

        """
        return providers_config(self.settings)

    @property
    def database(self) -> Reached:
        """The database, for checks that are made only where it was reached."""
        assert isinstance(self.reached, Reached)
        return self.reached

    @property
    def host(self) -> Host:
        """The application's tables, for checks that are made only where everything is installed."""
        assert self.database.host is not None
        return self.database.host

    @property
    def garbage(self) -> Garbage:
        """The stored pictures that nobody names, for the same checks."""
        assert self.database.garbage is not None
        return self.database.garbage


@asynccontextmanager
async def open_patient(
    settings: Settings, environ: Mapping[str, str], *, needs_database: bool
) -> AsyncIterator[Patient]:
    """Reach the database once, if anybody needs it, and keep it open for the length of the block."""
    stack = AsyncExitStack()
    reached: Reached | RetratoError = RetratoError("nobody has asked for the database")
    if needs_database:
        try:
            reached = await _reach(settings, stack)
        except RetratoError as exc:
            reached = exc
        except Exception as exc:  # noqa: BLE001 - the other checks are made all the same
            reached = RetratoError(unexpected(exc))
    try:
        yield Patient(settings=settings, environ=environ, reached=reached)
    finally:
        with suppress(Exception):  # all findings are there: how the database is left is none
            await stack.aclose()


async def _reach(settings: Settings, stack: AsyncExitStack) -> Reached:
    dsn = stack.enter_context(database_address(settings))
    # Without prepared statements: what stands in between may not let them through, and that is for a check to say.
    database = Database(dsn, size=2, statement_cache_size=0)
    stack.push_async_callback(database.close)
    await database.open()
    missing, stands, host = await _installation(settings, database)
    return Reached(
        dsn=dsn,
        inspection=Inspection(database),
        status=Status(database),
        control=Control(database),
        missing=missing,
        standing=stands,
        host=host,
        garbage=Garbage(database, host) if host is not None else None,
        addresses=Addresses(database, host) if host is not None else None,
    )


async def _installation(settings: Settings, database: Database) -> tuple[list[str], Standing | None, Host | None]:
    async with database.connection() as connection:
        try:
            missing = await what_is_missing(connection, settings.host_mapping)
            stands = await standing(connection)
            is_served = not missing and stands.serves_us
            return missing, stands, await Host.read(connection, settings.host_mapping) if is_served else None
        except RetratoError as exc:
            return [str(exc)], None, None
