"""The persona pace: one row for all replicas; no turn is reserved ahead or spent without a job."""

import asyncio
from itertools import pairwise

from tests.store.support import new_replica


async def next_turn_in_s(app):
    return await app.connection.fetchval(
        "select extract(epoch from next_at - clock_timestamp())::float8 from retrato.pace"
    )


async def test_turn_gives_one_job_however_many_are_asked_for(app, jobs):
    await app.insert_many(5)

    claimed = await jobs.claim(4, pace_s=60)

    assert len(claimed.jobs) == 1
    assert 55 < await next_turn_in_s(app) <= 60


async def test_who_comes_too_early_is_told_how_long_to_wait(app, jobs, database):
    await app.insert_many(5)
    await jobs.claim(1, pace_s=60)

    early = await new_replica(database).claim(1, pace_s=60)

    assert not early.jobs
    assert 55 < early.wait_s <= 60


async def test_turn_without_a_job_is_not_spent(app, jobs):
    empty = await jobs.claim(1, pace_s=60)
    await app.insert()

    claimed = await jobs.claim(1, pace_s=60)

    assert (list(empty.jobs), empty.wait_s) == ([], 0)
    assert len(claimed.jobs) == 1


async def test_turn_without_a_job_of_the_wanted_company_is_not_spent(app, jobs):
    await app.insert()

    await jobs.claim(1, pace_s=60, empresa_id=await app.insert_company())

    assert await next_turn_in_s(app) < 0


async def test_claims_without_a_pace_leave_the_turn_alone(app, jobs):
    await app.insert()

    await jobs.claim(1, pace_s=0)

    assert await next_turn_in_s(app) < 0


async def test_many_replicas_together_keep_the_pace(app, database):
    await app.insert_many(20)
    pace_s, taken = 0.03, []

    async def claim_in_turn(replica):
        while len(taken) < 6:
            taken.extend((await replica.claim(1, pace_s=pace_s)).jobs)

    await asyncio.gather(*(claim_in_turn(new_replica(database)) for _ in range(4)))

    rows = await app.connection.fetch("select started_at from retrato.jobs where state = 'running' order by 1")
    gaps = [(later["started_at"] - earlier["started_at"]).total_seconds() for earlier, later in pairwise(rows)]
    assert len(gaps) >= 5
    assert min(gaps) >= pace_s
