"""The host application, the bell and the replicas, as the tests of the store and of the services need them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from retrato.domain.attempt import Bid
from retrato.domain.errors import StoreUnavailableError
from retrato.domain.job import Job
from retrato.domain.picture import Order
from retrato.embedded.server import EmbeddedPostgres
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Avatars, Finished
from retrato.store.database import Database
from retrato.store.garbage import Garbage
from retrato.store.host import Host
from retrato.store.jobs import Jobs

Connection = asyncpg.Connection
LEASE_S = 30.0
BID = Bid(
    version=1,
    provider="huggingface",
    leg="huggingface/fal-ai",
    model="black-forest-labs/FLUX.1-dev",
    redraw=0,
    order=Order(prompt="A portrait of Ana", seed=768726142),
)
_PATIENCE_S = 10.0


class Application:
    """The application that owns the host's tables, on one connection; knows nothing of Retrato but the flag."""

    def __init__(self, connection: Connection, empresa_id: str) -> None:
        self.connection = connection
        self.empresa_id = empresa_id

    async def insert_company(self) -> str:
        return await insert_company(self.connection)

    async def insert(self, full_name: str = "Ana Souza", **columns: Any) -> str:
        """Insert one persona; returns its id."""
        row = {
            "persona_code": uuid4().hex,
            "full_name": full_name,
            "role": "Analista",
            "empresa_id": self.empresa_id,
            **columns,
        }
        values = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        return await self.connection.fetchval(
            f"insert into personas ({', '.join(row)}) values ({values}) returning id::text", *row.values()
        )

    async def insert_many(self, count: int, empresa_id: str | None = None) -> list[str]:
        """Insert *count* personas in one statement; returns their ids in the order of insertion."""
        rows = await self.connection.fetch(
            """
            insert into personas (persona_code, full_name, role, empresa_id)
            select gen_random_uuid(), 'Persona ' || n, 'Analista', $2
            from generate_series(1, $1) n
            returning id::text
            """,
            count,
            empresa_id or self.empresa_id,
        )
        return [row["id"] for row in rows]

    async def update(self, persona_id: str, **columns: Any) -> None:
        settings = ", ".join(f"{column} = ${n}" for n, column in enumerate(columns, start=2))
        await self.connection.execute(
            f"update personas set {settings} where id = $1::text::uuid", persona_id, *columns.values()
        )

    async def raise_flag(self, persona_id: str) -> None:
        await self.update(persona_id, regenerate_avatar=True)

    @asynccontextmanager
    async def bypassing_triggers(self) -> AsyncIterator[None]:
        """What is done in this block is seen by no trigger, as when a dump is restored."""
        async with self.connection.transaction():
            await self.connection.execute("set local session_replication_role = replica")
            yield

    async def delete(self, persona_id: str) -> None:
        await self.connection.execute("delete from personas where id = $1::text::uuid", persona_id)

    async def persona(self, persona_id: str) -> asyncpg.Record:
        return await self.connection.fetchrow("select * from personas where id = $1::text::uuid", persona_id)


async def insert_company(connection: Connection) -> str:
    return await connection.fetchval(
        "insert into empresas (codigo, nome, descricao) values (gen_random_uuid(), 'ARVA', '-') returning id::text"
    )


class Bell:
    """Everything that rings on the channel, heard by a real LISTEN."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rings = 0
        self._all_heard = asyncio.Event()

    async def listen(self) -> None:
        await self._connection.add_listener("retrato", self._hear)

    def _hear(self, _connection: Connection, _pid: int, _channel: str, payload: str) -> None:
        if payload:
            self._all_heard.set()
        else:
            self._rings += 1

    async def rings(self) -> int:
        """How often it rang since the last call: hints arrive in the order of commits, so our own comes last."""
        self._all_heard.clear()
        await self._connection.execute("select pg_notify('retrato', 'that is all')")
        async with asyncio.timeout(_PATIENCE_S):
            await self._all_heard.wait()
        rings, self._rings = self._rings, 0
        return rings


def new_replica(database: Database, *, lease_s: float = LEASE_S) -> Jobs:
    """The queue as a further replica sees it."""
    return Jobs(database, replica_id=uuid4(), lease_s=lease_s)


async def claim_one(jobs: Jobs) -> Job:
    """The one job that may start now."""
    claimed = await jobs.claim(1, pace_s=0)
    assert len(claimed.jobs) == 1
    return claimed.jobs[0]


async def claim_all(jobs: Jobs, *, limit: int = 1000) -> list[Job]:
    """Everything that may start now."""
    found: list[Job] = []
    while more := (await jobs.claim(limit, pace_s=0)).jobs:
        found += more
    return found


async def job_of(connection: Connection, persona_id: str) -> asyncpg.Record | None:
    return await connection.fetchrow("select * from retrato.jobs where persona_id = $1", persona_id)


async def queued(connection: Connection) -> list[str]:
    """Personas in the queue, by place."""
    rows = await connection.fetch("select persona_id from retrato.jobs where state = 'queued' order by place")
    return [row["persona_id"] for row in rows]


async def state_of(connection: Connection, persona_id: str) -> str:
    return await connection.fetchval("select state from retrato.persona_status where persona_id = $1", persona_id)


def finished_for(job: Job, **changes: Any) -> Finished:
    """A finished first version of the job's persona."""
    values: dict[str, Any] = {
        "persona_id": job.persona_id,
        "token": job.token,
        "generation": job.generation,
        "version": 1,
        "image_key": f"a/{job.persona_id}/v1-{job.token}.jpg",
        "thumbnail_key": f"a/{job.persona_id}/v1-{job.token}-thumb.jpg",
        "image_url": f"https://pictures.example/{job.token}.jpg",
        "thumbnail_url": f"https://pictures.example/{job.token}-thumb.jpg",
        "sha256": "ab" * 32,
        "image_bytes": 240_188,
        "stored_bytes": 251_004,
        "width": 1024,
        "height": 1024,
        "provider": "huggingface",
        "leg": "huggingface/fal-ai",
        "model": "black-forest-labs/FLUX.1-dev",
        "prompt": "A portrait of Ana",
        "seed": 768726142,
        "redraw": 0,
        "steps": 28,
        "guidance": 3.5,
        "cost_usd": 0.025,
        "attempts": 1,
        "took_s": 4.2,
        "service": "huggingface_FLUX.1-dev",
        "metadados": {"flux_generation": {"model": "black-forest-labs/FLUX.1-dev", "seed_used": 768726142}},
    }
    return Finished(**{**values, **changes})


