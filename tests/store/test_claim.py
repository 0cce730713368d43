"""What a claim takes, and what it leaves alone."""

import asyncio
import random

from tests.store.support import claim_all, claim_one, connected, job_of, new_replica, queued


async def test_claimed_job_is_leased_under_a_new_fence(app, jobs):
    persona_id = await app.insert()

    job = await claim_one(jobs)

    row = await app.connection.fetchrow("select *, lease_until - clock_timestamp() as left from retrato.jobs")
    assert (job.persona_id, job.empresa_id, job.generation) == (persona_id, app.empresa_id, 1)
    assert (row["state"], row["token"]) == ("running", job.token)
    assert 25 < row["left"].total_seconds() <= 30
    assert 0 <= job.waited_s < 10


async def test_every_claim_gets_a_higher_fence(app, jobs):
    await app.insert()

    first = await claim_one(jobs)
    await jobs.release(first)
    second = await claim_one(jobs)

    assert second.token > first.token


async def test_claim_of_an_empty_queue_takes_nothing(jobs):
    claimed = await jobs.claim(4, pace_s=0)

    assert (list(claimed.jobs), claimed.wait_s) == ([], 0)


async def test_claim_takes_no_more_than_its_limit_and_in_the_end_everything_once(app, jobs):
    rng = random.Random(17)
    persona_ids = []
    for size in (1, 1, 2, 5, 13, 40):
        persona_ids += await app.insert_many(size, empresa_id=await app.insert_company())
    await app.connection.execute("update personas set regenerate_avatar = true where random() < 0.3")
    limits = [rng.randint(1, 9) for _ in persona_ids]

    batches = [(await jobs.claim(limit, pace_s=0)).jobs for limit in limits]

    assert all(len(batch) <= limit for batch, limit in zip(batches, limits, strict=True))
    assert sorted(job.persona_id for batch in batches for job in batch) == sorted(persona_ids)


async def test_one_company_is_served_in_the_order_of_its_places(app, jobs):
    persona_ids = await app.insert_many(20)

    claimed = (await jobs.claim(7, pace_s=0)).jobs

    assert [job.persona_id for job in claimed] == persona_ids[:7]


async def test_no_job_is_claimed_twice_by_many_who_claim_at_once(app, database):
    for _ in range(10):
        await app.insert_many(30, empresa_id=await app.insert_company())
    replicas = [new_replica(database) for _ in range(8)]

    hands = await asyncio.gather(*(claim_all(replica, limit=3) for replica in replicas))

    claimed = [job for hand in hands for job in hand]
    assert len(claimed) == len({job.persona_id for job in claimed}) == len({job.token for job in claimed})
    assert len(claimed) + len(await queued(app.connection)) == 300


async def test_jobs_that_an_application_holds_are_passed_over(app, jobs):
    held, free = await app.insert_many(2)

    async with app.connection.transaction():
        await app.raise_flag(held)
        claimed = await claim_all(jobs)

    assert [job.persona_id for job in claimed] == [free]


async def test_companies_that_an_application_holds_do_not_starve_the_others(app, jobs, dsn):
    for _ in range(30):
        await app.insert(empresa_id=await app.insert_company())
    async with connected(dsn) as connection, connection.transaction():
        await connection.execute("update personas set regenerate_avatar = true")
        later = [await app.insert(empresa_id=await app.insert_company()) for _ in range(2)]

        claimed = [await claim_one(jobs) for _ in later]

    assert sorted(job.persona_id for job in claimed) == sorted(later)


async def test_job_for_later_is_claimed_when_it_is_due_behind_those_that_wait(app, jobs):
    first, second = await app.insert_many(2)
    await jobs.release(await claim_one(jobs), delay_s=3600)
    before = [job.persona_id for job in await claim_all(jobs)]
    await app.connection.execute("update retrato.jobs set run_at = now() - interval '1 second' where delayed")
    third = await app.insert()

    claimed = (await jobs.claim(1, pace_s=0)).jobs
    after = [job.persona_id for job in [*claimed, *await claim_all(jobs)]]

    assert (before, after) == ([second], [third, first])


async def test_who_finds_nothing_and_claims_once_more_finds_what_has_just_become_due(app, jobs):
    persona_id = await app.insert()
    await jobs.release(await claim_one(jobs), delay_s=3600)
    await app.connection.execute("update retrato.jobs set run_at = now() - interval '1 second'")

    claims = [[job.persona_id for job in (await jobs.claim(1, pace_s=0)).jobs] for _ in range(2)]

    assert claims == [[], [persona_id]]


async def test_claim_for_one_company_leaves_the_others_alone(app, jobs):
    other = await app.insert_company()
    await app.insert_many(3)
    persona_ids = await app.insert_many(3, empresa_id=other)
    await app.raise_flag(persona_ids[2])

    claimed = (await jobs.claim(10, pace_s=0, empresa_id=other)).jobs

    assert [job.persona_id for job in claimed] == [persona_ids[2], *persona_ids[:2]]


async def test_job_keeps_count_of_its_failed_runs(app, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=-1, fault="transient", error="HTTP 500")

    await jobs.claim(1, pace_s=0)
    job = await claim_one(jobs)

    assert (job.persona_id, job.attempts) == (persona_id, 1)
    assert (await job_of(app.connection, persona_id))["last_error"] == "HTTP 500"
