"""Heartbeats, and the fence that every write names."""

import asyncio

import pytest
from tests import daemon_role
from tests.store.support import BID, claim_all, claim_one, failing, finished_for, job_of, new_replica

from retrato.domain.errors import LeaseLostError, RowLockedError
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Outcome
from retrato.store.database import Database


async def beat(jobs, held=(), *, locks=True):
    return await jobs.heartbeat(
        {job.token: job.persona_id for job in held}, lock_key=7, locks=locks, version="0.1"
    )


async def lease_left_s(app, persona_id):
    return await app.connection.fetchval(
        "select extract(epoch from lease_until - now())::float8 from retrato.jobs where persona_id = $1",
        persona_id,
    )


async def test_heartbeat_lengthens_every_lease_and_tells_what_is_owned(app, jobs):
    await app.insert_many(3)
    held = await claim_all(jobs)
    await app.connection.execute("update retrato.jobs set lease_until = now() + interval '1 second'")

    kept = await beat(jobs, held)

    assert kept.owned == {job.token for job in held}
    assert not kept.others_run
    assert min([await lease_left_s(app, job.persona_id) for job in held]) > 25


async def test_heartbeat_leaves_out_what_is_not_owned_any_more(app, jobs):
    await app.insert_many(3)
    lost, gone, kept = await claim_all(jobs)
    await jobs.release(lost)
    await app.delete(gone.persona_id)

    answer = await beat(jobs, [lost, gone, kept])

    assert answer.owned == {kept.token}


async def test_heartbeat_tells_a_held_row_as_owned_without_waiting_for_it(app, jobs):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.connection.execute("update retrato.jobs set lease_until = now() + interval '1 second'")

    async with app.connection.transaction():
        await app.raise_flag(persona_id)
        kept = await beat(jobs, [job])

    assert kept.owned == {job.token}
    assert await lease_left_s(app, persona_id) < 2


async def test_heartbeat_tells_of_jobs_in_other_hands(app, jobs, database):
    await app.insert()
    await claim_one(new_replica(database))

    assert (await beat(jobs)).others_run


async def test_heartbeat_tells_of_own_jobs_that_nobody_knows_of(app, jobs):
    await app.insert()
    await claim_one(jobs)  # the reply got lost on its way

    assert (await beat(jobs)).others_run


async def test_replica_is_registered_by_its_first_beat_and_leaves_in_peace(app, jobs):
    await beat(jobs, locks=False)
    await app.connection.execute("update retrato.replicas set last_seen = now() - interval '1 minute'")
    await beat(jobs, locks=True)
    registered = await app.connection.fetch(
        "select lock_key, locks, version, last_seen > now() - interval '10 seconds' as fresh from retrato.replicas"
    )

    await jobs.forget_replica()

    assert [tuple(row) for row in registered] == [(7, True, "0.1", True)]
    assert await app.connection.fetchval("select count(*) from retrato.replicas") == 0


@pytest.fixture
async def lost(app, jobs, database):
    """A job that was taken over and claimed by another replica, as the first one still holds it."""
    await app.insert()
    lost = await claim_one(jobs)
    await app.connection.execute("update retrato.jobs set lease_until = now() - interval '1 second'")
    other = new_replica(database)
    await other.take_over(held=[], silence_s=0, most_takeovers=9)
    await claim_one(other)
    return lost


async def everything(app):
    """What a write with a stale fence could touch, but for the times of the new owner's lease."""
    tables = ("retrato.jobs", "retrato.avatars", "retrato.attempts", "personas", "personas_avatares")
    return [await app.connection.fetch(f"select * from {table}") for table in tables]


async def test_stale_fence_releases_nothing(app, jobs, lost):
    before = await everything(app)

    assert not await jobs.release(lost, delay_s=60, reason="stopped")
    assert await everything(app) == before


async def test_stale_fence_retries_nothing(app, jobs, lost):
    before = await everything(app)

    assert await jobs.retry(lost, most_attempts=1, delay_s=0, fault="refused", error="no") is None
    assert await everything(app) == before


