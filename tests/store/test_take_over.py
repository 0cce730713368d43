"""Who is dead, and what becomes of the jobs in dead hands."""

import asyncio

import pytest
from tests.store.support import BID, claim_one, connected, job_of, new_replica, queued

from retrato.store.queries import REPLICA_LOCK_CLASS

SILENCE_S = 0.5
LOCK_KEY = 4711


@pytest.fixture
def heir(database):
    """The replica that looks for the dead."""
    return new_replica(database)


@pytest.fixture
async def running(app, jobs):
    """A job of a replica that has claimed and beaten a minute ago; nobody holds its lock."""
    await app.insert()
    job = await claim_one(jobs)
    await jobs.heartbeat({job.token: job.persona_id}, lock_key=LOCK_KEY, locks=True, version="0.1")
    await app.connection.execute("update retrato.jobs set started_at = now() - interval '1 minute'")
    await app.connection.execute("update retrato.replicas set last_seen = now() - interval '1 minute'")
    return job


async def take_over(replica, *, held=(), silence_s=SILENCE_S, most_takeovers=3):
    return await replica.take_over(held=held, silence_s=silence_s, most_takeovers=most_takeovers)


async def end_lease(app):
    await app.connection.execute("update retrato.jobs set lease_until = now() - interval '1 second'")


async def test_job_of_a_dead_replica_is_queued_again_before_its_lease_is_over(app, heir, running):
    taken = await take_over(heir)

    job = await job_of(app.connection, running.persona_id)
    assert taken == [running.persona_id]
    assert (job["state"], job["attempts"], job["takeovers"], job["token"]) == ("queued", 0, 1, None)


async def test_replica_that_only_lost_its_connection_is_not_dead(app, heir, running):
    await app.connection.execute("update retrato.replicas set last_seen = clock_timestamp()")

    assert await take_over(heir, silence_s=4) == []


async def test_replica_that_has_just_claimed_is_not_dead(app, heir, running):
    await app.connection.execute("update retrato.jobs set started_at = clock_timestamp()")

    assert await take_over(heir) == []


async def test_silent_replica_whose_lock_is_held_is_not_dead(dsn, heir, running):
    async with connected(dsn) as connection:
        await connection.execute("select pg_advisory_lock($1::integer, $2::integer)", REPLICA_LOCK_CLASS, LOCK_KEY)

        assert await take_over(heir) == []


async def test_lock_of_another_replica_protects_nobody_else(dsn, heir, running):
    async with connected(dsn) as connection:
        await connection.execute(
            "select pg_advisory_lock($1::integer, $2::integer)", REPLICA_LOCK_CLASS, LOCK_KEY + 1
        )

        assert await take_over(heir) == [running.persona_id]


async def test_nobody_is_dead_shortly_after_the_servers_start(app, heir, running):
    await end_lease(app)
    longer_than_the_server_runs_s = 1e7

    assert await take_over(heir, silence_s=longer_than_the_server_runs_s) == []


async def test_job_whose_lease_is_over_is_taken_whatever_the_lock_says(app, dsn, heir, running):
    await end_lease(app)
    async with connected(dsn) as connection:
        await connection.execute("select pg_advisory_lock($1::integer, $2::integer)", REPLICA_LOCK_CLASS, LOCK_KEY)

        assert await take_over(heir) == [running.persona_id]


async def test_without_a_lock_the_lease_alone_decides(app, heir, running):
    await app.connection.execute("update retrato.replicas set locks = false")
    before = await take_over(heir)

    await end_lease(app)

    assert before == []
    assert await take_over(heir) == [running.persona_id]


async def test_poison_job_fails_instead_of_killing_the_next_replica(app, heir, running, attempts):
    await app.connection.execute("update retrato.jobs set takeovers = 8")  # two deaths
    await attempts.begin(running, BID)

    await take_over(heir, most_takeovers=3)

    job = await job_of(app.connection, running.persona_id)
    assert (job["state"], job["takeovers"], job["last_fault"]) == ("failed", 12, "poison")
    assert "replicas died again and again" in job["last_error"]


@pytest.mark.parametrize(("takeovers", "state"), [(8, "queued"), (10, "queued"), (11, "failed")])
async def test_death_of_a_replica_that_had_not_begun_counts_a_quarter(app, heir, running, takeovers, state):
    await app.connection.execute("update retrato.jobs set takeovers = $1", takeovers)

    await take_over(heir, most_takeovers=3)

    job = await job_of(app.connection, running.persona_id)
    assert (job["state"], job["takeovers"]) == (state, takeovers + 1)


async def test_job_that_an_application_holds_is_taken_later(app, heir, running):
    async with app.connection.transaction():
        await app.raise_flag(running.persona_id)
        during = await take_over(heir)

    assert during == []


async def test_own_job_is_not_taken_while_it_is_in_hand(app, jobs, running):
    await end_lease(app)

    assert await take_over(jobs, held=[running.token]) == []


async def test_own_job_whose_claim_was_never_answered_comes_back_by_its_lease(app, jobs, running):
    before = await take_over(jobs)

    await end_lease(app)

    assert before == []
    assert await take_over(jobs) == [running.persona_id]
    assert (await job_of(app.connection, running.persona_id))["takeovers"] == 0


async def test_job_is_taken_once_by_many_who_look_at_once(app, database, running):
    heirs = [new_replica(database) for _ in range(5)]

    taken = await asyncio.gather(*(take_over(heir) for heir in heirs))

    assert sorted(taken, key=len) == [[], [], [], [], [running.persona_id]]
    assert (await job_of(app.connection, running.persona_id))["takeovers"] == 1


async def test_taken_job_is_the_next_of_its_company(app, heir, running):
    await app.insert_many(3)

    await take_over(heir)

    assert (await queued(app.connection))[0] == running.persona_id


async def test_replicas_that_died_are_forgotten_and_the_living_are_not(app, heir, running):
    await heir.heartbeat({}, lock_key=1, locks=True, version="0.1")
    lockless = {"id": "00000000-0000-4000-8000-000000000000"}
    await app.connection.execute(
        "insert into retrato.replicas (id, lock_key, locks, version, last_seen) "
        "values ($1, 2, false, '0.1', now() - interval '2 hours')",
        lockless["id"],
    )

    await take_over(heir)

    assert await app.connection.fetchval("select array_agg(lock_key) from retrato.replicas") == [1]


async def test_owner_that_beats_keeps_a_job_whose_row_an_application_held_for_longer_than_the_lease(app, database):
    owner, other = new_replica(database, lease_s=0.4), new_replica(database, lease_s=0.4)
    persona_id = await app.insert()
    job = await claim_one(owner)

    async def beat():
        kept = await owner.heartbeat({job.token: persona_id}, lock_key=1, locks=True, version="1")
        assert kept.owned == {job.token}

    async with app.connection.transaction():
        await app.raise_flag(persona_id)
        for _ in range(6):
            await beat()
            await asyncio.sleep(0.1)

    assert await other.take_over(silence_s=0.3, most_takeovers=3) == []
