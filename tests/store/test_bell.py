"""
No bell where somebody will look anyhow, and no hint lost all the same (look_before_sleep.sql).

A replica that has nothing to do looks, claims once more, and sleeps when it was not restless and found nothing.
"""

import pytest
from tests.store.support import claim_all, claim_one, job_of, new_replica


async def test_bell_is_silent_while_a_claimable_job_waits(app, bell):
    await app.insert()
    await bell.rings()

    await app.insert_many(3)

    assert await bell.rings() == 0


async def test_bell_rings_again_when_everything_was_claimed(app, bell, jobs):
    await app.insert()
    await claim_one(jobs)
    await bell.rings()

    await app.insert()

    assert await bell.rings() == 1


async def test_bell_is_not_silenced_by_jobs_that_nobody_may_claim(app, bell, jobs):
    await app.insert_many(3)
    failed, delayed, _running = await claim_all(jobs)
    await jobs.retry(failed, most_attempts=1, delay_s=0, fault="refused", error="-")
    await jobs.release(delayed, delay_s=3600)
    await bell.rings()

    await app.insert()

    assert await bell.rings() == 1


async def test_bell_is_silenced_by_a_job_that_is_due_though_nobody_has_put_it_into_the_index(app, bell, jobs):
    await app.insert()
    await jobs.release(await claim_one(jobs), delay_s=3600)
    await app.connection.execute("update retrato.jobs set run_at = now() - interval '1 second'")
    await bell.rings()

    await app.insert()

    assert await bell.rings() == 0


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_bell_always_rings_where_the_snapshot_may_be_old(app, bell, isolation):
    await app.insert()
    await bell.rings()

    async with app.connection.transaction(isolation=isolation):
        await app.insert()

    assert await bell.rings() == 1


async def test_old_snapshot_that_still_shows_a_claimed_job_loses_no_hint(app, other_app, bell, jobs):
    await app.insert()
    async with app.connection.transaction(isolation="repeatable_read"):
        await app.connection.execute("select count(*) from personas")
        await claim_one(jobs)
        await bell.rings()
        await app.insert()

    assert await bell.rings() == 1


async def test_replica_may_sleep_when_nothing_is_there_and_nobody_is_enqueuing(app, jobs):
    await app.insert_many(2)
    first, _ = await claim_all(jobs)
    await jobs.retry(first, most_attempts=5, delay_s=60, fault="transient", error="-")

    outlook = await jobs.look_before_sleep()

    assert not outlook.restless
    assert 55 < outlook.due_in_s <= 60


async def test_hint_that_was_never_given_is_not_lost(app, other_app, bell, jobs):
    first = await app.insert()
    transaction = other_app.connection.transaction()
    await transaction.start()
    second = await other_app.insert()  # sees the first, and stays silent

    assert (await claim_one(jobs)).persona_id == first
    assert not (await jobs.claim(1, pace_s=0)).jobs
    assert (await jobs.look_before_sleep()).enqueuing
    await transaction.commit()
    assert await bell.rings() == 1  # for the first only
    assert (await claim_one(jobs)).persona_id == second
    assert not (await jobs.look_before_sleep()).restless


async def test_hint_is_not_lost_behind_a_job_that_an_application_holds(app, other_app, bell, jobs):
    held = await app.insert()
    async with app.connection.transaction():
        await app.delete(held)
        await bell.rings()
        silent = await other_app.insert()  # sees the job that is being deleted

        assert (await claim_one(jobs)).persona_id == silent
        assert not (await jobs.claim(1, pace_s=0)).jobs
        assert (await jobs.look_before_sleep()).claimable
    assert await bell.rings() == 0
    assert not (await jobs.look_before_sleep()).restless


async def test_replica_does_not_sleep_over_a_due_job_that_an_application_holds(app, jobs):
    persona_id = await app.insert()
    await jobs.release(await claim_one(jobs), delay_s=3600)
    await app.connection.execute("update retrato.jobs set run_at = now() - interval '1 second'")
    async with app.connection.transaction():
        await app.raise_flag(persona_id)

        claimed = await jobs.claim(1, pace_s=0)
        outlook = await jobs.look_before_sleep()

    assert not claimed.jobs
    assert outlook.claimable


async def test_job_that_is_handed_back_rings_for_the_others(app, bell, jobs):
    await app.insert()
    job = await claim_one(jobs)
    await bell.rings()

    await jobs.release(job)

    assert await bell.rings() == 1


async def test_job_that_is_handed_back_for_later_does_not_ring(app, bell, jobs):
    await app.insert()
    job = await claim_one(jobs)
    await bell.rings()

    await jobs.release(job, delay_s=60)

    assert await bell.rings() == 0


async def test_jobs_taken_over_from_the_dead_ring_for_the_others(app, bell, jobs, database):
    persona_id = await app.insert()
    await claim_one(jobs)
    await app.connection.execute("update retrato.jobs set lease_until = now() - interval '1 second'")
    await bell.rings()

    taken = await new_replica(database).take_over(held=[], silence_s=0, most_takeovers=3)

    assert taken == [persona_id]
    assert (await job_of(app.connection, persona_id))["state"] == "queued"
    assert await bell.rings() == 1
