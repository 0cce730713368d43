"""
A sample company, replicas that run until the test is over, and the log lines they write.

The tests here share one database, emptied before each: a copy of the template takes longer than most of them.
"""

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from service_fakes import Replica
from structlog.testing import capture_logs
from tests import daemon_role

from retrato.store import sample
from retrato.store.host import Host
from retrato.supervise import supervise

_STOP_WITHIN_S = 10
_NAME = "services"
_EMPTY = """
select pg_terminate_backend(pid)
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid();
delete from public.empresas;
delete from retrato.jobs;
delete from retrato.avatars;
delete from retrato.attempts;
delete from retrato.legs;
delete from retrato.replicas;
delete from retrato.pauses;
update retrato.pace set next_at = 'epoch', positions = default;
"""


@pytest.fixture(scope="session")
def shared_dsn(postgres, migrated_template):
    """Address of the one database of these tests."""

    async def make() -> None:
        opened = await asyncpg.connect(postgres.dsn)
        await opened.execute(f"create database {_NAME} template {migrated_template}")
        await opened.close()

    asyncio.run(make())
    return postgres.dsn_for(_NAME)


@pytest.fixture
async def dsn(shared_dsn):
    """Its address, when it has been emptied."""
    opened = await asyncpg.connect(shared_dsn)
    await opened.execute(_EMPTY, timeout=5)
    await opened.close()
    return shared_dsn


@pytest.fixture
def logged():
    """The log lines of this test, as they are written."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
async def host(database):
    async with database.connection() as opened:
        return await Host.read(opened)


@pytest.fixture
def company(dsn):
    """Insert the sample company with so many personas, as an application does; returns its id."""

    async def insert(personas: int = 1) -> str:
        return await sample.insert_company(dsn, personas=personas)

    return insert


@pytest.fixture
def replica(database, host, dsn):
    """Build a replica; keyword arguments are those of ``service_fakes.Replica``."""

    def build(**options) -> Replica:
        return Replica(database, host, daemon_role.product(dsn), **options)

    return build


@pytest.fixture
def running():
    """Run a replica's services, dispatcher and keeper if none are named, for the length of a block, then stop."""

    @asynccontextmanager
    async def run(one: Replica, names: Sequence[str] = ("dispatcher", "keeper")):
        stop = asyncio.Event()
        services = [getattr(one, name) for name in names]
        task = asyncio.create_task(supervise(services, stop=stop, limit_s=_STOP_WITHIN_S))
        try:
            yield stop
        finally:
            stop.set()
            if "dispatcher" not in names:  # whose part this is
                one.holdings.drained.set()
            async with asyncio.timeout(_STOP_WITHIN_S):
                await task

    return run


@pytest.fixture
async def other_connection(dsn):
    """A second session of somebody else, e.g. the connection that holds another replica's lock."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close(timeout=5)


@pytest.fixture
def job_row(connection):
    """The one job's row, or None."""

    async def read():
        return await connection.fetchrow("select *, run_at - clock_timestamp() as wait from retrato.jobs")

    return read


@pytest.fixture
def count(connection):
    """How many rows a table has, or how many of them meet a condition."""

    async def ask(table: str, where: str = "true") -> int:
        return await connection.fetchval(f"select count(*) from {table} where {where}")

    return ask
