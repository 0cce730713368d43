"""
Bring schema ``retrato`` and the triggers on the host's table to this release's state.

One transaction does everything under an advisory lock, so a migration is whole or not there, and two that
race come one after the other. Migrations run once and are compared by hash ever after; functions, triggers
and the view are replaced every time, but never by a release that is older than the schema. Replicas and the
application go on meanwhile (decision 0012).

Tables of the host are touched with a short ``lock_timeout`` and retries: an ALTER that waits would block every
reader behind it. They are locked first, before our own: an application that has inserted a persona waits for the
queue next, and would wait for us while we wait for it.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache

import asyncpg

from retrato.domain.errors import ConfigError, NotMigratedError, StoreUnavailableError
from retrato.store.database import Connection, connected
from retrato.store.host import Host, quoted
from retrato.store.host_keeps import keep_words
from retrato.store.host_words import host_words
from retrato.store.host_writes import entry_of, host_writes, service_of
from retrato.store.listening import CHANNEL, MIGRATED
from retrato.store.mapping import FLAG, HostMapping
from retrato.store.queries import host_query, in_ascii, query, read, render, sql_folder
from retrato.store.standing import Standing

LOCK_KEY = 0x7265747261746F + 1
"""Advisory lock of whoever changes the schema."""
LOCK_TIMEOUT_S = 0.4
"""Two of them, for two tables of the host, are shorter than ``deadlock_timeout`` (1 s): where the application and
we wait for each other all the same, we let go before Postgres looks for somebody to shoot."""
LOCK_TRIES = 40
_NO_HURRY = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0"
"""What a role or database may have set for requests of people."""
_UNFIT = (
    asyncpg.SyntaxOrAccessError,  # of types or columns that do not go with what is asked of them
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.PLPGSQLError,  # an event trigger of theirs
)
_OLDEST_SERVER = 14
"""The first with ``create or replace trigger``."""
_ROUNDS_AT_ONCE = 1000
_FORGOTTEN_AT_ONCE = 1000
_ON_PROMPT = "36_on_prompt.sql"
_TRIGGER = re.compile(r"^create or replace trigger (\w+)\n[a-z ]+ on (.+)$", re.MULTILINE)
_NUMBERED = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")

_BOOTSTRAP = """
create schema if not exists retrato;
create table if not exists retrato.migrations (
    number integer primary key,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now()
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file; frozen, compared by its hash."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that migrating would do: in words, and the SQL of it."""

    words: str
    sql: str
    touches_host: bool = False

    @property
    def names_host(self) -> bool:
        """Whether the application's tables and columns stand in it: so it is with all but numbered migrations."""
        return not self.words.startswith("run migration")


@cache
def migrations() -> Sequence[Migration]:
    """All migrations of this release, in order; read once."""
    found = []
    for path in sorted((sql_folder() / "migrations").iterdir()):
        match = _NUMBERED.match(path.name)
        if match:
            found.append(Migration(int(match[1]), path.name, path.read_text(encoding="utf-8")))
    return tuple(found)


@cache
def _all_trigger_files() -> Sequence[str]:
    """Files of functions and triggers, in order."""
    return tuple(sorted(path.name for path in (sql_folder() / "triggers").glob("*.sql")))


def _trigger_files(host: Host) -> list[str]:
    """The same without the one for a column that the host does not have."""
    return [name for name in _all_trigger_files() if host.prompts() or name != _ON_PROMPT]


def read_all() -> None:
    """Read migrations, functions and triggers now: a daemon asks for them whenever it doubts its schema."""
    migrations()
    for name in _all_trigger_files():
        read(f"triggers/{name}")


def _words(host: Host) -> dict[str, str]:
    """The words in braces of the functions and triggers."""
    return {
        **host_words(host),
        **keep_words(host),
        "host_writes": host_writes(host),
        "service_of_copied": service_of("copied"),
        "entry_of_copied": entry_of("copied", drawn_at="old.created_at", cost="old.cost_usd"),
    }


def rendered_functions(host: Host) -> str:
    """All functions, triggers and views of this release as SQL for these tables."""
    words = _words(host)
    return "\n".join(render(read(f"triggers/{name}"), words) for name in _trigger_files(host))


def _functions_sha256(host: Host) -> str:
    return hashlib.sha256(rendered_functions(host).encode()).hexdigest()


def expected_triggers(host: Host) -> list[tuple[str, str]]:
    """Name and quoted table of each trigger that this release puts on these tables."""
    return [(match[1], match[2]) for match in _TRIGGER.finditer(rendered_functions(host))]


async def standing(connection: Connection) -> Standing:
    """How the database's schema stands to this release."""
    return await Standing.read(connection, release=migrations()[-1].number)


async def plan(connection: Connection, mapping: HostMapping | None = None) -> list[Step]:
    """
    What ``apply`` would do now, in order; the last steps replace functions and triggers.

    Nothing where a newer release has migrated: what is there is newer than what we could put in its place.

    Raises:
        ConfigError: the host's tables are not there.
        NotMigratedError: a migration that ran here was another one than this release carries, or the schema does
            not serve this release any more.

    """
    stands = await standing(connection)
    if stands.is_ahead:
        stands.require()
        return []
    host = await Host.read(connection, mapping)
    steps = [Step(f"run migration {m.name}", in_ascii(m.sql)) for m in await _pending(connection)]
    if not host.personas.has(FLAG):
        steps.append(
            Step(
                f"add the column {FLAG} (boolean, false) to {host.personas.name}",
                f"alter table {host.personas.name} add column {quoted(FLAG)} boolean not null default false;\n"
                "update retrato.installation set flag_is_ours = true",
                touches_host=True,
            )
        )
    steps += await _farewells(connection, host)
    words = _words(host)
    for name in _trigger_files(host):
        text = render(read(f"triggers/{name}"), words)
        on_host = "create or replace trigger" in text
        table = words["avatares"] if name == _ON_PROMPT else words["personas"]
        what = f"create or replace triggers on {table}" if on_host else "create or replace functions"
        steps.append(Step(f"{what} ({name})", text, touches_host=on_host))
    if stands.schema and await _is_another_table(connection, host):
        steps.append(
            Step(
                f"forget what was made for the rows of another table that was {host.personas.name}, but for what "
                "the rows of this one show",
                host_query("forget_another_table", words),
            )
        )
    return steps


async def _farewells(connection: Connection, host: Host) -> list[Step]:
    """Our triggers on tables, or for columns, that the mapping does not name any more."""
    if await connection.fetchval("select to_regnamespace('retrato')") is None:
        return []
    prompts = [host.avatares.name] if host.avatares is not None and host.prompts() else []
    rows = await connection.fetch(query("list_triggers"))
    return [
        Step(
            f"drop the trigger {row['name']} on {row['table_name']}, which the mapping does not name any more",
            f"drop trigger if exists {quoted(row['name'])} on {row['table_name']}",
            touches_host=True,
        )
        for row in rows
        if row["table_name"]
        not in ([*prompts] if row["name"].startswith("retrato_on_prompt") else [host.personas.name])
    ]


async def require(connection: Connection, mapping: HostMapping | None = None) -> None:
    """
    Let pass a database that this release can work on.

    Raises:
        NotMigratedError: it is behind this release, or does not serve it any more; the message says what to do.

    """
    missing = await what_is_missing(connection, mapping)
    if missing:
        raise NotMigratedError(f"{'; '.join(missing)}: run `retrato migrate`")
    (await standing(connection)).require()


async def what_is_missing(connection: Connection, mapping: HostMapping | None = None) -> list[str]:
    """Why this database is behind this release, in words; empty when it is not."""
    if await connection.fetchval("select to_regclass('retrato.migrations')") is None:
        return ["schema retrato is not installed"]
    missing = [f"migration {m.name} has not run" for m in await _pending(connection)]
    if missing or (await standing(connection)).is_ahead:
        return missing
    host = await Host.read(connection, mapping)
    if not host.personas.has(FLAG):
        missing.append(f"{host.personas.name} has no column {FLAG}")
    if await _is_another_table(connection, host):
        missing.append(f"{host.personas.name} is another table than the one that was migrated")
    if await connection.fetchval("select functions_sha256 from retrato.installation") != _functions_sha256(host):
        missing.append("functions and triggers were made by another release or for other host tables")
    return missing


async def _is_another_table(connection: Connection, host: Host) -> bool:
    """Whether what is remembered was made for the rows of another table, which had this name."""
    return bool(
        await connection.fetchval(
            "select (select to_regclass(to_jsonb(i) ->> 'personas_table') from retrato.installation i)"
            " is distinct from $1::text::regclass"
            " and exists (select from retrato.installation i where to_jsonb(i) ->> 'personas_table' is not null)",
            host.personas.name,
        )
    )


async def _pending(connection: Connection) -> list[Migration]:
    done: dict[int, str] = {}
    if await connection.fetchval("select to_regclass('retrato.migrations')") is not None:
        rows = await connection.fetch("select number, sha256 from retrato.migrations order by number")
        done = {row["number"]: row["sha256"] for row in rows}
    ours = migrations()
    for migration in ours:
        if done.get(migration.number, migration.sha256) != migration.sha256:
            raise NotMigratedError(
                f"migration {migration.name} ran here with another content; "
                "a released migration never changes, so this database belongs to another build"
            )
    return [migration for migration in ours if migration.number not in done]


async def apply(
    dsn: str,
    mapping: HostMapping | None = None,
    *,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
    tries: int = LOCK_TRIES,
) -> list[Step]:
    """
    Migrate, and return what was done; nothing where a newer release has.

    Safe to repeat and to race. Waits at most *lock_timeout_s* seconds at a time for the host's table, with growing
    pauses in which readers and writers pass, and gives up after so many *tries*: about a minute.

    Raises:
        StoreUnavailableError: no connection, or the host's table was never free.
        ConfigError: the host's tables are not there, the role has not the right, or the server is too old.
        NotMigratedError: a migration that ran here was another one than this release carries, or the schema does
            not serve this release any more.

    """
    async with connected(dsn) as connection:
        _require_server(connection)
        was_detached = (await standing(connection)).detached
        steps = await patiently(
            lambda: _apply_once(connection, mapping, lock_timeout_s),
            lock_timeout_s=lock_timeout_s,
            tries=tries,
        )
        await _give_rounds(connection)
        if was_detached:
            await _forget_gone(connection)
        return steps


async def _give_rounds(connection: Connection) -> None:
    """Jobs from before migration 5 get rounds, in small transactions: an application may ask for their rows."""
    for lane in (0, 1):
        place: int | None = 0
        while place is not None:
            place = await connection.fetchval(query("give_rounds"), lane, _ROUNDS_AT_ONCE, place)


async def _forget_gone(connection: Connection) -> None:
    """What no trigger saw go is forgotten, in small transactions."""
    position: str | None = ""
    while position is not None:
        position = await connection.fetchval(query("forget_gone"), position, _FORGOTTEN_AT_ONCE)


async def exclusively(
    dsn: str,
    change: Callable[[Connection], Awaitable[list[Step]]],
    *,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
    tries: int = LOCK_TRIES,
) -> list[Step]:
    """
    What *change* did in one transaction, while nobody else migrates; as patient as `patiently`.

    Raises:
        StoreUnavailableError: no connection, or the host's tables were never free.

    """
    async with connected(dsn) as connection:

        async def once() -> list[Step]:
            async with connection.transaction():
                await connection.execute("select pg_advisory_xact_lock($1)", LOCK_KEY)
                await connection.execute(f"set local lock_timeout = {round(lock_timeout_s * 1000)}")
                return await change(connection)

        return await patiently(once, lock_timeout_s=lock_timeout_s, tries=tries)


async def patiently(once: Callable[[], Awaitable[list[Step]]], *, lock_timeout_s: float, tries: int) -> list[Step]:
    """
    What *once* did, a transaction that waits at most *lock_timeout_s* seconds at a time for the host's tables.

    Raises:
        StoreUnavailableError: they were never free, in so many *tries* with growing pauses.

    """
    for attempt in range(1, tries):
        try:
            return await once()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(min(5.0, lock_timeout_s * attempt / 8))
    try:
        return await once()
    except asyncpg.LockNotAvailableError as exc:
        raise StoreUnavailableError(
            f"the application's tables were in use for too long ({tries} tries of {lock_timeout_s:g} s); "
            "try again at a quieter time"
        ) from exc


def _require_server(connection: Connection) -> None:
    version = connection.get_server_version()
    if version.major < _OLDEST_SERVER:
        raise ConfigError(f"Postgres {_OLDEST_SERVER} or newer is needed; this server is {version.major}")


async def _apply_once(connection: Connection, mapping: HostMapping | None, lock_timeout_s: float) -> list[Step]:
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK_KEY)
        try:
            steps = await plan(connection, mapping)
            if not steps:
                return []
            await connection.execute(f"set local lock_timeout = {round(lock_timeout_s * 1000)}; {_NO_HURRY}")
            await _keep_writers_away(connection, await Host.read(connection, mapping))
            await connection.execute(_BOOTSTRAP)
            pending = await _pending(connection)
            for step in steps:
                await _carry_out(connection, step)
        except asyncpg.InsufficientPrivilegeError as exc:
            raise ConfigError(f"the role of RETRATO_DATABASE_URL may not migrate: {exc}") from exc
        for migration in pending:
            await connection.execute(
                "insert into retrato.migrations (number, name, sha256) values ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.sha256,
            )
        host = await Host.read(connection, mapping)
        await connection.execute(
            "update retrato.installation set functions_sha256 = $1, detached_at = null,"
            " personas_table = $2::text::regclass",
            _functions_sha256(host),
            host.personas.name,
        )
        await connection.execute("select pg_notify($1, $2)", CHANNEL, MIGRATED)
    return steps


async def _carry_out(connection: Connection, step: Step) -> None:
    try:
        await connection.execute(step.sql)
    except _UNFIT as exc:
        if not step.names_host:
            raise
        raise ConfigError(
            f"the application's tables cannot be worked with, and nothing was done: {step.words}: {exc}"
        ) from exc


async def _keep_writers_away(connection: Connection, host: Host) -> None:
    """Lock the tables that get triggers, against readers too only where the flag's column is to be added."""
    mode = "share row exclusive" if host.personas.has(FLAG) else "access exclusive"
    await connection.execute(f"lock table {host.personas.name} in {mode} mode")
    if host.avatares is not None and host.prompts():
        await connection.execute(f"lock table {host.avatares.name} in share row exclusive mode")
