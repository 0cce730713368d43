"""
What the queue's statements cost depends neither on what else is in the tables nor on what the planner believes.

Each is weighed while the queue is small and again when it has grown; twice the pages are allowed.
"""

from collections.abc import AsyncIterator

import pytest
from bench.scale.scales import Scales
from bench.scale.weighed import WeighedQueue
from tests.store.support import Application, connected

_FEW = 500
_MANY = 20_000
_COMPANIES = 50
_HELD = 4


@pytest.fixture
async def queue(app: Application, dsn: str) -> AsyncIterator[WeighedQueue]:
    """A small queue, known to the planner."""
    scales = Scales(dsn)
    await scales.open()
    queue = WeighedQueue(app.connection, scales)
    for _ in range(_HELD):
        await app.insert()
    await queue.take(_HELD)
    await queue.fill(_FEW, companies=_COMPANIES)
    await app.connection.execute("vacuum analyze retrato.jobs, personas")
    yield queue
    await scales.close()


@pytest.fixture
async def small(queue: WeighedQueue) -> dict[str, int]:
    """Pages by statement while the queue is small."""
    return await pages(queue)


async def pages(queue: WeighedQueue) -> dict[str, int]:
    """Pages touched, by statement."""
    return {name: cost.pages for name, cost in (await queue.costs()).items()}


async def dearer(small: dict[str, int], queue: WeighedQueue) -> dict[str, str]:
    """The statements that cost more than twice as much now."""
    now = await pages(queue)
    return {name: f"{small[name]} to {now[name]}" for name in small if now[name] > 2 * small[name]}


async def dearer_planned_now(small: dict[str, int], queue: WeighedQueue) -> dict[str, str]:
    """The same by plans that are made now, with what the planner believes."""
    await queue.forget_plans()
    return await dearer(small, queue)


@pytest.mark.parametrize("companies", [1, _MANY])
async def test_cost_does_not_grow_with_the_backlog(queue, small, companies):
    await queue.fill(_MANY, companies=companies)
    await queue.connection.execute("vacuum analyze retrato.jobs")

    assert not await dearer_planned_now(small, queue)


async def test_statistics_of_the_small_table_mislead_nobody(queue, small):
    await queue.fill(_MANY, companies=_COMPANIES)

    assert not await dearer_planned_now(small, queue)


async def test_plans_for_the_small_table_do_for_the_large_one(queue, small):
    await queue.fill(_MANY, companies=_COMPANIES)

    assert not await dearer(small, queue)


async def test_plans_for_the_empty_table_do_for_the_large_one(queue, small):
    await queue.connection.execute("delete from retrato.jobs where state = 'queued'")
    await queue.connection.execute("vacuum analyze retrato.jobs")
    await queue.forget_plans()
    await pages(queue)
    await queue.fill(_MANY, companies=_COMPANIES)

    assert not await dearer(small, queue)


async def test_statistics_of_a_full_table_mislead_nobody(queue, small):
    await queue.fill(_MANY, companies=_COMPANIES)
    await queue.connection.execute("vacuum analyze retrato.jobs")
    await queue.connection.execute("delete from retrato.jobs where state = 'queued'")
    await queue.connection.execute("vacuum retrato.jobs")
    await queue.fill(_FEW, companies=_COMPANIES)

    assert not await dearer_planned_now(small, queue)


@pytest.mark.parametrize("rows", [0, 100_000_000])
async def test_wrong_sizes_mislead_nobody(queue, small, rows):
    await queue.fill(_MANY, companies=_COMPANIES)
    await queue.connection.execute(
        f"update pg_class set reltuples = {rows}, relpages = {rows} / 30 "
        "where oid in ('retrato.jobs'::regclass, 'retrato.avatars'::regclass, 'personas'::regclass)"
    )

    assert not await dearer_planned_now(small, queue)


async def test_nothing_walks_through_the_application_s_table(queue, small, app):
    async with app.bypassing_triggers():
        await app.insert_many(50_000)

    assert not await dearer_planned_now(small, queue)


@pytest.mark.parametrize("run_at", ["now() + interval '1 hour'", "'infinity'"], ids=["delayed", "paused"])
async def test_jobs_that_wait_for_their_time_cost_nothing(queue, small, run_at):
    await queue.fill(_MANY, companies=_COMPANIES)
    await queue.connection.execute(
        f"update retrato.jobs set delayed = true, run_at = {run_at} where state = 'queued'"
    )
    await queue.fill(_FEW, companies=_COMPANIES)
    await queue.connection.execute("vacuum analyze retrato.jobs")

    assert not await dearer_planned_now(small, queue)


async def test_finished_jobs_cost_nothing_before_they_are_vacuumed(queue, small):
    await queue.fill(2 * _MANY, companies=_COMPANIES)
    await queue.finish(_MANY)

    assert not await dearer_planned_now(small, queue)


@pytest.mark.parametrize(("companies", "left"), [(1, _FEW), (_COMPANIES, _FEW), (_COMPANIES, 0)])
async def test_finished_jobs_cost_nothing_while_an_old_snapshot_keeps_them(queue, small, dsn, companies, left):
    async with connected(dsn) as other, other.transaction(isolation="repeatable_read"):
        await other.fetchval("select count(*) from personas")
        await queue.fill(_MANY, companies=companies)
        await queue.finish(_FEW + _MANY)
        await queue.fill(left, companies=companies)

        assert not await dearer_planned_now(small, queue)
