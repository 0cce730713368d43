"""
The measures. Each takes a database of its own, copied from the system's installed one, and answers with JSON.

Times are seconds. None means: not within the limit, or the worker had ended.
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from processes import Cast, Side, SideEndedError
from server import Server
from systems import System

_SETTLE_S = 2.0
"""After a worker's start: it is connected, listens and has found nothing."""
_LOOK_AGAIN_S = 0.005
_DRAIN_LIMIT_S = 600.0
_WARM_UP = 10
_FEW = 10
"""Concurrency where it does not matter."""
_COMMITTERS = 64
_TAKE_OVER_SETTLE_S = 6.0
TAKE_OVER_LIMIT_S = 120
_DOWN_S = 1.0
_PICK_UPS = 5
PICK_UP_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class Bench:
    """What every measure needs."""

    server: Server
    cast: Cast
    rng: random.Random

    @asynccontextmanager
    async def database(self, system: System) -> AsyncIterator[str]:
        """A fresh database in which *system* is installed; yields its address."""
        async with self.server.copy(template_of(system)) as dsn:
            yield dsn


def template_of(system: System) -> str:
    """Name of the database in which *system* was installed."""
    return f"peers_{system.name}"


async def drain(bench: Bench, system: System, *, jobs: int, concurrency: int) -> dict[str, float]:
    """
    Jobs a second from the start of the first job to the moment when the database shows all as done.

    The queue is filled, vacuumed and analysed before the worker starts. ``rss_bytes`` is its memory at the end.
    """
    async with bench.database(system) as dsn:
        async with bench.cast.client(system, dsn) as client:
            await client.ask(do="fill", jobs=jobs)
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute("vacuum analyze")
            async with bench.cast.worker(system, dsn, concurrency=concurrency, every=jobs) as worker:
                first = await worker.hear()
                await worker.hear(within_s=_DRAIN_LIMIT_S)  # the last has started
                while await connection.fetchval(system.open_jobs):
                    await asyncio.sleep(_LOOK_AGAIN_S)
                took_s = time.monotonic() - first["at"]
                return {"jobs_per_s": jobs / took_s, "rss_bytes": worker.rss_bytes()}
        finally:
            await connection.close()


async def latency(bench: Bench, system: System, *, samples: int) -> list[float]:
    """From the reply to an enqueuing COMMIT to the start of the job, with a worker that sleeps in between."""
    async with bench.database(system) as dsn, _idle(bench, system, dsn) as (client, worker):
        for _ in range(_WARM_UP):
            await _pick_up(client, worker)
        took_s = []
        for _ in range(samples):
            await asyncio.sleep(bench.rng.uniform(0.02, 0.05))
            took_s.append(await _pick_up(client, worker))
        return took_s


async def enqueue(bench: Bench, system: System, *, seconds: float) -> float:
    """Enqueuing commits a second, one job each, by 64 committers on a connection each; no worker runs."""
    async with (
        bench.database(system) as dsn,
        bench.cast.client(system, dsn, connections=_COMMITTERS) as client,
    ):
        rate = await client.ask(do="rate", seconds=seconds)
        return rate["commits"] / rate["took_s"]


async def take_overs(bench: Bench, systems: list[System]) -> dict[str, float | None]:
    """`take_over` of all at once: nothing works hard there, all wait for their heirs."""
    async with asyncio.TaskGroup() as group:
        tasks = {system.name: group.create_task(take_over(bench, system)) for system in systems}
    return {name: task.result() for name, task in tasks.items()}


async def take_over(bench: Bench, system: System) -> float | None:
    """From the SIGKILL of a worker with a job in hand to the start of that job at the idle worker beside it."""
    async with bench.database(system) as dsn, AsyncExitStack() as stack:
        client = await stack.enter_async_context(bench.cast.client(system, dsn))
        workers = [
            await stack.enter_async_context(bench.cast.worker(system, dsn, concurrency=_FEW, hold=True))
            for _ in range(2)
        ]
        await asyncio.sleep(_TAKE_OVER_SETTLE_S)
        await client.ask(do="add")
        victim, heir = await _first_to_start(*workers)
        await asyncio.sleep(1)  # in the middle of the job
        killed_at = time.monotonic()
        victim.kill()
        try:
            return (await heir.hear(within_s=TAKE_OVER_LIMIT_S))["at"] - killed_at
        except TimeoutError:
            return None


async def after_restart(bench: Bench, systems: list[System]) -> dict[str, list[float | None]]:
    """Pick-up times after Postgres was away for a second; one restart for all, the workers idle side by side."""
    async with AsyncExitStack() as stack:
        pairs = []
        for system in systems:
            dsn = await stack.enter_async_context(bench.database(system))
            pairs.append((system, dsn, await stack.enter_async_context(_idle(bench, system, dsn))))
        for _, _, (client, worker) in pairs:
            await _pick_up(client, worker)
        await bench.server.restart(down_s=_DOWN_S)
        async with asyncio.TaskGroup() as group:
            tasks = {
                system.name: group.create_task(_pick_ups_from_a_new_client(bench, system, dsn, worker))
                for system, dsn, (_, worker) in pairs
            }
        return {name: task.result() for name, task in tasks.items()}


@asynccontextmanager
async def _idle(bench: Bench, system: System, dsn: str) -> AsyncIterator[tuple[Side, Side]]:
    """A client, and a worker that has gone to sleep."""
    async with (
        bench.cast.client(system, dsn) as client,
        bench.cast.worker(system, dsn, concurrency=_FEW) as worker,
    ):
        await asyncio.sleep(_SETTLE_S)
        yield client, worker


async def _pick_up(client: Side, worker: Side) -> float:
    committed = await client.ask(do="add")
    started = await worker.hear(within_s=PICK_UP_LIMIT_S)
    return started["at"] - committed["committed_at"]


async def _pick_ups_from_a_new_client(bench: Bench, system: System, dsn: str, worker: Side) -> list[float | None]:
    """The application has found the server again; does the worker hear of its jobs?"""
    took_s: list[float | None] = []
    async with bench.cast.client(system, dsn) as client:
        try:
            for _ in range(_PICK_UPS):
                await asyncio.sleep(1)
                took_s.append(await _pick_up(client, worker))
        except (TimeoutError, SideEndedError) as exc:
            print(f"{system.name} after the restart: {type(exc).__name__} {exc}", file=sys.stderr)
    return took_s + [None] * (_PICK_UPS - len(took_s))


async def _first_to_start(one: Side, other: Side) -> tuple[Side, Side]:
    """Who of two has the job in hand, and who has not."""
    waits = [asyncio.create_task(side.hear()) for side in (one, other)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    first = next(wait for wait in waits if wait.done())
    for wait in waits:
        if wait is not first:
            wait.cancel()
    await first
    return (one, other) if first is waits[0] else (other, one)
