"""Rounds say whose turn it is, and who begins to look where the claims have come to overlooks nothing."""

import random
from collections import Counter, defaultdict
from uuid import uuid4

import pytest
from tests.store.support import LEASE_S, claim_all, claim_one, connected

from retrato.store import migrations
from retrato.store.control import Control, Scope
from retrato.store.jobs import Jobs
from retrato.store.queries import query

NEVER_S = float("inf")


@pytest.fixture
def jobs(database):
    """A replica that never looks behind the floors."""
    return new_replica(database)


@pytest.fixture
def control(database):
    return Control(database)


def new_replica(database, *, look_back_every_s=NEVER_S):
    return Jobs(database, replica_id=uuid4(), lease_s=LEASE_S, look_back_every_s=look_back_every_s)


async def enqueue(connection, companies, *, lane=1):
    """One statement that queues a job for each of *companies*, in this order."""
    await connection.execute(
        "select retrato.enqueue(array(select gen_random_uuid()::text from unnest($1::text[])), $1, $2, false)",
        companies,
        lane,
    )


async def serve(jobs, count):
    """The companies of the next *count* jobs, claimed one by one."""
    return [(await claim_one(jobs)).empresa_id for _ in range(count)]


@pytest.mark.parametrize("small_come", ["before", "after", "while it is served"])
async def test_small_companies_are_served_within_two_rounds_of_a_very_large_one(connection, jobs, small_come):
    small = [f"s{n}" for n in range(99)]
    if small_come == "before":
        await enqueue(connection, small)
    await enqueue(connection, ["large"] * 100_000)
    if small_come != "before":
        await serve(jobs, 50 if small_come == "while it is served" else 0)
        await enqueue(connection, small)

    served = [job.empresa_id for _ in range(20) for job in (await jobs.claim(10, pace_s=0)).jobs]

    assert set(small) < set(served)


@pytest.mark.parametrize("seed", range(8))
async def test_nobody_waits_for_more_than_its_share(connection, jobs, seed):
    """
    Companies come and go at random; claims are made one by one.

    Of every other company at most one job goes before the first of a company that had none waiting, and at most
    two between two of a company that waits.
    """
    rng = random.Random(seed)
    waiting = Counter()
    passed = defaultdict(Counter)  # by company that waits: jobs of others since it came or was served
    came_anew = set()
    for _ in range(120):
        if rng.random() < 0.4:
            companies = [rng.choice("abcdef") for _ in range(rng.choice([1, 1, 1, 2, 20]))]
            await enqueue(connection, companies)
            came_anew |= {company for company in companies if not waiting[company]}
            waiting.update(companies)
        for job in (await jobs.claim(1, pace_s=0)).jobs:
            company = job.empresa_id
            most = 1 if company in came_anew else 2
            assert max(passed.pop(company, {}).values(), default=0) <= most
            came_anew.discard(company)
            waiting[company] -= 1
            for other in +waiting:
                if other != company:
                    passed[other][company] += 1

    assert sum(waiting.values()) == len(await claim_all(jobs))


async def test_companies_that_always_have_work_get_equal_shares(connection, jobs):
    await enqueue(connection, ["a"] * 300 + ["b"] * 200 + ["c"] * 100)

    served = Counter(await serve(jobs, 300))

    assert served == {"a": 100, "b": 100, "c": 100}


async def test_company_that_comes_job_by_job_starves_nobody(connection, jobs):
    await enqueue(connection, ["large"] * 100)
    served = Counter()

    for _ in range(90):
        await enqueue(connection, ["small"])
        served.update(await serve(jobs, 1))

    assert served["large"] >= 30


async def test_who_serves_one_company_alone_does_not_push_newcomers_behind_the_others(connection, jobs):
    await enqueue(connection, ["a", "b"] * 50)
    await jobs.claim(40, pace_s=0, empresa_id="a")

    await enqueue(connection, ["new"])

    assert "new" in await serve(jobs, 3)


async def test_bell_is_silent_while_the_last_of_a_round_wait(connection, bell, jobs):
    """A NOTIFY for each insert would let applications wait for one another's commits (decision 0002)."""
    await enqueue(connection, ["a", "b", "c"])
    await serve(jobs, 1)
    await bell.rings()

    await enqueue(connection, ["d"])

    assert await bell.rings() == 0


