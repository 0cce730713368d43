"""
The series. Each answers with rows of plain figures, as they are kept in results.json.

What is weighed is said in weighed.py; four jobs are in hand, and 50,000 personas stand behind them.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg

from retrato.embedded.server import EmbeddedPostgres

from .ground import bare_replica, connected, install, install_bare, new_database, next_start
from .scales import Scales
from .weighed import WeighedQueue

Row = dict[str, Any]

_HELD = 4
_CALLS = 6
_PERSONAS = 50_000
_COMPANIES = 10_000
_CHURN_COMPANIES = 100
_LEFT = 1000
_CONCURRENCY = 50
_HOST = """
insert into empresas (codigo, nome, descricao) values ('a', 'a', '-');
insert into personas (persona_code, full_name, role, empresa_id)
select 'a' || n, 'Persona ' || n, 'Analista', id from empresas, generate_series(1, 4) n;
set session_replication_role = replica;
insert into personas (persona_code, full_name, role, empresa_id)
select 'b' || n, 'Persona ' || n, 'Analista', id from empresas, generate_series(1, {personas}) n;
reset session_replication_role;
vacuum analyze personas
"""
_FILL_BARE = """
insert into personas (name, empresa_id) select 'Persona ' || n, n % 1000 from generate_series(1, $1::integer) n
"""


@asynccontextmanager
async def weighed_queue(server: EmbeddedPostgres) -> AsyncIterator[WeighedQueue]:
    """A queue of its own database, with jobs in hand and nothing else in it."""
    dsn = await new_database(server, "weighed")
    await install(dsn)
    async with connected(dsn) as connection:
        for statement in _HOST.format(personas=_PERSONAS).split(";"):
            await connection.execute(statement)
        scales = Scales(dsn)
        await scales.open()
        try:
            queue = WeighedQueue(connection, scales)
            await queue.take(_HELD)
            yield queue
        finally:
            await scales.close()


async def backlog(server: EmbeddedPostgres, most: int) -> AsyncIterator[Row]:
    """Cost by statement while 0, 1,000, 10,000 … *most* jobs wait, in up to 10,000 companies."""
    async with weighed_queue(server) as queue:
        waiting = 0
        for jobs in [0, *_powers_of_ten(1000, most)]:
            await queue.fill(jobs - waiting, companies=min(max(jobs, 1), _COMPANIES))
            waiting = jobs
            await queue.connection.execute("vacuum analyze retrato.jobs")
            await queue.forget_plans()
            for row in await _rows(queue):
                yield {"jobs": jobs, **row}


async def dead(server: EmbeddedPostgres, most: int, *, pinned: bool) -> AsyncIterator[Row]:
    """
    Cost by statement after 0, 1,000, 10,000 … *most* jobs were claimed and finished, with 1,000 left.

    With *pinned* an old snapshot is held meanwhile, so that no vacuum can remove what is dead.
    """
    async with weighed_queue(server) as queue, AsyncExitStack() as stack:
        if pinned:
            holder = await stack.enter_async_context(connected(server.dsn_for("weighed")))
            await stack.enter_async_context(holder.transaction(isolation="repeatable_read"))
            await holder.fetchval("select count(*) from personas")
        else:
            await queue.connection.execute("alter table retrato.jobs set (autovacuum_enabled = false)")
        await queue.fill(_LEFT + most, companies=_CHURN_COMPANIES)
        await queue.connection.execute("analyze retrato.jobs")
        finished = 0
        for jobs in [0, *_powers_of_ten(1000, most)]:
            await queue.finish(jobs - finished)
            finished = jobs
            await queue.forget_plans()
            for row in await _rows(queue):
                yield {"dead": jobs, "pinned": pinned, **row}


async def replicas(server: EmbeddedPostgres, most: int, jobs: int) -> AsyncIterator[Row]:
    """Jobs a second with 1, 2, 4 … *most* replicas as processes, whose pipelines draw nothing."""
    await install_bare(await new_database(server, "bare"))
    number = 1
    while number <= most:
        dsn = await new_database(server, "draining", template="bare")
        async with connected(dsn) as connection:
            await connection.execute(_FILL_BARE, jobs)
            await connection.execute("vacuum analyze")
            yield {"replicas": number, "jobs": jobs, "jobs_per_s": await _drain(dsn, connection, number, jobs)}
        number *= 2


async def _drain(dsn: str, connection: asyncpg.Connection, number: int, jobs: int) -> float:
    """From the first start of any replica to the moment when the database shows no job any more."""
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(bare_replica(dsn, concurrency=_CONCURRENCY, every=jobs))
            for _ in range(number)
        ]
        starts = [asyncio.create_task(next_start(worker)) for worker in workers]
        done, late = await asyncio.wait(starts, return_when=asyncio.FIRST_COMPLETED)
        began_at = min(start.result()["at"] for start in done)
        while await connection.fetchval("select exists (select from retrato.jobs)"):
            await asyncio.sleep(0.05)
        took_s = time.monotonic() - began_at
        for start in late:
            start.cancel()
        return jobs / took_s


async def _rows(queue: WeighedQueue) -> list[Row]:
    return [
        {"statement": name, "pages": cost.pages, "took_ms": round(cost.took_ms, 3)}
        for name, cost in (await queue.costs(calls=_CALLS)).items()
    ]


def _powers_of_ten(first: int, most: int) -> list[int]:
    """*first*, ten times as much … up to *most*, which is always the last."""
    steps = []
    while first < most:
        steps.append(first)
        first *= 10
    return [*steps, most]
