"""The one Postgres that all systems share, and a fresh database for every measurement."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from retrato.embedded.server import EmbeddedPostgres

# Durable, as in production; only larger than an idle laptop's default, so that no checkpoint falls into a drain.
SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB"}
MOST_CONNECTIONS = 300


class Server:
    """Our embedded Postgres, or any other whose role may create databases."""

    def __init__(self, dsn: str, embedded: EmbeddedPostgres | None = None) -> None:
        self._dsn = dsn
        self._embedded = embedded

    @property
    def can_restart(self) -> bool:
        """Only one's own server is restarted."""
        return self._embedded is not None

    def dsn_for(self, database: str) -> str:
        """Address of another database of this server."""
        return urlsplit(self._dsn)._replace(path=f"/{database}").geturl()

    async def version(self) -> str:
        """What the server calls itself."""
        return str(await self._ask("show server_version"))

    async def create(self, database: str) -> str:
        """Make an empty database anew; returns its address."""
        await self._ask(f"drop database if exists {database} with (force)")
        await self._ask(f"create database {database}")
        return self.dsn_for(database)

    @asynccontextmanager
    async def copy(self, template: str) -> AsyncIterator[str]:
        """A copy of *template* that lives as long as the block; yields its address."""
        name = f"{template}_now"
        await self._ask(f"drop database if exists {name} with (force)")
        await self._ask(f"create database {name} template {template}")
        try:
            yield self.dsn_for(name)
        finally:
            await self._ask(f"drop database {name} with (force)")

    async def restart(self, *, down_s: float) -> None:
        """Stop the server as an administrator does (fast), and start it *down_s* seconds later."""
        assert self._embedded is not None
        await asyncio.to_thread(self._embedded.stop)
        await asyncio.sleep(down_s)
        await asyncio.to_thread(self._embedded.start)

    async def _ask(self, statement: str) -> object:
        connection = await asyncpg.connect(self._dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()