async def test_urgent_and_bulk_work_have_rounds_of_their_own(connection, jobs):
    await enqueue(connection, ["a"] * 400)
    await serve(jobs, 200)
    await enqueue(connection, ["a", "a", "b"], lane=0)

    assert await serve(jobs, 3) == ["a", "b", "a"]


async def test_waiting_bulk_job_that_somebody_waits_for_goes_first(app, jobs):
    persona_ids = await app.insert_many(50)
    await serve(jobs, 2)

    await app.raise_flag(persona_ids[40])

    assert (await claim_one(jobs)).persona_id == persona_ids[40]


@pytest.mark.parametrize("why", ["paused", "delayed"])
async def test_many_that_come_back_at_once_do_not_go_before_the_others(app, connection, jobs, control, why):
    await app.insert_many(300)
    if why == "paused":
        await control.pause(Scope.EMPRESA, app.empresa_id)
        await jobs.claim(1, pace_s=0)
        await control.resume(Scope.EMPRESA, app.empresa_id)
    else:
        for job in await claim_all(jobs):
            await jobs.release(job, delay_s=3600)
        await connection.execute("update retrato.jobs set run_at = now() - interval '1 second'")
    await jobs.claim(0, pace_s=0)
    await enqueue(connection, ["other"] * 3)

    served = await serve(jobs, 8)

    assert served.count("other") == 3


@pytest.mark.parametrize("others_meanwhile", [1, 60])
async def test_pause_costs_a_company_no_more_turns_than_it_lasts(connection, jobs, control, others_meanwhile):
    """Claims take hundreds of its jobs out of their index at once, whose turns are still to come."""
    await enqueue(connection, ["a", "b"] * 1200)
    await control.pause(Scope.EMPRESA, "a")
    await serve(jobs, others_meanwhile)
    await jobs.claim(0, pace_s=0)
    await control.resume(Scope.EMPRESA, "a")
    await jobs.claim(0, pace_s=0)

    served = Counter(await serve(jobs, 100))

    assert served["a"] == pytest.approx(50, abs=1)


async def test_jobs_that_are_queued_one_by_one_while_their_company_is_paused_do_not_come_at_once(
    connection, jobs, control
):
    await control.pause(Scope.EMPRESA, "a")
    for _ in range(40):
        await enqueue(connection, ["a"])
        await jobs.claim(1, pace_s=0)
    await control.resume(Scope.EMPRESA, "a")
    await jobs.claim(0, pace_s=0)
    await enqueue(connection, ["b"] * 40)

    served = Counter(await serve(jobs, 40))

    assert served["b"] == pytest.approx(20, abs=1)


@pytest.mark.parametrize("first_of_all", [True, False])
@pytest.mark.parametrize("claims_before", [0, 1, 2])
async def test_job_of_a_transaction_that_took_long_is_found(
    app, other_app, database, jobs, claims_before, first_of_all
):
    """Its round was given when the claims had come to an earlier one."""
    await app.insert_many(20)
    await serve(jobs, claims_before)
    transaction = other_app.connection.transaction()
    await transaction.start()
    late = await other_app.insert(empresa_id=await app.insert_company() if first_of_all else app.empresa_id)
    await serve(new_replica(database), 3)
    await claim_all(jobs, limit=3)
    for _ in range(3):
        await app.insert()
        await claim_one(jobs)
    await transaction.commit()

    assert [job.persona_id for job in await claim_all(jobs)] == [late]


async def test_job_that_an_application_held_for_long_is_found(app, other_app, jobs):
    held, *_ = await app.insert_many(20)
    async with other_app.connection.transaction():
        await other_app.raise_flag(held)
        while (await jobs.claim(3, pace_s=0)).jobs:
            pass
        await app.insert()
        await claim_one(jobs)

    assert [job.persona_id for job in await claim_all(jobs)] == [held]


