"""Claim, lease, take-over: nobody starves, nobody works twice, the dead let go."""

import asyncio
from collections import Counter
from uuid import uuid4

import asyncpg
import pytest

from retrato.domain.attempt import Bid
from retrato.domain.errors import LeaseLostError
from retrato.domain.picture import Order
from retrato.store.attempts import AttemptLog
from retrato.store.jobs import Jobs
from retrato.store.queries import REPLICA_LOCK_CLASS

FILL = """
insert into retrato.jobs (persona_id, empresa_id, lane)
select $1 || '-' || n, $1, $3::smallint from generate_series(1, $2::integer) n
"""


async def fill(connection, empresa: str, personas: int, lane: int = 1) -> None:
    await connection.execute(FILL, empresa, personas, lane)


async def state_of(connection, persona_id: str):
    return await connection.fetchrow("select * from retrato.jobs where persona_id = $1", persona_id)


@pytest.mark.parametrize("pace_s", [0, 0.0001])
async def test_small_companies_are_served_within_two_rounds_behind_a_huge_one(connection, jobs, pace_s):
    await fill(connection, "huge", 1000)
    for number in range(20):
        await fill(connection, f"small-{number:02}", 1)

    served: list[str] = []
    position = ""
    while len(served) < 2 * 21:
        claimed = await jobs.claim(1, pace_s=pace_s, position=position)
        served += [job.empresa_id for job in claimed.jobs]
        position = claimed.jobs[-1].empresa_id if claimed.jobs else position

    assert {empresa for empresa in served if empresa != "huge"} == {f"small-{n:02}" for n in range(20)}


async def test_batch_is_spread_over_the_companies(connection, jobs):
    for empresa, personas in (("a", 100), ("b", 100), ("c", 2)):
        await fill(connection, empresa, personas)

    claimed = await jobs.claim(12, pace_s=0)

    assert Counter(job.empresa_id for job in claimed.jobs) in ({"a": 5, "b": 5, "c": 2}, {"a": 4, "b": 4, "c": 2})


async def test_batch_never_passes_its_limit_and_takes_all_of_one_company(connection, jobs):
    await fill(connection, "only", 50)

    claimed = await jobs.claim(30, pace_s=0)

    assert len(claimed.jobs) == 30


async def test_urgent_work_goes_first_unless_it_is_the_turn_of_bulk_work(connection, jobs):
    await fill(connection, "bulk", 5, lane=1)
    await fill(connection, "urgent", 5, lane=0)

    first = await jobs.claim(1, pace_s=0)
    bulk_turn = await jobs.claim(1, pace_s=0, bulk_first=True)

    assert first.jobs[0].empresa_id == "urgent"
    assert bulk_turn.jobs[0].empresa_id == "bulk"


async def test_many_replicas_at_once_claim_every_job_exactly_once(connection, new_jobs):
    for number in range(10):
        await fill(connection, f"e{number}", 20)

    async def drain(jobs: Jobs) -> list[str]:
        got: list[str] = []
        misses = 0
        while misses < 3:
            claimed = await jobs.claim(7, pace_s=0)
            misses = 0 if claimed.jobs else misses + 1
            got += [job.persona_id for job in claimed.jobs]
        return got

    claimed = [one for got in await asyncio.gather(*(drain(new_jobs()) for _ in range(5))) for one in got]

    assert len(claimed) == len(set(claimed)) == 200


async def test_rows_that_an_application_holds_are_passed_over_and_stop_nobody_else(dsn, connection, jobs):
    for empresa in ("a", "b"):
        await fill(connection, empresa, 1)
    application = await asyncpg.connect(dsn)
    transaction = application.transaction()
    await transaction.start()
    await application.execute("select from retrato.jobs where persona_id = 'a-1' for update")

    claimed = await jobs.claim(1, pace_s=5)
    await transaction.rollback()
    await application.close()

    assert [job.persona_id for job in claimed.jobs] == ["b-1"]


