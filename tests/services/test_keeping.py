"""The keeper: leases kept, lost jobs dropped at once, the dead's jobs taken over, the living's never."""

from uuid import uuid4

import pytest
from service_fakes import FakeClock, until

from retrato.store.jobs import Jobs
from retrato.store.queries import REPLICA_LOCK_CLASS

LONG_AGO = "now() - interval '10 min'"
LOCK_KEY = 4711


@pytest.fixture
def settled(replica):
    """A replica that has been there for long enough to judge others; only its keeper is used."""

    def build(**options):
        one = replica(clock=FakeClock(), **options)
        one.holdings.clock.now_s += 60
        return one

    return build


@pytest.fixture
def somebody(connection, database, company):
    """Another replica that claimed the only job ten minutes ago; returns its id. Its lease still holds."""

    async def claim(*, last_seen: str = LONG_AGO, locks: bool = True, takeovers: int = 0):
        await company(1)
        replica_id = uuid4()
        await Jobs(database, replica_id=replica_id, lease_s=3600).claim(1, pace_s=0)
        await connection.execute(f"update retrato.jobs set started_at = {LONG_AGO}, takeovers = {takeovers}")
        await connection.execute(
            "insert into retrato.replicas (id, lock_key, locks, version, last_seen) "
            f"values ($1, $2, $3, 'test', {last_seen})",
            replica_id,
            LOCK_KEY,
            locks,
        )
        return replica_id

    return claim


@pytest.fixture(autouse=True)
async def server_that_runs_for_a_while(connection):
    """Nobody is dead right after the server's start."""
    await until(
        lambda: connection.fetchval("select clock_timestamp() - pg_postmaster_start_time() > interval '0.2 s'")
    )


async def test_heartbeat_lengthens_the_leases_in_hand(settled, company, connection, job_row):
    one = settled(lease_s=30)
    await company(1)
    await one.claim()
    await connection.execute("update retrato.jobs set lease_until = clock_timestamp() + interval '1 s'")

    await one.keeper.beat()

    assert await connection.fetchval("select lease_until > now() + interval '25 s' from retrato.jobs")


async def test_replicas_row_is_there_after_the_first_beat_and_tells_whether_it_locks(settled, connection):
    one = settled()
    await one.keeper.beat()
    before = await connection.fetchrow("select id, locks, version from retrato.replicas")

    one.holdings.locks = True
    await one.keeper.beat()

    assert tuple(before) == (one.id, False, "test")
    assert await connection.fetchval("select locks from retrato.replicas")


async def test_replica_that_leaves_takes_its_row_along(replica, running, count):
    one = replica()

    async with running(one):
        await until(lambda: count("retrato.replicas"))

    assert await count("retrato.replicas") == 0


async def test_replica_is_known_until_its_last_job_is_handed_back(replica, running, company, count):
    one = replica(grace_s=0.2)
    one.pipeline.gate.clear()
    await company(1)

    async with running(one) as stop:
        await until(lambda: one.pipeline.begun)
        stop.set()
        beats = one.jobs.calls.count("heartbeat")
        await until(lambda: one.jobs.calls.count("heartbeat") >= beats + 2)
        known, drained = await count("retrato.replicas"), one.holdings.drained.is_set()

    assert (known, drained) == (1, False)


async def test_idle_keeper_beats_at_once_when_something_stirs(replica, running, count):
    one = replica(poll_s=60)

    async with running(one, ["keeper"]):
        await until(lambda: one.jobs.calls == ["heartbeat"])
        one.holdings.stirred.set()
        await until(lambda: one.jobs.calls == ["heartbeat", "heartbeat"])


async def test_replica_at_work_tells_of_its_lock_at_once(replica, running, company, connection):
    """Who is killed before that is taken for dead only when its lease is over."""
    one = replica(beat_s=3600)
    await company(1)
    await one.claim()

    async with running(one, ["keeper", "listener"]):
        await until(lambda: connection.fetchval("select locks from retrato.replicas where id = $1", one.id))


async def test_replica_that_goes_to_sleep_beats_once_more_and_sees_who_took_what_rang(
    replica, running, company, count
):
    sleeper, other = replica(poll_s=60), replica()
    other.pipeline.gate.clear()

    async with running(sleeper), running(other):
        await until(lambda: "look_before_sleep" in sleeper.jobs.calls)
        await company(1)
        await until(lambda: other.pipeline.begun)
        beats = sleeper.jobs.calls.count("heartbeat")
        sleeper.wake.set()  # the bell that rang for both
        # It watches the other now, every beat, without a poll in between.
        await until(lambda: sleeper.jobs.calls.count("heartbeat") > beats + 2)
        other.pipeline.gate.set()


