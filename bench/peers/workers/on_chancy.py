"""chancy: its executor for coroutines, with eager polling: by default it takes a batch every five seconds."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import side
from chancy import Chancy, Worker, job
from chancy.queue import Queue

_MOST_CONNECTIONS = 20
_QUEUE = "bench"
_in_this_process: list[side.Handler] = []
"""chancy finds the job by its name, so the handler cannot be passed to it."""


@job(queue=_QUEUE)
async def noop() -> None:
    await _in_this_process[0]()


class Application:
    """Enqueues by ``push`` and ``push_many``."""

    def __init__(self, chancy: Chancy) -> None:
        self._chancy = chancy

    async def add(self) -> None:
        await self._chancy.push(noop)

    async def add_many(self, jobs: int) -> None:
        async for _ in self._chancy.push_many([noop.job] * jobs):
            pass


class OnChancy:
    """With its defaults and default plugins, but for the queue's concurrency, executor and polling."""

    def __init__(self) -> None:
        logging.disable(logging.INFO)

    async def install(self, dsn: str) -> None:
        async with Chancy(dsn) as chancy:
            await chancy.migrate()

    @asynccontextmanager
    async def client(self, dsn: str, *, connections: int) -> AsyncIterator[Application]:
        chancy = Chancy(dsn, min_connection_pool_size=connections, max_connection_pool_size=connections)
        async with chancy:
            await chancy.pool.wait()
            yield Application(chancy)

    async def work(self, dsn: str, *, concurrency: int, handler: side.Handler) -> None:
        _in_this_process.append(handler)
        queue = Queue(_QUEUE, concurrency=concurrency, executor=Chancy.Executor.Async, eager_polling=True)
        async with Chancy(dsn, max_connection_pool_size=_MOST_CONNECTIONS) as chancy:
            await chancy.declare(queue, upsert=True)
            async with Worker(chancy) as worker:
                await worker.wait_for_shutdown()


if __name__ == "__main__":
    side.main(OnChancy())