async def test_stale_fence_drops_nothing(app, jobs, lost):
    await app.update(lost.persona_id, full_name="[A GERAR]")
    before = await everything(app)

    await jobs.drop(lost)

    assert await everything(app) == before


async def test_stale_fence_writes_nothing_back(app, avatars, lost):
    before = await everything(app)

    assert await avatars.write(finished_for(lost)) is Outcome.LOST
    assert await everything(app) == before


async def test_stale_fence_begins_no_attempt(app, attempts, lost):
    before = await everything(app)

    with pytest.raises(LeaseLostError, match=str(lost.token)):
        await attempts.begin(lost, BID)

    assert await everything(app) == before


async def test_stale_fence_keeps_no_lease(app, jobs, lost):
    before = await everything(app)

    kept = await beat(jobs, [lost])

    assert kept.owned == set()
    assert await everything(app) == before


async def test_released_job_burns_no_attempt(app, jobs):
    persona_id = await app.insert()
    job = await claim_one(jobs)

    released = await jobs.release(job, delay_s=60, reason="every leg is closed")

    row = await job_of(app.connection, persona_id)
    assert released
    assert (row["state"], row["attempts"], row["delayed"], row["last_error"]) == (
        "queued", 0, True, "every leg is closed"
    )  # fmt: skip
    assert (row["token"], row["replica_id"], row["lease_until"]) == (None, None, None)


async def test_released_job_is_the_next_of_its_company(app, jobs):
    first, _ = await app.insert_many(2)

    await jobs.release(await claim_one(jobs))

    assert (await claim_one(jobs)).persona_id == first


async def test_failed_run_waits_and_the_last_one_fails_the_job(app, jobs):
    await app.insert()
    states = []

    for _ in range(3):
        await app.connection.execute("update retrato.jobs set run_at = now()")
        await jobs.claim(0, pace_s=0)
        job = await claim_one(jobs)
        states.append(await jobs.retry(job, most_attempts=3, delay_s=60, fault="transient", error="HTTP 500"))

    assert states == ["queued", "queued", "failed"]


async def test_failed_run_that_was_asked_for_once_more_begins_anew_at_once(app, jobs):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.raise_flag(persona_id)

    state = await jobs.retry(job, most_attempts=1, delay_s=60, fault="refused", error="no")

    again = await claim_one(jobs)
    assert state == "queued"
    assert (again.persona_id, again.attempts, again.generation) == (persona_id, 0, 2)


async def test_error_with_bytes_that_postgres_cannot_hold_is_kept_readable(app, jobs):
    persona_id = await app.insert()

    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=60, fault="transient", error="a\x00b" * 2000)

    error = (await job_of(app.connection, persona_id))["last_error"]
    assert error.startswith("a\ufffdb")
    assert len(error) == 2000


async def test_rows_that_an_application_holds_keep_no_connection_from_the_heartbeat(app, dsn):
    database = Database(daemon_role.product(dsn), size=1)
    await database.open()
    jobs, persona_id = new_replica(database), await app.insert()
    job = await claim_one(jobs)
    async with app.connection.transaction():
        await app.raise_flag(persona_id)

        outcomes = await asyncio.gather(
            failing(jobs.release(job)),
            failing(jobs.retry(job, most_attempts=5, delay_s=0, fault="transient", error="-")),
            failing(AttemptLog(database).begin(job, BID)),
            failing(jobs.drop(job)),
        )
        kept = await beat(jobs, [job])

    assert [type(outcome) for outcome in outcomes] == [RowLockedError] * 4
    assert kept.owned == {job.token}
    await database.close()


async def test_failed_run_that_begins_anew_rings(app, jobs, bell):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.raise_flag(persona_id)
    await bell.rings()

    await jobs.retry(job, most_attempts=5, delay_s=30, fault="transient", error="no")

    assert await bell.rings() == 1
