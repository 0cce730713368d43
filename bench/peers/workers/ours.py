"""
Retrato: the real dispatcher, keeper, listener, worker and write-back; only the pipeline draws nothing.

The host is one table. A job is enqueued by inserting a persona, and done when the avatar is in the persona's row.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
import side

from retrato import logs
from retrato.domain.job import Job
from retrato.generation.pipeline import Pipeline
from retrato.services.dispatcher import Dispatcher
from retrato.services.holdings import Holdings
from retrato.services.keeper import Keeper
from retrato.services.listener import Listener
from retrato.services.worker import Worker
from retrato.settings import load
from retrato.store import migrations
from retrato.store.avatars import Avatars, Finished
from retrato.store.database import Database
from retrato.store.jobs import Jobs
from retrato.supervise import supervise

_HOST = """
create table personas (
    id bigint generated always as identity primary key,
    name text not null,
    empresa_id bigint not null,
    avatar_url text
)
"""
_COMPANIES = 10
_INSERT_ONE = "insert into personas (name, empresa_id) values ('Ana', 1)"
_INSERT_MANY = f"""
insert into personas (name, empresa_id)
select 'Persona ' || n, n % {_COMPANIES}
from generate_series(1, $1::integer) n
"""


class Application:
    """Inserts personas; what follows is our trigger's."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def add(self) -> None:
        await self._pool.execute(_INSERT_ONE)

    async def add_many(self, jobs: int) -> None:
        await self._pool.execute(_INSERT_MANY, jobs)


class NoPicture:
    """Stands for the pipeline: a finished picture at once, of which nothing was stored."""

    def __init__(self, handler: side.Handler) -> None:
        self._handler = handler

    async def draw(self, job: Job) -> Finished:
        await self._handler()
        url = f"https://faces.example/{job.persona_id}/{job.token}"
        return Finished(
            persona_id=job.persona_id,
            token=job.token,
            generation=job.generation,
            version=1,
            image_key=f"{job.persona_id}/{job.token}.webp",
            thumbnail_key=f"{job.persona_id}/{job.token}-small.webp",
            image_url=f"{url}.webp",
            thumbnail_url=f"{url}-small.webp",
            sha256="0" * 64,
            image_bytes=100_000,
            stored_bytes=110_000,
            width=1024,
            height=1024,
            provider="none",
            leg="none",
            model="none",
            prompt="A portrait of Ana",
            seed=7,
            redraw=0,
            steps=28,
            guidance=3.5,
            cost_usd=0.0,
            attempts=1,
            took_s=0.0,
            service="none",
            metadados={"flux_generation": {"seed_used": 7}},
        )


class Retrato:
    """Put together as in ``retrato.app.daemon``."""

    async def install(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(_HOST)
        await connection.close()
        await migrations.apply(dsn)

    @asynccontextmanager
    async def client(self, dsn: str, *, connections: int) -> AsyncIterator[Application]:
        async with asyncpg.create_pool(dsn, min_size=connections, max_size=connections) as pool:
            yield Application(pool)

    async def work(self, dsn: str, *, concurrency: int, handler: side.Handler) -> None:
        settings = load(concurrency=concurrency, pace_seconds=0, log_level="warning")
        logs.configure(log_format="json", level=settings.log_level)
        database = Database(dsn)
        await database.open()
        wake = asyncio.Event()
        holdings = Holdings(lease_s=settings.lease_seconds, clock=time.monotonic)
        jobs = Jobs(database, replica_id=holdings.replica_id, lease_s=settings.lease_seconds)
        worker = Worker(
            jobs,
            Avatars(database),
            cast("Pipeline", NoPicture(handler)),
            holdings=holdings,
            most_attempts=settings.max_job_attempts,
        )
        keeper = Keeper(jobs, holdings=holdings, wake=wake, version="bench", poll_s=settings.poll_seconds)
        await keeper.beat()
        dispatcher = Dispatcher(
            jobs,
            worker,
            holdings=holdings,
            wake=wake,
            hurry=asyncio.Event(),
            concurrency=settings.concurrency,
            pace_s=settings.pace_seconds,
            poll_s=settings.poll_seconds,
            grace_s=settings.grace_seconds,
        )
        listener = Listener(dsn, wake=wake, holdings=holdings)
        await supervise([dispatcher, keeper, listener], stop=asyncio.Event(), limit_s=settings.grace_seconds)


if __name__ == "__main__":
    side.main(Retrato())
