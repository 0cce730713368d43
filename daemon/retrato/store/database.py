"""
The connection pool, and the one place where a driver's error becomes one of ours.

Nothing here holds a connection longer than one statement or one short transaction.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from copy import copy
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from retrato.domain.errors import (
    ConfigError,
    NotMigratedError,
    ReadOnlyError,
    RowLockedError,
    StoreUnavailableError,
    UnknownCommitError,
)
from retrato.store.encoding import speak
from retrato.store.queries import query
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
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_BROKEN = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
)
_ROLLED_BACK = (
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.LockNotAvailableError,
)
_REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,  # a wrong password is one of them
    asyncpg.InvalidCatalogNameError,
)
_MISCONFIGURED = (
    *_REFUSED,
    asyncpg.ClientConfigurationError,
)
_NOT_PREPARED = (
    asyncpg.DuplicatePreparedStatementError,
    asyncpg.InvalidSQLStatementNameError,
)
"""What a named statement meets on a session that another client has used: a pooler in transaction mode."""
_NOT_MIGRATED = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidSchemaNameError,
    # What a column that was retyped leads to.
    asyncpg.DatatypeMismatchError,
    asyncpg.UndefinedObjectError,
    asyncpg.CannotCoerceError,
    asyncpg.WrongObjectTypeError,
)
# A pooler has one code for nearly everything, so only its words tell who has to act (PgBouncer 1.18; Supavisor
# as in supabase/cli#4277; pgcat 1.x).
_REFUSED_BY_POOLER = re.compile(
    r"authentication failed|no such (?:database|user)|database .* does not exist|tenant or user not found|"
    r"no pool configured for database",
    re.IGNORECASE,
)
_PARAMETER_REFUSED_BY_POOLER = "unsupported startup parameter"
_NO_TRANSACTIONS = "not allowed in statement pooling mode"
_SESSION_ENDED = {"FATAL", "PANIC"}
# Only what transaction poolers let through at the start of a session.
_SESSION = {
    "application_name": "retrato",
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "standard_conforming_strings": "on",
}

# Shorter than deadlock_timeout (1 s): should an application and we wait for each other in a circle, we let go
# before Postgres looks for somebody to shoot. And a replica that is stopped in mid-transaction must not hold the
# host's rows for long. The number tells afterwards what became of the transaction (find_commit.sql).
_PATIENCE = """
select
    set_config('lock_timeout', '500ms', true),
    set_config('statement_timeout', '30s', true),
    set_config('idle_in_transaction_session_timeout', '15s', true),
    pg_current_xact_id()::text as number,
    now() as begun_at
"""
# Who listens is idle by nature, and a session that ends when it is used fails an order. Where the role or the
# database has no such limit, nothing is set: behind a pooler the session is everybody's.
_STAY = """
select set_config('idle_session_timeout', '0', false)
where current_setting('idle_session_timeout') <> '0'
"""
_FAREWELL_S = 2.0
_TRIES = 6
"""So often a row is asked for that an application holds; each time for half a second."""
_TRIES_TO_LEARN = 15
_LEARNING_S = 10.0
"""So often, but no longer than so, the server is asked what became of a transaction."""


@contextmanager
def reaching() -> Iterator[None]:
    """Turn the driver's errors of reaching the database into ours; their messages carry no password."""
    try:
        yield
    except asyncpg.InsufficientPrivilegeError as exc:
        raise ConfigError(
            f"the role of RETRATO_DATABASE_URL lacks a right: {exc}; the owner of the tables gives it by what "
            "`retrato migrate --roles NAME` prints"
        ) from exc
    except _NOT_PREPARED as exc:
        raise ConfigError(
            "set RETRATO_STATEMENT_CACHE_SIZE=0: the database is behind a pooler in transaction mode, which loses "
            f"prepared statements ({exc.args[0].partition(chr(10))[0]})"
        ) from exc
    except asyncpg.ReadOnlySQLTransactionError as exc:  # perhaps a failover that has not reached us yet
        raise ReadOnlyError(
            "the database takes no writes: RETRATO_DATABASE_URL leads to a standby, or "
            f"default_transaction_read_only is on for this role or database ({exc})"
        ) from exc
    except _ROLLED_BACK as exc:
        raise RowLockedError(
            f"another transaction holds a row that this one needs, and nothing was written: {exc}"
        ) from exc
    except (*_MISCONFIGURED, *_AWAY, asyncpg.PostgresError) as exc:
        if isinstance(exc, _MISCONFIGURED) or _is_refused(exc):
            raise ConfigError(f"RETRATO_DATABASE_URL is not accepted by the database: {exc}") from exc
        if _NO_TRANSACTIONS in str(exc):
            raise ConfigError(
                "RETRATO_DATABASE_URL leads to a pooler in statement mode, which allows no transactions: set its "
                "pool_mode to transaction or session"
            ) from exc
        if isinstance(exc, _AWAY) or getattr(exc, "severity", None) in _SESSION_ENDED:
            raise StoreUnavailableError(
                f"the database does not answer now: {str(exc) or type(exc).__name__}"
            ) from exc
        raise


def _is_refused(exc: BaseException) -> bool:
    """Whether the database, or a pooler before it, does not take this role, password, name or encoding."""
    if isinstance(exc, _REFUSED):
        return True
    ended = getattr(exc, "severity", None) in _SESSION_ENDED or isinstance(exc, asyncpg.PostgresConnectionError)
    if ended and isinstance(exc, asyncpg.FeatureNotSupportedError):
        return True
    return ended and _REFUSED_BY_POOLER.search(str(exc)) is not None


