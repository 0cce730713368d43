"""A console in this process on a real Postgres, and a real browser."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, CookieJar
from tests.console.console_support import People, Running, login_cookie, memory_store, running_console
from tests.storage.conftest import moto

from retrato.store.database import Database

__all__ = ["moto"]


@pytest.fixture
def store() -> Any:
    return memory_store()


@pytest.fixture
async def people(connection: Any, store: Any) -> People:
    return People(connection, store)


@pytest.fixture
async def console(database: Database, connection: Any, store: Any) -> AsyncIterator[Running]:
    async with running_console(database, connection, store) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """A browser that has logged in: a client that keeps cookies, also of addresses without a name."""
    async with _client(cookies=login_cookie()) as session:
        yield session


@pytest.fixture
async def stranger() -> AsyncIterator[ClientSession]:
    """The same before it has logged in."""
    async with _client() as session:
        yield session


def _client(**options: Any) -> ClientSession:
    return ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=20), **options)