async def test_first_claim_of_all_is_watched(app, jobs, database):
    watcher = new_replica(database)
    for _ in range(3):
        assert not (await watcher.heartbeat({}, lock_key=1, locks=True, version="1")).others_run
    await app.insert()
    await claim_one(jobs)

    assert (await watcher.heartbeat({}, lock_key=1, locks=True, version="1")).others_run


async def test_claim_that_took_long_to_commit_is_watched(app, dsn, jobs, database):
    watcher = new_replica(database)
    await app.insert_many(10)
    async with connected(dsn) as replica, replica.transaction():
        late = await replica.fetchval(
            "select persona_id from retrato.claim_jobs_from(1, 0, '{0,1}', -1, $1, '{0,0,0,0}', null, 0)", uuid4()
        )
        for _ in range(3):
            job = await claim_one(jobs)
            await jobs.release(job, delay_s=3600)
            assert not (await watcher.heartbeat({}, lock_key=1, locks=True, version="1")).others_run

    assert (await watcher.heartbeat({}, lock_key=1, locks=True, version="1")).others_run
    assert await watcher.take_over(silence_s=0, most_takeovers=3) == [late]


async def test_what_was_handed_back_behind_the_floors_is_found_by_looking_back(app, connection, jobs, database):
    """Replicas of the releases before there were rounds leave the round as it was."""
    backward = new_replica(database, look_back_every_s=0)
    await app.insert_many(3)
    first = await claim_one(backward)
    await serve(backward, 2)
    for _ in range(2):
        await backward.claim(1, pace_s=0)
    await connection.execute(
        "update retrato.jobs set state = 'queued', token = null, replica_id = null, lease_until = null "
        "where persona_id = $1",
        first.persona_id,
    )

    assert (await claim_one(backward)).persona_id == first.persona_id


async def test_nobody_sleeps_beside_a_job_behind_the_floors_that_keeps_the_bell_silent(
    app, connection, bell, jobs, database
):
    """A replica of the release before hands back what was claimed last, its round as it was."""
    await app.insert_many(3)
    *_, last = await claim_all(new_replica(database), limit=1)
    for _ in range(3):
        assert not (await jobs.claim(1, pace_s=0)).jobs
    await connection.execute(
        "update retrato.jobs set state = 'queued', token = null, replica_id = null, lease_until = null "
        "where persona_id = $1",
        last.persona_id,
    )
    await bell.rings()

    outlook = await jobs.look_before_sleep()

    await app.insert()
    assert await bell.rings() == 0
    assert outlook.restless


async def test_jobs_from_before_there_were_rounds_get_theirs_in_small_steps(connection, jobs):
    await connection.execute(
        "insert into retrato.jobs (persona_id, empresa_id) "
        "select 'p' || n, case when n > 50 then 'small' || n else 'large' end from generate_series(1, 60) n"
    )
    place, steps = 0, 0
    while place is not None:
        place = await connection.fetchval(query("give_rounds"), 1, 25, place)
        steps += 1

    served = await serve(jobs, 20)

    assert steps == 4
    assert {f"small{n}" for n in range(51, 61)} < set(served)


async def test_migrating_gives_rounds_to_the_jobs_that_are_there(dsn, connection):
    await connection.execute("insert into retrato.jobs (persona_id, empresa_id) values ('p', 'c')")

    await migrations.apply(dsn)

    assert await connection.fetchval("select round from retrato.jobs") > 0


async def test_replicas_of_the_release_before_are_served(app, connection):
    persona_id, replica = await app.insert(), uuid4()

    claimed = await connection.fetch(
        "select persona_id, token from retrato.claim_jobs(1, 0, '{0,1}', 30, $1, array['', ''], null, 4)",
        replica,
    )
    [kept] = await connection.fetch(
        "select * from retrato.heartbeat($1, $2, $3, 30, 1, true, '0.1')",
        replica,
        [persona_id],
        [claimed[0]["token"]],
    )
    [look] = await connection.fetch("select * from retrato.look_before_sleep()")
    taken = await connection.fetch("select * from retrato.take_over_jobs($1, 0, 3, '{}')", replica)

    assert [row["persona_id"] for row in claimed] == [persona_id]
    assert (kept["owned"], kept["others_run"]) == ([claimed[0]["token"]], False)
    assert tuple(look) == (False, False, None)
    assert taken == []
