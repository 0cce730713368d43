"""Databases of applications with Retrato moved in, and what a test sees of one."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from tests.adoption.hosts import Host
from tests.store.support import connected, finished_for, new_replica
from tests.system.servers import pgbouncer

from retrato.domain.job import Job
from retrato.embedded.server import EmbeddedPostgres
from retrato.store.avatars import Avatars, Finished, Outcome
from retrato.store.database import Database
from retrato.store.jobs import Jobs

OWNER, VISITOR = "dono", "visitante"
_PASSWORD = "senha"
ROLES = f"""
create role {OWNER} login nosuperuser nobypassrls password '{_PASSWORD}';
create role {VISITOR} login nosuperuser nobypassrls password '{_PASSWORD}';
"""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Address:
    """A database: how its owner and Retrato reach it, and how the application's people do."""

    dsn: str
    """The direct way, as the owner: no superuser, as on Supabase."""
    pool_dsn: str
    """The way of Retrato's queries: the direct one, or through a pooler."""
    people_dsn: str
    """The way of the application's people: as the owner too, or as a role that policies hold."""

    @property
    def is_pooled(self) -> bool:
        return self.pool_dsn != self.dsn


def as_role(dsn: str, role: str, *, port: int | None = None) -> str:
    """The same database for another role, or behind another port."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}:{_PASSWORD}@{parts.hostname}:{port or parts.port}"))


async def new_database(postgres: EmbeddedPostgres, *, template: str = "template0") -> Address:
    """An empty database, or a copy, that belongs to OWNER."""
    name = f"adoption_{next(_numbers)}"
    async with connected(postgres.dsn) as connection:
        await connection.execute(f"create database {name} template {template} owner {OWNER}")
        # Names of their own come after those that every test expects in public.
        await connection.execute(f'alter database {name} set search_path to public, "Sales CRM"')
    dsn = as_role(postgres.dsn_for(name), OWNER)
    async with connected(postgres.dsn_for(name)) as connection:
        await connection.execute(f"alter schema public owner to {OWNER}")
    return Address(dsn, dsn, dsn)


async def create_tables(address: Address, host: Host) -> None:
    """The application's tables, created by their owner."""
    async with connected(address.dsn) as connection:
        await connection.execute(host.ddl)


@contextmanager
def pooled(postgres: EmbeddedPostgres, folder: Path) -> Iterator[int]:
    """The port of a PgBouncer in transaction mode in front of *postgres*, for OWNER."""
    server = SimpleNamespace(port=postgres.port, dsn_for=lambda name: as_role(postgres.dsn_for(name), OWNER))
    with pgbouncer(folder, server) as port:
        yield port


class Place:
    """An application with Retrato moved in: its people on one connection, Retrato on a pool of its own."""

    def __init__(self, host: Host, address: Address, connection: asyncpg.Connection, database: Database) -> None:
        self.host = host
        self.address = address
        self.connection = connection
        self.database = database
        self.jobs: Jobs = new_replica(database)
        self.avatars = Avatars(database)
        self.company = ""

    async def enter(self, company: str) -> None:
        """From now on a person of this company is at work: policies let nobody else's rows be seen."""
        self.company = company
        await self.connection.execute("select set_config('app.company', $1, false)", company)

    async def insert(self, name: str = "Ana Souza") -> str:
        """A persona, inserted as the application does it; returns its id."""
        return await self.connection.fetchval(self.host.insert_persona, self.company, name)

    async def update(self, persona_id: str, column: str, value: Any) -> None:
        await self.connection.execute(
            f'update {self.host.people} set "{column}" = $2 where {self.host.where()}', persona_id, value
        )

    async def force(self, persona_id: str) -> None:
        """Forçar, as the application does it."""
        await self.update(persona_id, "regenerate_avatar", True)

    async def delete(self, persona_id: str) -> None:
        await self.connection.execute(f"delete from {self.host.people} where {self.host.where()}", persona_id)

    async def claim(self) -> Job:
        """The one job of this company."""
        claimed = await self.jobs.claim(1, pace_s=0, empresa_id=self.company)
        assert len(claimed.jobs) == 1
        return claimed.jobs[0]

    async def draw(self, **changes: Any) -> Finished:
        """Claim the one job of this company and write its picture back; returns what was written."""
        job = await self.claim()
        version = 1 + await self.database_value(
            "select coalesce(max(version), 0) from retrato.avatars where persona_id = $1", job.persona_id
        )
        finished = finished_for(job, version=version)
        made = {**finished.metadados["flux_generation"], "version": version}
        finished = replace(finished, **{"metadados": {"flux_generation": made}, **changes})
        assert await self.avatars.write(finished) is Outcome.WRITTEN
        return finished

    async def state(self, persona_id: str) -> str | None:
        return await self.database_value(
            "select state from retrato.persona_status where persona_id = $1", persona_id
        )

    async def shown(self, persona_id: str) -> list[dict[str, Any]]:
        """The rows of which the application makes its page, JSON in them parsed."""
        rows = await self.connection.fetch(self.host.shown, persona_id)
        return [json.loads(row["avatar"]) for row in rows]

    async def flag(self, persona_id: str) -> bool:
        return await self.database_value(
            f"select regenerate_avatar from {self.host.people} where {self.host.where()}", persona_id
        )

    async def database_value(self, sql: str, *args: Any) -> Any:
        """What Retrato reads, by its own way to the database."""
        row = await self.database.fetchrow(sql, *args)
        return None if row is None else row[0]


def on_page(row: dict[str, Any]) -> str:
    """The address that the page takes: the local path first, as the application's own page does."""
    return row.get("avatar_local_path") or row["avatar_url"]


def words_beside(row: dict[str, Any]) -> dict[str, Any]:
    """The JSON beside the avatar, wherever the application keeps it."""
    return next(
        (row[name] for name in ("metadados", "avatar_metadata", "metadata") if row.get(name) is not None), {}
    )


@asynccontextmanager
async def opened(host: Host, address: Address) -> AsyncIterator[Place]:
    """A place with a company of its own, in which nobody is yet."""
    database = Database(address.pool_dsn, statement_cache_size=0 if address.is_pooled else 100, size=2)
    await database.open()
    try:
        async with connected(address.dsn) as owner, connected(address.people_dsn) as connection:
            place = Place(host, address, connection, database)
            await place.enter(await owner.fetchval(host.insert_company, "ARVA"))
            yield place
    finally:
        await database.close()


def run(work: Any) -> Any:
    """Build something once for all tests of this process, outside their event loops."""
    return asyncio.run(work)
