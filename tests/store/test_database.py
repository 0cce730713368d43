"""What the driver says, in our words; and connections that do not answer."""

import asyncio

import asyncpg
import pytest
from tests.store.support import failing

from retrato.domain.errors import ConfigError, NotMigratedError, StoreUnavailableError
from retrato.store.database import Database


def with_database(dsn, name):
    return f"{dsn.rpartition('/')[0]}/{name}"


async def open_database(dsn):
    database = Database(dsn, timeout_s=5)
    try:
        await database.open()
    finally:
        await database.close()


async def test_wrong_password_is_a_setting_to_mend_and_stays_secret(dsn, connection):
    await connection.execute("create role clerk login password 'right'")
    host = dsn.rpartition("@")[2]
    try:
        with pytest.raises(ConfigError, match="RETRATO_DATABASE_URL is not accepted") as caught:
            await open_database(f"postgresql://clerk:wrong-canary@{host}")
    finally:
        await connection.execute("drop role clerk")

    assert "wrong-canary" not in str(caught.value)


async def test_password_that_changes_under_an_open_pool_is_waited_for(dsn, connection):
    await connection.execute("create role clerk login password 'first'")
    database = Database(f"postgresql://clerk:first@{dsn.rpartition('@')[2]}", timeout_s=5)
    try:
        await database.open()
        await connection.execute("alter role clerk password 'second'")
        await connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'clerk'")
        with pytest.raises(StoreUnavailableError):  # the connection that was ended
            await database.execute("select 1")
        with pytest.raises(StoreUnavailableError, match="takes us no more"):
            await database.execute("select 1")

        await connection.execute("alter role clerk password 'first'")

        await database.execute("select 1")
    finally:
        await database.close()
        await connection.execute("drop role clerk")


async def test_unknown_database_is_a_setting_to_mend(dsn):
    with pytest.raises(ConfigError, match="nowhere"):
        await open_database(with_database(dsn, "nowhere"))


async def test_address_that_is_none_is_a_setting_to_mend():
    with pytest.raises(ConfigError, match="not a Postgres address"):
        await open_database("mysql://localhost/db")


@pytest.mark.parametrize("password", ["geh/eim", "geh#eim", "geh?eim", "[geheim]", "geh@eim"])
async def test_password_that_breaks_the_address_is_not_told(password):
    with pytest.raises(ConfigError, match="%2F") as caught:
        await open_database(f"postgresql://clerk:{password}@localhost/app")

    assert "geh" not in str(caught.value)
    assert "eim" not in str(caught.value)


async def test_parameter_of_another_tool_in_the_address_is_a_setting_to_mend(dsn):
    with pytest.raises(ConfigError, match="pgbouncer"):
        await open_database(f"{dsn}?pgbouncer=true")


async def test_nobody_at_the_address_is_waited_for():
    with pytest.raises(StoreUnavailableError):
        await open_database("postgresql://retrato:x@127.0.0.1:1/none")


async def test_database_that_was_not_opened_is_away(dsn):
    with pytest.raises(StoreUnavailableError, match="not open"):
        await Database(dsn).execute("select 1")


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("select * from retrato.no_such_table", NotMigratedError),
        ("select no_such_column from retrato.jobs", NotMigratedError),
        ("select retrato.no_such_function()", NotMigratedError),
        ("select * from no_such_schema.jobs", NotMigratedError),
        ("set local role pg_monitor; select * from retrato.jobs", ConfigError),
        ("set local statement_timeout = 1; select pg_sleep(5)", StoreUnavailableError),
        ("set local transaction_read_only = true; delete from retrato.jobs", StoreUnavailableError),
        ("do $$ begin raise sqlstate '53100'; end $$", StoreUnavailableError),
        ("do $$ begin raise sqlstate '40P01'; end $$", StoreUnavailableError),
    ],
)
async def test_errors_are_named_by_what_to_do_next(database, statement, error):
    with pytest.raises(error):
        async with database.transaction() as connection:
            await connection.execute(statement)


async def test_error_of_a_statement_of_ours_is_not_hidden(database):
    with pytest.raises(asyncpg.DivisionByZeroError):
        await database.execute("select 1 / 0")


CUT = (
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where datname = current_database() and application_name = 'retrato'"
)


async def test_connection_that_is_cut_in_mid_statement_counts_as_away(app, database):
    await database.execute("select 1")
    async with asyncio.TaskGroup() as group:
        sleeping = group.create_task(failing(database.execute("select pg_sleep(5)")))
        group.create_task(app.connection.execute(CUT))

    assert isinstance(sleeping.result(), StoreUnavailableError)


async def test_connection_that_was_cut_is_replaced(app, database):
    await database.execute("select 1")
    await app.connection.execute(CUT)
    await failing(database.execute("select 1"))  # may meet the server's farewell

    row = await database.fetchrow("select 1 as one")

    assert row["one"] == 1


async def test_nothing_of_a_failed_transaction_stays_on_the_connection(dsn):
    database = Database(dsn, size=1)
    await database.open()
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with database.transaction() as connection:
            await connection.execute("select 1 / 0")

    row = await database.fetchrow("select current_setting('lock_timeout') as patience")

    assert row["patience"] == "0"
    await database.close()


class Wire:
    """A TCP connection to the server that can fall silent without being closed."""

    def __init__(self, port):
        self._port = port
        self._flows = asyncio.Event()
        self._flows.set()
        self.connections = 0

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    def fall_silent(self):
        self._flows.clear()

    def speak_again(self):
        self._flows.set()

    async def _serve(self, reader, writer):
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on(reader, back))
            group.create_task(self._pass_on(there, writer))

    async def _pass_on(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()


async def test_half_open_connection_is_given_up_in_time_and_replaced(dsn, postgres):
    async with Wire(postgres.port) as wire:
        database = Database(dsn.replace(f":{postgres.port}/", f":{wire.port}/"), size=1)
        await database.open()
        await database.execute("select 1")
        wire.fall_silent()
        async with asyncio.timeout(5):
            with pytest.raises(StoreUnavailableError):
                await database.fetchrow("select 1", timeout_s=0.1)
        wire.speak_again()

        row = await database.fetchrow("select 1 as one", timeout_s=5)

        assert row["one"] == 1
        assert wire.connections >= 2
        await database.close()


async def test_closing_twice_does_no_harm(dsn):
    database = Database(dsn)
    await database.open()

    await database.close()
    await database.close()

    with pytest.raises(StoreUnavailableError, match="not open"):
        await database.execute("select 1")


async def test_part_that_waits_for_locks_leaves_connections_to_the_others(dsn, connection):
    database = Database(dsn, timeout_s=10)
    await database.open()
    part = database.share(3)
    async with connection.transaction():
        await connection.execute("lock table personas in access exclusive mode")
        waiting = [asyncio.create_task(part.fetch("select count(*) from personas")) for _ in range(20)]
        await asyncio.sleep(0.2)

        async with asyncio.timeout(5):
            answer = await database.fetchrow("select 1 as one")
    counted = await asyncio.gather(*waiting)
    await database.close()

    assert answer["one"] == 1
    assert len(counted) == 20


async def test_part_for_which_no_connection_is_free_in_time_is_told_so(dsn):
    database = Database(dsn)
    await database.open()
    part = database.share(1)
    async with part.connection():
        with pytest.raises(StoreUnavailableError, match="no connection was free"):
            await part.fetchrow("select 1", timeout_s=0.05)
    row = await part.fetchrow("select 1 as one")
    await database.close()

    assert row["one"] == 1
