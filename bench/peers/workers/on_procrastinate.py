"""procrastinate: psycopg, one job a fetch; jobs that are done are deleted, so that its table stays small."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import procrastinate
import side
from procrastinate.tasks import Task

_MOST_CONNECTIONS = 20
_QUEUE = "bench"


def _app(dsn: str, *, connections: int) -> procrastinate.App:
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=dsn, min_size=connections, max_size=connections)
    )


def _task(app: procrastinate.App, handler: side.Handler) -> Task:
    @app.task(queue=_QUEUE, name="noop")
    async def noop() -> None:
        await handler()

    return noop


class Application:
    """Enqueues by ``defer_async`` and ``batch_defer_async``; a call is a transaction."""

    def __init__(self, task: Task) -> None:
        self._task = task

    async def add(self) -> None:
        await self._task.defer_async()

    async def add_many(self, jobs: int) -> None:
        await self._task.batch_defer_async(*({} for _ in range(jobs)))


class Procrastinate:
    """With its defaults, but for the concurrency, the pool and the deletion."""

    def __init__(self) -> None:
        logging.disable(logging.INFO)  # a line for every job costs more than the job

    async def install(self, dsn: str) -> None:
        app = _app(dsn, connections=1)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    @asynccontextmanager
    async def client(self, dsn: str, *, connections: int) -> AsyncIterator[Application]:
        app = _app(dsn, connections=connections)
        async with app.open_async():
            yield Application(_task(app, side.Handler(every=1, hold=False)))

    async def work(self, dsn: str, *, concurrency: int, handler: side.Handler) -> None:
        # One connection more: the listener keeps one for itself.
        app = _app(dsn, connections=min(concurrency, _MOST_CONNECTIONS) + 1)
        _task(app, handler)
        async with app.open_async():
            await app.run_worker_async(queues=[_QUEUE], concurrency=concurrency, delete_jobs="always")


if __name__ == "__main__":
    side.main(Procrastinate())
