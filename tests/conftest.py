"""
Real parts for all tests: one Postgres per test process, and a database of its own per test, copied from a template
that was migrated once.

With RETRATO_TEST_POSTGRES=15 the server is of that version, out of those that are installed. With
RETRATO_TEST_ROLE=1 Retrato connects as the role that sql/roles.sql makes (tests/daemon_role.py); `dsn` and
`connection` stay the owner's.
"""

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests import daemon_role
from tests.system.servers import pgbouncer
from tests.tools import needs

from retrato.embedded.binaries import Binaries, Origin, choose_binaries
from retrato.embedded.server import EmbeddedPostgres
from retrato.store import migrations, sample
from retrato.store.database import Database

_numbers = itertools.count(1)
_TEMPLATE = "retrato_template"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    wanted = int(os.environ.get("RETRATO_TEST_POSTGRES", "0")) or None

    def choose(*, prefer: Origin, major: int | None) -> Binaries:
        return choose_binaries(prefer=prefer, major=major or wanted)

    with (
        patch("retrato.embedded.server.choose_binaries", choose),
        tempfile.TemporaryDirectory(prefix="retrato-tests-") as folder,
        EmbeddedPostgres(Path(folder), durable=False, max_connections=200) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres: EmbeddedPostgres) -> str:
    """Name of a database with the sample host's tables and Retrato's schema, and nobody in it."""

    async def make() -> None:
        await _administer(postgres, f"create database {_TEMPLATE}")
        dsn = postgres.dsn_for(_TEMPLATE)
        await sample.create_host_tables(dsn)
        await migrations.apply(dsn)
        await daemon_role.make_if_asked(dsn)

    asyncio.run(make())
    return _TEMPLATE


@pytest.fixture
async def dsn(postgres: EmbeddedPostgres, migrated_template: str) -> AsyncIterator[str]:
    """Address of a migrated database of this test's own."""
    async for address in _fresh_database(postgres, f"template {migrated_template}"):
        yield address


@pytest.fixture
async def bare_dsn(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """Address of an empty database of this test's own."""
    async for address in _fresh_database(postgres, "template template0"):
        yield address


@pytest.fixture
def pooler(postgres: EmbeddedPostgres, dsn: str) -> Iterator[Callable[..., str]]:
    """Starts a PgBouncer, whose settings are keyword arguments; returns *dsn* as it is through it."""
    needs("pgbouncer", untested="this behind a pooler")
    address = urlsplit(dsn)
    user = address.netloc.rpartition("@")[0]
    with ExitStack() as stack:

        def start(**settings: object) -> str:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="retrato-pooler-"))
            port = stack.enter_context(pgbouncer(Path(folder), postgres, **settings))
            return address._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()

        yield start


@pytest.fixture
def pooled_dsn(pooler: Callable[..., str]) -> str:
    """The same database through PgBouncer in transaction mode."""
    return pooler()


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The application's connection to this test's database."""
    opened = await asyncpg.connect(dsn)
    try:
        yield opened
    finally:
        with suppress(asyncpg.InterfaceError):
            await opened.close(timeout=5)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """Retrato's pool on this test's database."""
    opened = Database(daemon_role.product(dsn))
    await opened.open()
    yield opened
    await opened.close()


async def _fresh_database(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    name = f"test_{next(_numbers)}"
    await _administer(postgres, f"create database {name} {template}")
    try:
        yield postgres.dsn_for(name)
    finally:
        await _administer(postgres, f"drop database {name} with (force)")


async def _administer(postgres: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(postgres.dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