async def test_waiting_job_is_invisible_until_it_is_due(connection, jobs):
    await fill(connection, "a", 1)
    await connection.execute("update retrato.jobs set delayed = true, run_at = now() + interval '1 hour'")
    early = await jobs.claim(5, pace_s=0)
    outlook = await jobs.look_before_sleep()

    await connection.execute("update retrato.jobs set run_at = now()")
    due = await jobs.claim(5, pace_s=0)

    assert early.jobs == ()
    assert outlook.due_in_s == pytest.approx(3600, abs=5)
    assert len(due.jobs) == 1


async def test_pace_gives_one_job_and_tells_the_next_how_long(connection, new_jobs):
    await fill(connection, "a", 5)

    claimed = await asyncio.gather(*(new_jobs().claim(4, pace_s=60) for _ in range(4)))

    assert sum(len(one.jobs) for one in claimed) == 1
    assert all(50 < one.wait_s <= 60 for one in claimed if not one.jobs)


async def test_turn_without_a_job_is_not_spent(connection, jobs):
    nothing = await jobs.claim(1, pace_s=60)
    await fill(connection, "a", 1)

    claimed = await jobs.claim(1, pace_s=60)

    assert (nothing.jobs, nothing.wait_s) == ((), 0)
    assert len(claimed.jobs) == 1


async def test_claim_for_one_company_leaves_the_others(connection, jobs):
    for empresa in ("a", "b"):
        await fill(connection, empresa, 2)

    claimed = await jobs.claim(10, pace_s=0, empresa_id="b")

    assert {job.empresa_id for job in claimed.jobs} == {"b"}


async def test_every_claim_has_a_fence_of_its_own(connection, jobs):
    await fill(connection, "a", 1)
    first = (await jobs.claim(1, pace_s=0)).jobs[0]
    await jobs.release([first])

    second = (await jobs.claim(1, pace_s=0)).jobs[0]

    assert second.token > first.token


async def test_stale_fence_writes_nothing_anywhere(connection, database, new_jobs):
    await fill(connection, "a", 1)
    zombie, successor = new_jobs(), new_jobs()
    stale = (await zombie.claim(1, pace_s=0)).jobs[0]
    await zombie.release([stale])
    await successor.claim(1, pace_s=0)
    before = await state_of(connection, "a-1")

    released = await zombie.release([stale])
    retried = await zombie.retry(stale, most_attempts=5, delay_s=0, fault="x", error="x")
    await zombie.drop(stale)
    kept = await zombie.heartbeat({stale.token: "a-1"}, lock_key=1, locks=True, version="t")

    assert (released, retried, kept.owned) == (0, None, frozenset())
    assert await state_of(connection, "a-1") == before
    bid = Bid(version=1, provider="a", leg="a/1", model="m", redraw=0, order=Order(prompt="p", seed=1))
    with pytest.raises(LeaseLostError):
        await AttemptLog(database).begin(stale, bid)


async def test_heartbeat_lengthens_the_lease_and_tells_what_is_owned(connection, jobs):
    await fill(connection, "a", 1)
    job = (await jobs.claim(1, pace_s=0)).jobs[0]
    await connection.execute("update retrato.jobs set lease_until = now() + interval '1 second'")

    kept = await jobs.heartbeat({job.token: job.persona_id}, lock_key=1, locks=True, version="t")

    left = await connection.fetchval("select lease_until - now() > interval '20 seconds' from retrato.jobs")
    assert (kept.owned, left) == ({job.token}, True)


async def test_heartbeat_does_not_wait_for_a_row_that_somebody_holds_but_owns_it(dsn, connection, jobs):
    await fill(connection, "a", 1)
    job = (await jobs.claim(1, pace_s=0)).jobs[0]
    application = await asyncpg.connect(dsn)
    transaction = application.transaction()
    await transaction.start()
    await application.execute("select from retrato.jobs for update")

    async with asyncio.timeout(10):
        kept = await jobs.heartbeat({job.token: job.persona_id}, lock_key=1, locks=True, version="t")
    await transaction.rollback()
    await application.close()

    assert kept.owned == {job.token}


