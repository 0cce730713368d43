"""pgqueuer: a pool of asyncpg. It wants room for two batches, so a batch is half the concurrency."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import side
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

_CONNECTIONS = 10  # the default of asyncpg's pool
_JOB = "noop"


class Application:
    """Enqueues by ``Queries.enqueue``; a statement is a transaction."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def add(self) -> None:
        await self._queries.enqueue(_JOB, None)

    async def add_many(self, jobs: int) -> None:
        await self._queries.enqueue([_JOB] * jobs, [None] * jobs, [0] * jobs)


class Pgqueuer:
    """With its defaults, but for the concurrency."""

    async def install(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await Queries(AsyncpgDriver(connection)).install()
        await connection.close()

    @asynccontextmanager
    async def client(self, dsn: str, *, connections: int) -> AsyncIterator[Application]:
        async with asyncpg.create_pool(dsn, min_size=connections, max_size=connections) as pool:
            yield Application(Queries(AsyncpgPoolDriver(pool)))

    async def work(self, dsn: str, *, concurrency: int, handler: side.Handler) -> None:
        async with asyncpg.create_pool(dsn, min_size=_CONNECTIONS, max_size=_CONNECTIONS) as pool:
            queuer = PgQueuer(AsyncpgPoolDriver(pool))

            @queuer.entrypoint(_JOB)
            async def noop(_job: Job) -> None:
                await handler()

            await queuer.qm.run(batch_size=max(1, concurrency // 2), max_concurrent_tasks=max(2, concurrency))


if __name__ == "__main__":
    side.main(Pgqueuer())
