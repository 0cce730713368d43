"""A shell in which the pages' commands are tried: a database of its own, simulated providers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from tests.e2e.processes import Shell

from retrato.embedded.server import EmbeddedPostgres
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import migrations, sample


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Scenario(faces=False)) as running:
        yield running


@pytest.fixture
async def applications_dsn(bare_dsn: str) -> str:
    """An application's database in which nobody has migrated yet."""
    await sample.create_host_tables(bare_dsn)
    return bare_dsn


@pytest.fixture
async def migrated_dsn(applications_dsn: str) -> str:
    """The same after `retrato migrate`."""
    await migrations.apply(applications_dsn)
    return applications_dsn


@pytest.fixture
async def new_database(postgres: EmbeddedPostgres) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Makes one empty database to restore into; returns its address."""
    administrator = await asyncpg.connect(postgres.dsn)

    async def create() -> str:
        await administrator.execute("create database restored template template0")
        return postgres.dsn_for("restored")

    yield create
    await administrator.execute("drop database if exists restored with (force)")
    await administrator.close()


@pytest.fixture
def shell(tmp_path: Path, applications_dsn: str, simulator: Simulator) -> Shell:
    return Shell(tmp_path, applications_dsn, simulator)
