"""
The connection pool, and the one place where a driver's error becomes one of ours.

Nothing here holds a connection longer than one statement or one short transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import copy
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from retrato.domain.errors import ConfigError, NotMigratedError, StoreUnavailableError
from retrato.supervise import backoff

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_AWAY = (
    OSError,  # refused, reset, unknown host; TimeoutError is one of them
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # the pool is closing, the connection was closed under us
    # What an idle connection says when it is used between the server's farewell and its end (asyncpg 0.32).
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,  # shut down, starting up, or a statement_timeout of the role
    asyncpg.InsufficientResourcesError,  # connections, memory, disk
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,  # a failover that has not reached us yet
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,  # a wrong password is one of them
    asyncpg.InvalidCatalogNameError,
)
_MISCONFIGURED = (
    *_REFUSED,
    asyncpg.ClientConfigurationError,
)
_NOT_MIGRATED = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
)
# Only what transaction poolers let through at the start of a session.
_SESSION = {"application_name": "retrato", "timezone": "UTC"}

# Shorter than deadlock_timeout (1 s): should an application and we wait for each other in a circle, we let go
# before Postgres looks for somebody to shoot. And a replica that is stopped in mid-transaction must not hold the
# host's rows for long.
_PATIENCE = "set local lock_timeout = '500ms'; set local idle_in_transaction_session_timeout = '15s'"
_TRIES = 6
"""So often a row is asked for that an application holds; each time for half a second."""


@contextmanager
def reaching() -> Iterator[None]:
    """Turn the driver's errors of reaching the database into ours; their messages carry no password."""
    try:
        yield
    except _MISCONFIGURED as exc:
        raise ConfigError(f"RETRATO_DATABASE_URL is not accepted by the database: {exc}") from exc
    except asyncpg.InsufficientPrivilegeError as exc:
        raise ConfigError(
            f"the role of RETRATO_DATABASE_URL lacks a right: {exc}; the owner of the tables gives it by what "
            "`retrato migrate --roles NAME` prints"
        ) from exc
    except _AWAY as exc:
        raise StoreUnavailableError(f"the database does not answer now: {str(exc) or type(exc).__name__}") from exc


@contextmanager
def addressed() -> Iterator[None]:
    """
    Turn what is wrong with the address itself into a ConfigError.

    A plain ValueError of the driver's repeats parts of the address, which may be the password's: it is not told.
    """
    try:
        yield
    except asyncpg.ClientConfigurationError as exc:
        raise ConfigError(f"RETRATO_DATABASE_URL is not a Postgres address: {exc}") from None
    except ValueError:
        raise ConfigError(
            "RETRATO_DATABASE_URL is not a Postgres address, such as postgresql://user@host:5432/database; in a "
            "password / ? # [ ] @ and % are written as %2F %3F %23 %5B %5D %40 and %25"
        ) from None
    except asyncpg.UndefinedObjectError as exc:
        raise ConfigError(
            f"RETRATO_DATABASE_URL asks the server for what it does not know, behind the question mark: {exc}"
        ) from exc


@contextmanager
def translated() -> Iterator[None]:
    """The same, and what is missing in the database is something that a migration brings."""
    try:
        with reaching():
            yield
    except _NOT_MIGRATED as exc:
        raise NotMigratedError(
            f"the database is not as this release expects it ({exc}): run `retrato migrate`"
        ) from exc


@contextmanager
def known() -> Iterator[None]:
    """
    What the database refuses now it took before: it is away until it takes it again.

    A password that is being changed must not end all replicas for good, with pictures in hand.
    """
    try:
        yield
    except _REFUSED as exc:
        raise StoreUnavailableError(f"the database takes us no more: {exc}") from exc