async def test_lost_job_is_cancelled_and_writes_nothing(replica, running, company, connection, count, logged):
    one = replica(concurrency=1)
    one.pipeline.gate.clear()
    await company(1)

    async with running(one):
        await until(lambda: one.pipeline.begun)
        await connection.execute(
            "update retrato.jobs set token = nextval('retrato.tokens'), replica_id = $1", uuid4()
        )
        await until(lambda: one.pipeline.cancelled)
        await until(lambda: one.free_permits == 1)
        held = len(one.holdings)

    assert held == 0
    assert one.avatars.calls == []
    assert await count("retrato.avatars") == 0
    assert await count("retrato.jobs", "state = 'running'") == 1  # the new owner's: not handed back for it
    assert [line["token"] for line in logged if line["event"] == "job.lost"] == [one.pipeline.begun[0].token]


async def test_permit_of_a_lost_job_serves_the_next(replica, running, company, connection, count):
    one = replica(concurrency=1)
    one.pipeline.gate.clear()
    await company(2)

    async with running(one):
        await until(lambda: one.pipeline.begun)
        await connection.execute("delete from retrato.jobs where state = 'running'")
        await until(lambda: len(one.pipeline.begun) == 2)
        one.pipeline.gate.set()
        await until(lambda: count("retrato.avatars"))

    assert len(one.pipeline.cancelled) == 1


async def test_job_whose_end_is_being_written_is_not_taken_for_lost(settled, company, connection, logged):
    one = settled()
    await company(1)
    [job] = await one.claim()
    one.holdings.end(job)
    await connection.execute("delete from retrato.jobs")  # as the write-back's commit does before its reply comes

    await one.keeper.beat()

    assert not one.holdings.is_lost(job)
    assert logged == []


async def test_jobs_of_a_dead_replica_are_taken_over(settled, somebody, count, logged):
    one = settled()
    await somebody()

    await one.keeper.beat()

    assert await count("retrato.jobs", "state = 'queued' and takeovers = 1 and attempts = 0") == 1
    assert await count("retrato.replicas", f"id <> '{one.id}'") == 0
    assert one.wake.is_set()
    assert [line["event"] for line in logged] == ["keeper.took_over"]


async def test_jobs_of_a_dead_replica_are_drawn_by_another(replica, running, somebody, count):
    one = replica()
    await somebody()

    async with running(one):
        await until(lambda: count("retrato.avatars"))


async def test_replica_whose_lock_is_held_is_alive_however_silent(settled, somebody, other_connection, count):
    one = settled()
    await somebody()
    await other_connection.execute(f"select pg_advisory_lock({REPLICA_LOCK_CLASS}, {LOCK_KEY})")

    await one.keeper.beat()

    assert await count("retrato.jobs", "state = 'running'") == 1


async def test_replica_that_was_seen_just_now_is_alive_without_its_lock(settled, somebody, count):
    one = settled(silence_s=4)
    await somebody(last_seen="clock_timestamp()")

    await one.keeper.beat()

    assert await count("retrato.jobs", "state = 'running'") == 1


async def test_replica_without_locks_is_judged_by_its_lease_alone(settled, somebody, connection, count):
    one = settled()
    await somebody(locks=False)
    await one.keeper.beat()
    while_leased = await count("retrato.jobs", "state = 'running'")

    await connection.execute("update retrato.jobs set lease_until = now() - interval '1 s'")
    await one.keeper.beat()

    assert while_leased == 1
    assert await count("retrato.jobs", "state = 'queued'") == 1


async def test_job_that_has_seen_many_replicas_die_fails(settled, somebody, count):
    one = settled()
    await somebody(takeovers=11)

    await one.keeper.beat()

    assert await count("retrato.jobs", "state = 'failed' and last_fault = 'poison'") == 1


async def test_deaths_before_a_new_request_do_not_count_against_it(settled, somebody, connection, count):
    one = settled()
    await somebody(takeovers=11)
    await connection.execute("update personas set regenerate_avatar = true")

    await one.keeper.beat()

    assert await count("retrato.jobs", "state = 'queued' and generation = 2 and takeovers = 1") == 1