async def test_replica_without_lock_and_without_a_sign_of_life_is_dead(connection, new_jobs):
    await fill(connection, "a", 1)
    dead, living = new_jobs(), new_jobs()
    job = (await dead.claim(1, pace_s=0)).jobs[0]
    await dead.heartbeat({job.token: job.persona_id}, lock_key=77, locks=True, version="t")
    await connection.execute("update retrato.replicas set last_seen = now() - interval '1 hour'")

    taken = await living.take_over(silence_s=0.001, most_takeovers=3)

    row = await state_of(connection, "a-1")
    assert taken == ["a-1"]
    assert (row["state"], row["takeovers"], row["attempts"], row["token"]) == ("queued", 1, 0, None)
    assert await connection.fetchval("select count(*) from retrato.replicas") == 0


@pytest.mark.parametrize("sign", ["lock", "fresh", "server just started"])
async def test_replica_that_shows_any_sign_of_life_keeps_its_jobs(dsn, connection, new_jobs, sign):
    await fill(connection, "a", 1)
    quiet, other = new_jobs(), new_jobs()
    job = (await quiet.claim(1, pace_s=0)).jobs[0]
    await quiet.heartbeat({job.token: job.persona_id}, lock_key=78, locks=True, version="t")
    holder = await asyncpg.connect(dsn)
    if sign != "fresh":
        await connection.execute("update retrato.replicas set last_seen = now() - interval '1 hour'")
    if sign == "lock":
        await holder.execute("select pg_advisory_lock($1::integer, 78)", REPLICA_LOCK_CLASS)

    taken = await other.take_over(
        silence_s=10**6 if sign == "server just started" else 60 if sign == "fresh" else 0.001, most_takeovers=3
    )
    await holder.close()

    assert taken == []


async def test_lease_that_is_over_is_taken_over_whatever_the_lock_says(connection, new_jobs):
    await fill(connection, "a", 1)
    silent, other = new_jobs(), new_jobs()
    await silent.claim(1, pace_s=0)
    await connection.execute("update retrato.jobs set lease_until = now() - interval '1 second'")

    assert await other.take_over(silence_s=4, most_takeovers=3) == ["a-1"]


async def test_poison_job_fails_instead_of_killing_the_next_replica(connection, new_jobs):
    await fill(connection, "a", 1)
    for _ in range(3):
        await new_jobs().claim(1, pace_s=0)
        await connection.execute("update retrato.jobs set lease_until = now() - interval '1 second'")
        await new_jobs().take_over(silence_s=4, most_takeovers=3)

    row = await state_of(connection, "a-1")

    assert (row["state"], row["takeovers"], row["last_fault"]) == ("failed", 3, "poison")
    assert "3 replicas died" in row["last_error"]


async def test_job_fails_after_its_last_attempt_and_waits_before(connection, jobs):
    await fill(connection, "a", 1)
    job = (await jobs.claim(1, pace_s=0)).jobs[0]
    first = await jobs.retry(job, most_attempts=2, delay_s=30, fault="transient", error="502\x00")
    waiting = await state_of(connection, "a-1")
    await connection.execute("update retrato.jobs set run_at = now()")
    job = (await jobs.claim(1, pace_s=0)).jobs[0]

    last = await jobs.retry(job, most_attempts=2, delay_s=30, fault="transient", error="502")

    assert (first, waiting["attempts"], waiting["delayed"]) == ("queued", 1, True)
    assert last == "failed"


async def test_forcar_during_a_run_that_fails_gives_a_fresh_run_at_once(connection, jobs):
    await fill(connection, "a", 1)
    job = (await jobs.claim(1, pace_s=0)).jobs[0]
    await connection.execute("update retrato.jobs set generation = generation + 1")

    state = await jobs.retry(job, most_attempts=1, delay_s=30, fault="refused", error="no")

    row = await state_of(connection, "a-1")
    assert (state, row["attempts"], row["delayed"]) == ("queued", 0, False)


async def test_replica_that_stops_in_peace_takes_its_row_along(connection, database):
    jobs = Jobs(database, replica_id=uuid4(), lease_s=30)
    await jobs.heartbeat({}, lock_key=1, locks=True, version="t")

    await jobs.forget_replica()

    assert await connection.fetchval("select count(*) from retrato.replicas") == 0
