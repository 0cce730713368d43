"""Through poolers: nothing is left on a session that others use; what a pooler says is told in our words."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest
from tests import daemon_role

from retrato.domain.errors import ConfigError, StoreUnavailableError
from retrato.store import migrations, sample
from retrato.store.database import Database, connect, connected, known, reaching
from retrato.store.listening import ListenConnection
from retrato.store.uninstall import uninstall


@asynccontextmanager
async def opened(dsn, **options):
    database = Database(dsn, timeout_s=5, **options)
    try:
        await database.open()
        yield database
    finally:
        await database.close()


async def statements_left(dsn):
    """Names of the statements that are prepared on the one session behind the pooler."""
    async with connected(dsn) as connection:
        return await connection.fetch("select name from pg_prepared_statements where name <> ''")


async def test_nothing_outside_the_pool_leaves_a_prepared_statement_behind(pooler):
    dsn = pooler(default_pool_size=1)
    listening = ListenConnection(dsn, lock_key=1, on_hint=lambda: None, on_end=lambda: None)

    await listening.open()
    await listening.hears(timeout_s=0.1)
    await listening.take_lock()
    await listening.close()
    await uninstall(dsn)
    await migrations.apply(dsn)
    await sample.insert_company(dsn, personas=2)

    assert await statements_left(dsn) == []
    await daemon_role.make_if_asked(dsn)


async def test_pool_without_a_statement_cache_leaves_nothing_behind(pooler):
    dsn = pooler(default_pool_size=1)
    async with opened(dsn, statement_cache_size=0) as database:
        assert [row["n"] for row in await database.fetch("select $1::integer as n", 7)] == [7]
        await database.write("select $1::text", "in a transaction")

    assert await statements_left(dsn) == []


async def test_names_of_prepared_statements_are_of_one_process_alone(dsn):
    async with opened(dsn, statement_cache_size=10) as database, database.connection() as connection:
        await connection.fetchval("select $1::integer", 1)
        names = await connection.fetch("select name from pg_prepared_statements")
        ours = connection._get_unique_id("stmt")

    suffix = ours.rpartition("_")[2]
    assert len(suffix) == 16
    assert {row["name"].rpartition("_")[2] for row in names} == {suffix}


async def test_lost_prepared_statement_names_the_setting(pooler):
    async with opened(pooler(default_pool_size=1), statement_cache_size=10) as database:
        await database.fetch("select $1::integer", 1)
        async with database.connection() as connection:
            await connection.execute("deallocate all")

        with pytest.raises(ConfigError, match="RETRATO_STATEMENT_CACHE_SIZE=0") as caught:
            await database.fetch("select $1::integer", 1)

    assert "\n" not in str(caught.value)


def test_statement_of_the_same_name_names_the_setting():
    with pytest.raises(ConfigError, match="RETRATO_STATEMENT_CACHE_SIZE=0"), reaching():
        raise asyncpg.DuplicatePreparedStatementError('prepared statement "x" already exists')


async def test_pooler_in_statement_mode_is_a_setting_to_mend(pooler):
    dsn = pooler(pool_mode="statement")

    with pytest.raises(ConfigError, match="statement mode"):
        await migrations.apply(dsn)
    async with opened(dsn, statement_cache_size=0) as database:
        with pytest.raises(ConfigError, match="statement mode"):
            await database.write("select 1")


@pytest.mark.parametrize("parameter", ["statement_timeout=5000", "options=-csearch_path%3Dapp"])
async def test_parameter_that_a_pooler_refuses_is_a_setting_to_mend(pooler, parameter):
    with pytest.raises(ConfigError, match="ignore_startup_parameters"):
        await connect(f"{pooler()}?{parameter}")


async def test_parameter_that_a_pooler_passes_over_does_no_harm(pooler):
    dsn = pooler(ignore_startup_parameters="statement_timeout")

    async with connected(f"{dsn}?statement_timeout=5000") as connection:
        assert await connection.fetchval("select 1") == 1


async def test_wrong_password_at_the_pooler_is_a_setting_to_mend_and_stays_secret(pooler):
    host = pooler(auth_type="md5").rpartition("@")[2]

    with pytest.raises(ConfigError, match="RETRATO_DATABASE_URL is not accepted") as caught:
        await connect(f"postgresql://retrato:wrong-canary@{host}")

    assert "wrong-canary" not in str(caught.value)


async def test_database_that_the_pooler_does_not_know_is_a_setting_to_mend(pooler):
    with pytest.raises(ConfigError, match="nowhere"):
        await connect(f"{pooler().rpartition('/')[0]}/nowhere")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncpg.InternalServerError, "Tenant or user not found"),  # Supavisor
        (asyncpg.PostgresSystemError, 'No pool configured for database: "a", user: "b"'),  # pgcat
        (asyncpg.ProtocolViolationError, "password authentication failed"),  # PgBouncer
        (asyncpg.ProtocolViolationError, "no such user: b"),
    ],
)
def test_refusal_of_every_pooler_is_a_setting_and_later_an_outage(error, words):
    refusal = error(words)
    refusal.severity = "FATAL"

    with pytest.raises(ConfigError, match="RETRATO_DATABASE_URL"), reaching():
        raise refusal
    with pytest.raises(StoreUnavailableError, match="takes us no more"), reaching(), known():
        raise refusal


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncpg.InternalServerError, "Max client connections reached"),  # Supavisor
        (asyncpg.InternalServerError, "MaxClientsInSessionMode: max clients reached"),
        (asyncpg.PostgresSystemError, "could not get connection from the pool"),  # pgcat
        (asyncpg.ProtocolViolationError, "no more connections allowed (max_client_conn)"),  # PgBouncer
        (asyncpg.ProtocolViolationError, "pgbouncer cannot connect to server"),
    ],
)
def test_pooler_that_has_nothing_to_give_is_away(error, words):
    refusal = error(words)
    refusal.severity = "FATAL"

    with pytest.raises(StoreUnavailableError, match="does not answer now"), reaching():
        raise refusal


def test_error_of_a_statement_stays_what_it_is():
    with pytest.raises(asyncpg.DivisionByZeroError), reaching():
        raise asyncpg.DivisionByZeroError("division by zero")


async def test_pool_of_the_pooler_that_is_taken_is_waited_for(pooler):
    dsn = pooler(default_pool_size=1, query_wait_timeout=1)
    async with opened(dsn, statement_cache_size=0) as database, connected(dsn) as greedy:
        await greedy.execute("begin")
        with pytest.raises(StoreUnavailableError, match="query_wait_timeout"):
            await database.fetch("select 1")

        await greedy.execute("rollback")

        await database.fetch("select 1")


async def test_more_clients_than_the_pooler_takes_are_waited_for(pooler):
    dsn = pooler(max_client_conn=1)
    async with connected(dsn):
        with pytest.raises(StoreUnavailableError, match="max_client_conn"):
            await connect(dsn)


async def test_pooler_that_goes_away_in_the_block_is_told_in_our_words(pooler):
    dsn, gone = pooler(client_idle_timeout=0.2), asyncio.Event()

    async def used_when_gone():
        async with connected(dsn) as connection:
            connection.add_termination_listener(lambda _: gone.set())
            await gone.wait()
            await connection.fetchval("select 1")

    with pytest.raises(StoreUnavailableError):
        await used_when_gone()
