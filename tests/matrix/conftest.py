"""One database with one persona, and one pool, for all plays of a process: both take longer than most plays."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio

from retrato.embedded.server import EmbeddedPostgres
from retrato.store import sample
from retrato.store.database import Database

_NAME = "matrix"


@pytest.fixture(scope="session")
def dsn(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[str]:
    asyncio.run(_administer(postgres, f"create database {_NAME} template {migrated_template}"))
    asyncio.run(sample.insert_company(postgres.dsn_for(_NAME), personas=1))
    yield postgres.dsn_for(_NAME)
    asyncio.run(_administer(postgres, f"drop database {_NAME} with (force)"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = Database(dsn)
    await opened.open()
    yield opened
    await opened.close()


async def _administer(postgres: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(postgres.dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