async def connect(dsn: str, *, timeout_s: float = 10, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """
    Open one connection of its own, outside the pool.

    Raises:
        ConfigError: the address or the credentials are wrong.
        StoreUnavailableError: nobody answered within *timeout_s* seconds.

    """
    with reaching(), addressed():
        return await asyncpg.connect(dsn, timeout=timeout_s, server_settings=_SESSION, **options)


async def _leave_as_it_is(_connection: Connection) -> None:
    """Nothing here changes its session, so there is nothing to reset: one round trip less a statement."""


class Database:
    """A small pool. Entered as a context manager; opening it needs a database that answers."""

    def __init__(self, dsn: str, *, size: int = 5, statement_cache_size: int = 100, timeout_s: float = 30) -> None:
        self._dsn = dsn
        self._size = size
        self._statement_cache_size = statement_cache_size
        self._timeout_s = timeout_s
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._reads_committed = True
        self._turns: asyncio.Semaphore | None = None

    async def open(self) -> None:
        """
        Connect once and keep a pool.

        Raises:
            ConfigError: the address or the credentials are wrong.
            StoreUnavailableError: nobody answers there now.

        """
        with reaching():
            with addressed():
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=1,
                    max_size=self._size,
                    timeout=10,
                    command_timeout=self._timeout_s,
                    statement_cache_size=self._statement_cache_size,
                    server_settings=_SESSION,
                    max_inactive_connection_lifetime=120,
                    reset=_leave_as_it_is,
                )
            isolation = await self._pool.fetchval("select current_setting('default_transaction_isolation')")
            self._reads_committed = isolation == "read committed"

    async def close(self) -> None:
        """Close all connections; those in the middle of a statement are cut after five seconds."""
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(5):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()
        self._pool = None

    @asynccontextmanager
    async def connection(self, *, timeout_s: float | None = None) -> AsyncIterator[Connection]:
        """A connection from the pool, for a short time; waits *timeout_s* for one, or as long as the pool does."""
        if self._pool is None:
            raise StoreUnavailableError("the database is not open")
        patience_s = timeout_s or self._timeout_s
        async with self._turn(patience_s):
            with translated(), known():
                async with self._pool.acquire(timeout=patience_s) as connection:
                    try:
                        yield connection
                    except (TimeoutError, asyncpg.InternalClientError):
                        # It may be half open, or waits for an answer that does not come: not to be used again.
                        connection.terminate()
                        raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """
        A short transaction at READ COMMITTED: every statement sees what was committed before it.

        A row that somebody else holds is waited for half a second, then comes StoreUnavailableError.
        """
        async with self.connection() as connection, connection.transaction(isolation="read_committed"):
            await connection.execute(_PATIENCE)
            yield connection

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows of one statement."""
        async with self.connection() as connection:
            return await connection.fetch(sql, *args)

    async def fetch_fresh(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows of a function whose statements must each see what was committed before: at READ COMMITTED."""
        if self._reads_committed:
            return await self.fetch(sql, *args)
        async with self.transaction() as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any, timeout_s: float | None = None) -> asyncpg.Record | None:
        """
        The first row of one statement.

        It may take *timeout_s* seconds, or as long as the pool allows.
        """
        async with self.connection(timeout_s=timeout_s) as connection, asyncio.timeout(timeout_s):
            return await connection.fetchrow(sql, *args)

    async def write(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """
        The first row of one statement that may meet rows which an application holds.

        As in `transaction` it does not wait for them long: with every connection waiting there would be none left
        for the heartbeat.
        """
        async with self.transaction() as connection:
            return await connection.fetchrow(sql, *args)

    async def write_patiently(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """
        As `write`, asked several times: an application that holds a row, or waits for one of ours, goes first.

        Raises:
            StoreUnavailableError: nobody answers, or a row was held for several seconds.

        """
        waits = backoff(longest_s=1.0)
        for _ in range(_TRIES - 1):
            try:
                return await self.write(sql, *args)
            except StoreUnavailableError:
                await asyncio.sleep(next(waits))
        return await self.write(sql, *args)

    async def execute(self, sql: str, *args: Any) -> None:
        """One statement without an answer."""
        async with self.connection() as connection:
            await connection.execute(sql, *args)

    def share(self, most: int) -> "Database":
        """The open pool for a part of the daemon that uses at most *most* of its connections at once."""
        part = copy(self)
        part._turns = asyncio.Semaphore(most)  # noqa: SLF001 - one of us
        return part

    @asynccontextmanager
    async def _turn(self, timeout_s: float) -> AsyncIterator[None]:
        """One of the connections that this part may use at once."""
        if self._turns is None:
            yield
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._turns.acquire()
        except TimeoutError as exc:
            raise StoreUnavailableError(f"no connection was free for this within {timeout_s:g} s") from exc
        try:
            yield
        finally:
            self._turns.release()
