"""A version is written while its attempt is still open: the write-back ends it, with its cost."""

import asyncio
from dataclasses import replace

import pytest
from tests.store.support import BID, claim_all, claim_one, finished_for, new_replica

from retrato.domain.attempt import LegLimits
from retrato.domain.faults import Fault
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Outcome


async def books(app):
    rows = await app.connection.fetch("select state, fault, cost_usd from retrato.attempts order by id")
    return [(row["state"], row["fault"], row["cost_usd"] and float(row["cost_usd"])) for row in rows]


async def money(app):
    row = await app.connection.fetchrow("select reserved_usd, spent_usd from retrato.budget")
    return tuple(map(float, row))


@pytest.fixture
def frugal(database):
    """The books under a month's budget, with one slot on each leg."""
    return AttemptLog(database, monthly_budget_usd=1)


PRICED = replace(BID, price_usd=0.04, limits=LegLimits(at_once=1))


async def test_attempt_whose_end_was_not_recorded_ends_with_its_version(app, jobs, avatars, frugal):
    await app.insert()
    job = await claim_one(jobs)
    await frugal.begin(job, PRICED)

    await avatars.write(finished_for(job, cost_usd=0.025, seed=99))

    row = await app.connection.fetchrow("select seed, finished_at from retrato.attempts")
    assert await books(app) == [("succeeded", None, 0.025)]
    assert (row["seed"], row["finished_at"] is not None) == (99, True)
    assert await money(app) == (0, 0.025)
    assert await app.connection.fetchval("select slots::text from retrato.legs") == "{}"


async def test_attempts_of_a_group_end_each_with_its_own_cost(app, jobs, avatars, attempts, frugal):
    await app.insert_many(3)
    jobs_held = await claim_all(jobs)
    recorded = await frugal.begin(jobs_held[0], replace(PRICED, leg="huggingface/replicate"))
    await frugal.succeed(recorded, cost_usd=0.01, seed=None)
    await frugal.begin(jobs_held[1], PRICED)
    await frugal.begin(jobs_held[2], replace(PRICED, provider="fal", leg="fal/run"))

    await asyncio.gather(
        avatars.write(finished_for(jobs_held[0], cost_usd=0.01, leg="huggingface/replicate")),
        avatars.write(finished_for(jobs_held[1], cost_usd=0.02)),
        avatars.write(finished_for(jobs_held[2], cost_usd=None, provider="fal", leg="fal/run")),
    )

    assert await books(app) == [("succeeded", None, cost) for cost in (0.01, 0.02, None)]
    assert await money(app) == (0, pytest.approx(0.07))


async def test_end_that_is_recorded_late_changes_nothing(app, jobs, avatars, frugal):
    await app.insert()
    job = await claim_one(jobs)
    attempt_id = await frugal.begin(job, PRICED)
    await avatars.write(finished_for(job, cost_usd=0.025))

    await frugal.succeed(attempt_id, cost_usd=0.025, seed=None)

    assert await books(app) == [("succeeded", None, 0.025)]
    assert await money(app) == (0, 0.025)


async def test_only_the_attempt_that_delivered_ends_with_the_version(app, jobs, avatars, frugal):
    await app.insert()
    job = await claim_one(jobs)
    failed = await frugal.begin(job, PRICED)
    await frugal.begin(job, PRICED)

    await avatars.write(finished_for(job, cost_usd=0.025))
    await frugal.fail(failed, fault=Fault.TRANSIENT, error="HTTP 500", cost_usd=None)

    assert await books(app) == [("failed", "transient", None), ("succeeded", None, 0.025)]
    assert await money(app) == (0, 0.025)


async def test_version_that_is_not_written_leaves_the_books_alone(app, jobs, avatars, frugal):
    await app.insert()
    job = await claim_one(jobs)
    await frugal.begin(job, PRICED)
    await jobs.release(job)

    outcome = await avatars.write(finished_for(job, cost_usd=0.025))

    assert outcome is Outcome.LOST
    assert await books(app) == [("sending", None, None)]


async def test_resumed_order_ends_with_the_version_that_it_brings(app, database, jobs, avatars, frugal):
    await app.insert()
    first = await claim_one(jobs)
    attempt_id = await frugal.begin(first, PRICED)
    await frugal.note_request(attempt_id, "req-7")
    await jobs.release(first)
    second = await claim_one(new_replica(database))
    await frugal.pending(second, version=1)

    await avatars.write(finished_for(second, cost_usd=0.03))

    assert await books(app) == [("succeeded", None, 0.03)]
    assert await money(app) == (0, 0.03)