@contextmanager
def _committing() -> Iterator[None]:
    """What breaks while COMMIT is under way leaves open whether it took place; an answer does not."""
    try:
        yield
    except _BROKEN as exc:
        raise UnknownCommitError(
            "the connection to the database broke while it was committing: the order may have been carried out; "
            f"look before you repeat it ({str(exc) or type(exc).__name__})"
        ) from exc


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
    except asyncpg.ProtocolViolationError as exc:
        if _PARAMETER_REFUSED_BY_POOLER not in str(exc):
            raise
        raise ConfigError(
            f"a pooler does not take what RETRATO_DATABASE_URL asks for: {exc}; take it out of the "
            "address, or let the pooler pass over it (PgBouncer: ignore_startup_parameters)"
        ) from exc


def _require_one_password_end(dsn: str) -> None:
    """Raise ValueError where a password has an @ of its own: the driver would take its end for a host."""
    if urlsplit(dsn).netloc.count("@") > 1:
        raise ValueError("more than one @")


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
    except asyncpg.PostgresError as exc:
        if not _is_refused(exc):
            raise
        raise StoreUnavailableError(f"the database takes us no more: {exc}") from exc


async def _begin_session(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await speak(connection)
    await connection.execute(_STAY)


async def connect(dsn: str, *, timeout_s: float = 10) -> "asyncpg.Connection[asyncpg.Record]":
    """
    Open one connection of its own, outside the pool.

    It prepares no named statement, so it may go through a pooler that gives each transaction another session.

    Raises:
        ConfigError: the address or the credentials are wrong.
        StoreUnavailableError: nobody answered within *timeout_s* seconds.

    """
    with reaching(), addressed():
        _require_one_password_end(dsn)
        connection = await asyncpg.connect(
            dsn, timeout=timeout_s, statement_cache_size=0, server_settings=_SESSION
        )
    try:
        with reaching():
            await _begin_session(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """
    A connection as of `connect` for the length of the block.

    Raises:
        ConfigError, StoreUnavailableError: what the driver's errors mean, in the block too. What is missing in the
            database goes up as it is: what runs here brings the schema, or takes it away.

    """
    connection = await connect(dsn)
    try:
        with reaching():
            yield connection
    finally:
        try:
            await connection.close(timeout=_FAREWELL_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            connection.terminate()  # it is gone either way


class _NamedForOneProcess(asyncpg.Connection):
    """
    A connection whose prepared statements bear names that no other process uses.

    Left to itself the driver counts them from 1 in each process. Behind a pooler that shares sessions, a name of
    ours could then be another replica's statement: not an error, but the wrong one executed.
    """

    _process = secrets.token_hex(8)

    def _get_unique_id(self, prefix: str) -> str:
        return f"{super()._get_unique_id(prefix)}{self._process}"  # type: ignore[misc]


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
                _require_one_password_end(self._dsn)
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=1,
                    max_size=self._size,
                    timeout=10,
                    command_timeout=self._timeout_s,
                    statement_cache_size=self._statement_cache_size,
                    server_settings=_SESSION,
                    connection_class=_NamedForOneProcess,
                    max_inactive_connection_lifetime=120,
                    init=_begin_session,
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
        except _AWAY:
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
                    except (TimeoutError, asyncpg.InternalClientError, UnknownCommitError):
                        # It may be half open, or waits for an answer that does not come: not to be used again.
                        with suppress(asyncpg.InterfaceError):  # a broken one is back in the pool already
                            connection.terminate()
                        raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """
        A short transaction at READ COMMITTED: every statement sees what was committed before it.

        A row that somebody else holds is waited for half a second. Where the reply to COMMIT is lost the server is
        asked what became of it.

        Raises:
            RowLockedError: somebody holds a row, or was faster; nothing was written.
            UnknownCommitError: nobody could tell within ten seconds after the reply to COMMIT was lost.
            StoreUnavailableError: nobody answers; nothing was written.

        """
        begun: asyncpg.Record | None = None
        try:
            async with self.connection() as connection:
                transaction = connection.transaction(isolation="read_committed")
                await transaction.start()
                try:
                    begun = await connection.fetchrow(_PATIENCE)
                    yield connection
                except BaseException:
                    if not connection.is_closed():
                        await transaction.rollback()
                    raise
                with _committing():
                    await transaction.commit()
        except UnknownCommitError as exc:
            if begun is None or not await self._was_committed(begun, exc):
                raise StoreUnavailableError(
                    "the connection broke while the database was committing, and nothing was written"
                ) from exc

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
        As `write`, carried out exactly once, or not at all where it raises anything but UnknownCommitError.

        It is repeated while nothing was written: a row is held, or the connection broke before COMMIT.

        Raises:
            RowLockedError: an application held a row for several seconds; nothing was written.
            UnknownCommitError: it may have been carried out.
            StoreUnavailableError: nobody answers; nothing was written.

        """
        waits = backoff(longest_s=1.0)
        for _ in range(_TRIES - 1):
            try:
                return await self.write(sql, *args)
            except UnknownCommitError:
                raise
            except StoreUnavailableError:
                await asyncio.sleep(next(waits))
        return await self.write(sql, *args)

    async def _was_committed(self, begun: asyncpg.Record, unknown: UnknownCommitError) -> bool:
        """What became of the transaction that has *begun* so; raises *unknown* where nobody tells."""
        waits = backoff(longest_s=1.0)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEARNING_S):
                for _ in range(_TRIES_TO_LEARN):
                    await asyncio.sleep(next(waits))
                    # A number that the server has never given is an error of its own.
                    with suppress(StoreUnavailableError, asyncpg.PostgresError):
                        row = await self.fetchrow(query("find_commit"), begun["number"], begun["begun_at"])
                        if row is not None and row["was_committed"] is not None:
                            return bool(row["was_committed"])
        raise unknown

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