async def test_deaths_before_a_flag_that_waits_for_its_persona_do_not_count_against_it(
    settled, somebody, connection, count
):
    one = settled()
    await somebody(takeovers=11)
    await connection.execute("update personas set full_name = '[A GERAR]', regenerate_avatar = true")

    await one.keeper.beat()

    assert await count("retrato.jobs", "state = 'queued' and generation = 2 and takeovers = 1") == 1


async def test_nobody_is_judged_before_the_database_has_been_there_for_a_while(settled, somebody, count):
    one = settled(silence_s=0.15)  # the server has been there for longer, see above
    await somebody()
    one.holdings.unsettle()

    one.holdings.clock.now_s += 0.1
    await one.keeper.beat()
    too_early = await count("retrato.jobs", "state = 'queued'")
    one.holdings.clock.now_s += 0.1
    await one.keeper.beat()

    assert too_early == 0
    assert await count("retrato.jobs", "state = 'queued'") == 1


async def test_failed_heartbeat_puts_off_the_judgement(settled, somebody, running, count):
    one = settled(silence_s=4, poll_s=0.02)
    await somebody()
    one.jobs.outages["heartbeat"] = 1

    async with running(one, ["keeper"]):
        await until(lambda: one.jobs.calls.count("heartbeat") >= 3)
        judged = "take_over" in one.jobs.calls

    assert not judged


async def test_own_job_in_hand_is_not_taken_over_though_its_lease_has_run_out(settled, company, connection, count):
    one = settled()
    await company(2)
    await one.claim(1)
    await connection.execute(
        "update retrato.jobs set state = 'running', token = 0, lease_until = now(), "
        "replica_id = '00000000-0000-0000-0000-000000000000' where state = 'queued'"
    )
    async with connection.transaction():
        await connection.execute("update retrato.jobs set lease_until = now() - interval '1 s'")
        await connection.execute("select from retrato.jobs for update")
        await one.keeper.beat()  # passes the held rows over: the lease is not lengthened

    await one.jobs.take_over(held=one.holdings.fences(), silence_s=0.05, most_takeovers=3)

    assert await count("retrato.jobs", f"state = 'running' and replica_id = '{one.id}'") == 1
    assert await count("retrato.jobs", "state = 'queued'") == 1


async def test_no_paid_call_may_start_when_the_heartbeat_is_overdue(settled, company):
    one = settled(lease_s=30)
    await company(1)
    await one.claim()

    allowed = [one.holdings.may_start()]
    one.holdings.clock.now_s += 24.9
    allowed.append(one.holdings.may_start())
    one.holdings.clock.now_s += 0.2
    allowed.append(one.holdings.may_start())
    await one.keeper.beat()
    allowed.append(one.holdings.may_start())

    assert allowed == [True, True, False, True]


async def test_trust_counts_from_the_moment_a_heartbeat_was_sent_not_answered(settled):
    one = settled(lease_s=30)
    sent_at = one.holdings.clock()
    one.holdings.clock.now_s += 20

    one.holdings.kept(sent_at)
    one.holdings.clock.now_s += 5.1

    assert not one.holdings.may_start()


async def test_short_lease_still_leaves_half_of_it_to_work_in(settled):
    one = settled(lease_s=6)
    one.holdings.kept(one.holdings.clock())

    one.holdings.clock.now_s += 2.9
    in_time = one.holdings.may_start()
    one.holdings.clock.now_s += 0.2

    assert (in_time, one.holdings.may_start()) == (True, False)


async def test_replicas_that_start_anew_are_never_mistaken_for_their_predecessors(replica):
    one, successor = replica(), replica()

    assert one.id != successor.id
    assert one.holdings.lock_key != successor.holdings.lock_key


async def test_beat_between_the_commit_and_its_reply_takes_nothing_for_lost(settled, company, monkeypatch, logged):
    one = settled()
    await company(1)
    [job] = await one.claim()
    write = one.avatars._real.write

    async def write_and_beat(finished):
        outcome = await write(finished)
        await one.keeper.beat()
        return outcome

    monkeypatch.setattr(one.avatars._real, "write", write_and_beat)
    await one.worker.work(job)

    assert [line["event"] for line in logged] == ["avatar.finished"]