async def until(question: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until the answer is true; for what another process or connection does in its own time."""
    async with asyncio.timeout(_PATIENCE_S):
        while not (answer := await question()):  # noqa: ASYNC110 - it happens in Postgres
            await asyncio.sleep(0.005)
    return answer


async def failing(work: Awaitable[Any]) -> Any:
    """The outcome of *work*, be it StoreUnavailableError."""
    try:
        return await work
    except StoreUnavailableError as exc:
        return exc


async def blocked(connection: Connection, count: int = 1) -> None:
    """Wait until *count* sessions of this database wait for somebody's lock."""

    async def waiting() -> bool:
        return count <= await connection.fetchval(
            """
            select count(*)
            from pg_stat_activity
            where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0
            """
        )

    await until(waiting)


@asynccontextmanager
async def connected(dsn: str, **options: Any) -> AsyncIterator[Connection]:
    """One more connection, closed in the end whatever happens."""
    connection = await asyncpg.connect(dsn, **options)
    try:
        yield connection
    finally:
        connection.terminate()


_EMPTY = """
select pg_terminate_backend(pid)
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend';
truncate
    empresas, personas, personas_avatares, retrato.jobs, retrato.avatars, retrato.attempts, retrato.legs,
    retrato.budget, retrato.replicas, retrato.pace, retrato.pauses, retrato.garbage, retrato.public_urls;
insert into retrato.pace default values;
update retrato.chores set next_at = default, position = default;
update retrato.installation set installed_at = now(), flag_is_ours = true;
"""


@pytest.fixture(scope="session")
def reused_dsn(postgres: EmbeddedPostgres, migrated_template: str) -> str:
    """Address of a migrated database for all tests of this process that leave its tables as they are."""

    async def make() -> None:
        async with connected(postgres.dsn) as connection:
            await connection.execute(f"create database reused template {migrated_template}")

    asyncio.run(make())
    return postgres.dsn_for("reused")


@pytest.fixture
async def dsn(reused_dsn: str) -> str:
    """Address of a migrated, empty database; making a new one costs more than most of these tests."""
    async with connected(reused_dsn) as connection:
        await connection.execute(_EMPTY)
    return reused_dsn


@pytest.fixture
async def app(connection: Connection) -> Application:
    """The application, with one company."""
    return Application(connection, await insert_company(connection))


@pytest.fixture
async def other_app(dsn: str, app: Application) -> AsyncIterator[Application]:
    """The same application on a second connection."""
    async with connected(dsn) as connection:
        yield Application(connection, app.empresa_id)


@pytest.fixture
async def bell(dsn: str) -> AsyncIterator[Bell]:
    """Listens from the beginning of the test."""
    async with connected(dsn) as connection:
        bell = Bell(connection)
        await bell.listen()
        yield bell


@pytest.fixture
def jobs(database: Database) -> Jobs:
    """The queue as one replica sees it."""
    return new_replica(database)


@pytest.fixture
def avatars(database: Database) -> Avatars:
    """The write-back."""
    return Avatars(database)


@pytest.fixture
def attempts(database: Database) -> AttemptLog:
    """The books of what was asked for."""
    return AttemptLog(database)


@pytest.fixture
async def garbage(database: Database) -> Garbage:
    """Stored pictures that nobody names."""
    async with database.connection() as connection:
        return Garbage(database, await Host.read(connection))
