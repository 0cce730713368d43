"""Pauses: obeyed by the next claim and the next paid call, free for the others, and nothing is lost by them."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
from tests.store.support import (
    BID,
    blocked,
    claim_all,
    claim_one,
    connected,
    finished_for,
    state_of,
)
from tests.store.test_claim_cost import MOST_PAGES, pages_touched

from retrato.domain.errors import LeaseLostError, LegFullError, PausedError
from retrato.domain.faults import Fault
from retrato.store.avatars import Outcome
from retrato.store.control import Control, Scope
from retrato.store.legs import LegBook
from retrato.store.queries import query
from retrato.store.requests import Requests, Wish

CLAIM = (10, 0.0, [0, 1], 30.0)
PARKED = "state = 'queued' and delayed and run_at = 'infinity'"


@pytest.fixture
def control(database):
    return Control(database)


@pytest.fixture
async def other_company(app):
    return await app.insert_company()


async def parked(connection):
    return await connection.fetchval(f"select count(*) from retrato.jobs where {PARKED}")


async def claim_twice(jobs):
    """All that may start now: the first claims put what has come due into their index, as the dispatcher's do."""
    return await claim_all(jobs) + await claim_all(jobs)


async def claim_without_commit(connection):
    """A claim by a replica whose transaction is still open."""
    return await connection.fetch(query("claim_jobs"), *CLAIM, uuid4(), [0, 0, 0, 0], None, 0)


async def test_nothing_is_claimed_while_everything_is_paused(app, control, jobs):
    persona_id = await app.insert()
    await control.pause(Scope.ALL)
    during = await jobs.claim(1, pace_s=0)

    await control.resume(Scope.ALL)

    assert not during.jobs
    assert (await claim_one(jobs)).persona_id == persona_id


async def test_pause_spends_no_turn(app, control, jobs):
    await app.insert()
    await control.pause(Scope.ALL)
    await jobs.claim(1, pace_s=3600)
    await control.resume(Scope.ALL)

    assert len((await jobs.claim(1, pace_s=3600)).jobs) == 1


async def test_replica_may_sleep_while_everything_is_paused(app, control, jobs):
    await app.insert()
    later = await app.insert()
    await app.connection.execute(
        "update retrato.jobs set delayed = true, run_at = now() + interval '1 minute' where persona_id = $1", later
    )
    await control.pause(Scope.ALL)

    outlook = await jobs.look_before_sleep()

    assert not outlook.restless
    assert outlook.due_in_s is None


async def test_paused_company_is_passed_over(app, other_company, control, jobs):
    held_up = await app.insert_many(2)
    going_on = await app.insert_many(2, empresa_id=other_company)
    await control.pause(Scope.EMPRESA, app.empresa_id)

    claimed = await claim_all(jobs)

    assert [job.persona_id for job in claimed] == going_on
    assert {await state_of(app.connection, persona_id) for persona_id in held_up} == {"queued"}


async def test_claim_for_a_paused_company_alone_finds_nothing(app, control, jobs):
    await app.insert()
    await control.pause(Scope.EMPRESA, app.empresa_id)

    claimed = await jobs.claim(1, pace_s=0, empresa_id=app.empresa_id)

    assert not claimed.jobs
    assert await parked(app.connection) == 1


async def test_company_behind_many_paused_ones_is_found_by_one_claim(app, jobs):
    await app.connection.execute(
        "insert into retrato.jobs (persona_id, empresa_id) "
        "select 'p' || n, 'c' || n from generate_series(1, 100) n"
    )
    await app.connection.execute(
        "insert into retrato.pauses (scope, name) select 'empresa', 'c' || n from generate_series(1, 100) n"
    )
    await app.connection.execute("insert into retrato.jobs (persona_id, empresa_id) values ('p', 'z')")

    assert (await claim_one(jobs)).persona_id == "p"


async def test_replica_may_sleep_when_only_a_paused_companys_jobs_are_left(app, control, jobs):
    await app.insert_many(3)
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await claim_all(jobs)

    outlook = await jobs.look_before_sleep()

    assert not outlook.restless
    assert outlook.due_in_s is None


async def test_parked_job_shows_as_queued_without_a_time(app, control, jobs):
    persona_id = await app.insert()
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await claim_all(jobs)

    row = await app.connection.fetchrow(
        "select state, run_at from retrato.persona_status where persona_id = $1", persona_id
    )

    assert tuple(row) == ("queued", None)


async def test_claims_cost_no_more_while_thousands_of_jobs_are_parked(app, control, connection):
    await connection.execute(
        "insert into retrato.jobs (persona_id, empresa_id, delayed, run_at) "
        "select 'p' || n, 'a', true, 'infinity' from generate_series(1, 20000) n"
    )
    await connection.execute(
        "insert into retrato.jobs (persona_id, empresa_id) select 'q' || n, 'b' from generate_series(1, 100) n"
    )
    await control.pause(Scope.EMPRESA, "a")
    await connection.execute("vacuum analyze retrato.jobs")

    assert await pages_touched(connection, limit=1) < MOST_PAGES


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.EMPRESA])
async def test_job_in_hand_is_finished(app, control, jobs, avatars, scope):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await control.pause(scope, app.empresa_id if scope is Scope.EMPRESA else "")

    kept = await jobs.heartbeat({job.token: persona_id}, lock_key=1, locks=True, version="0.1")
    outcome = await avatars.write(finished_for(job))

    assert kept.owned == {job.token}
    assert outcome is Outcome.WRITTEN


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.EMPRESA])
async def test_no_new_paid_call_is_begun(app, control, jobs, attempts, scope):
    await app.insert()
    job = await claim_one(jobs)
    name = app.empresa_id if scope is Scope.EMPRESA else ""
    await control.pause(scope, name)

    with pytest.raises(PausedError):
        await attempts.begin(job, BID)

    assert await app.connection.fetchval("select count(*) from retrato.attempts") == 0
    await control.resume(scope, name)
    assert await attempts.begin(job, BID)


async def test_job_that_was_lost_is_told_as_lost_though_everything_is_paused(app, control, jobs, attempts):
    await app.insert()
    job = await claim_one(jobs)
    await jobs.release(job)
    await control.pause(Scope.ALL)

    with pytest.raises(LeaseLostError):
        await attempts.begin(job, BID)


async def test_pause_of_another_company_stops_no_call(app, other_company, control, jobs, attempts):
    await app.insert()
    job = await claim_one(jobs)

    await control.pause(Scope.EMPRESA, other_company)

    assert await attempts.begin(job, BID)


@pytest.mark.parametrize("name", ["huggingface/fal-ai", "huggingface"], ids=["leg", "provider"])
async def test_paused_leg_gets_no_call_and_says_when_to_ask_again(app, control, jobs, attempts, name):
    await app.insert()
    job = await claim_one(jobs)
    await control.pause(Scope.LEG, name)

    with pytest.raises(LegFullError) as told:
        await attempts.begin(job, BID)

    assert told.value.wait_s == 30
    await control.resume(Scope.LEG, name)
    assert await attempts.begin(job, BID)


@pytest.mark.parametrize("name", ["hugging", "huggingface/fal", "huggingface/fal-ai/flux", "pollinations"])
async def test_pause_of_a_leg_means_no_other(app, control, jobs, attempts, name):
    await app.insert()
    job = await claim_one(jobs)

    await control.pause(Scope.LEG, name)

    assert await attempts.begin(job, BID)


async def test_paused_legs_count_as_closed(database, control):
    book = LegBook(database)
    for leg in ("huggingface/fal-ai", "huggingface/together", "pollinations/flux"):
        await book.succeeded(leg)

    await control.pause(Scope.LEG, "huggingface")

    assert await book.closed() == {"huggingface/fal-ai": 30, "huggingface/together": 30}


async def test_leg_that_is_closed_for_longer_than_its_pause_stays_closed(app, database, control, jobs, attempts):
    await app.insert()
    job = await claim_one(jobs)
    await app.connection.execute(
        "insert into retrato.legs (leg, closed_until) values ($1, now() + interval '1 hour')", BID.leg
    )

    await control.pause(Scope.LEG, BID.leg)

    assert (await LegBook(database).closed())[BID.leg] > 3000
    with pytest.raises(LegFullError) as told:
        await attempts.begin(job, replace(BID))
    assert told.value.wait_s > 3000


async def test_pause_and_resume_tell_whether_they_were_news(control):
    assert await control.pause(Scope.LEG, "fal", reason="the bill")
    assert not await control.pause(Scope.LEG, "fal", reason="another")
    assert [(pause.scope, pause.name, pause.reason) for pause in await control.pauses()] == [
        ("leg", "fal", "the bill")
    ]
    assert await control.resume(Scope.LEG, "fal")
    assert not await control.resume(Scope.LEG, "fal")
    assert await control.pauses() == []


async def test_pauses_do_not_lift_one_another(app, control, jobs):
    await app.insert()
    await control.pause(Scope.ALL)
    await control.pause(Scope.EMPRESA, app.empresa_id)

    await control.resume(Scope.ALL)
    during = await claim_all(jobs)
    await control.resume(Scope.EMPRESA, app.empresa_id)

    assert during == []
    assert len(await claim_twice(jobs)) == 1


@pytest.mark.parametrize("name", ["huggingface/fal-ai", "huggingface"], ids=["leg", "provider"])
async def test_closed_leg_that_is_resumed_is_asked_at_once_by_those_who_waited(
    app, database, control, jobs, attempts, name
):
    await app.insert()
    book = LegBook(database)
    await book.failed(BID.leg, fault=Fault.AUTH, reason="Invalid token", retry_after_s=None)
    await jobs.release(await claim_one(jobs), delay_s=3600)

    news = await control.resume(Scope.LEG, name)
    [job] = await claim_twice(jobs)

    assert news
    assert await book.closed() == {}
    assert await attempts.begin(job, BID)


@pytest.mark.parametrize("name", ["pollinations", "hugging", "huggingface/fal-ai/flux"])
async def test_resuming_another_leg_opens_nothing_and_calls_nobody(app, database, control, jobs, name):
    await app.insert()
    book = LegBook(database)
    await book.failed(BID.leg, fault=Fault.AUTH, reason="Invalid token", retry_after_s=None)
    await jobs.release(await claim_one(jobs), delay_s=3600)

    news = await control.resume(Scope.LEG, name)

    assert not news
    assert list(await book.closed()) == [BID.leg]
    assert await claim_twice(jobs) == []


async def test_leg_is_resumed_while_an_application_holds_a_job_that_waits(app, other_app, database, control, jobs):
    held, waiting = await app.insert_many(2)
    book = LegBook(database)
    await book.failed(BID.leg, fault=Fault.AUTH, reason="Invalid token", retry_after_s=None)
    for job in await claim_all(jobs):
        await jobs.release(job, delay_s=3600)

    async with other_app.connection.transaction():
        await other_app.raise_flag(held)
        await control.resume(Scope.LEG, BID.leg)
        called = await claim_twice(jobs)

    assert await book.closed() == {}
    assert [job.persona_id for job in called] == [waiting]


async def test_resuming_a_leg_leaves_paused_companies_parked(app, database, control, jobs):
    await app.insert()
    await LegBook(database).failed(BID.leg, fault=Fault.AUTH, reason="Invalid token", retry_after_s=None)
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await jobs.claim(1, pace_s=0)

    await control.resume(Scope.LEG, BID.leg)

    assert await parked(app.connection) == 1


@pytest.mark.parametrize(("scope", "name"), [("company", "x"), ("all", "x"), ("empresa", ""), ("leg", "")])
async def test_pause_that_means_nothing_is_refused(app, scope, name):
    with pytest.raises(asyncpg.CheckViolationError):
        await app.connection.execute("select retrato.pause($1, $2)", scope, name)


async def test_resume_brings_everybody_back_and_rings(app, bell, control, jobs):
    persona_ids = await app.insert_many(1100)  # more than one claim takes out of its index
    await control.pause(Scope.EMPRESA, app.empresa_id)
    for _ in range(3):
        await jobs.claim(1, pace_s=0)
    at_rest = await parked(app.connection)
    await bell.rings()

    await control.resume(Scope.EMPRESA, app.empresa_id)

    assert at_rest == 1100
    assert await bell.rings() == 1
    assert {job.persona_id for job in await claim_twice(jobs)} == set(persona_ids)


@pytest.mark.parametrize(("scope", "name"), [(Scope.ALL, ""), (Scope.LEG, "huggingface")])
async def test_every_resume_rings(bell, control, scope, name):
    await control.pause(scope, name)
    await bell.rings()

    await control.resume(scope, name)

    assert await bell.rings() == 1


async def test_resume_of_one_company_leaves_the_others_parked(app, other_company, control, jobs):
    going_on = await app.insert()
    await app.insert_many(2, empresa_id=other_company)
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await control.pause(Scope.EMPRESA, other_company)
    await claim_all(jobs)

    await control.resume(Scope.EMPRESA, app.empresa_id)

    assert [job.persona_id for job in await claim_twice(jobs)] == [going_on]
    assert await parked(app.connection) == 2


async def test_waiting_job_of_a_paused_company_comes_due_and_waits_on(app, control, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=60, fault="transient", error="HTTP 500")
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await app.connection.execute("update retrato.jobs set run_at = now() - interval '1 second'")
    during = await claim_twice(jobs)

    await control.resume(Scope.EMPRESA, app.empresa_id)

    assert during == []
    [job] = await claim_twice(jobs)
    assert (job.persona_id, job.attempts) == (persona_id, 1)


async def test_forcar_on_a_parked_job_is_kept_and_waits_like_the_rest(app, control, database, jobs):
    persona_id = await app.insert()
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await claim_all(jobs)

    await Requests(database).for_personas([persona_id], Wish.ALL)
    during = await claim_all(jobs)
    await control.resume(Scope.EMPRESA, app.empresa_id)

    [job] = await claim_twice(jobs)
    assert during == []
    assert (job.persona_id, job.generation) == (persona_id, 2)


async def test_resume_waits_for_a_claim_that_is_parking_and_brings_its_jobs_back(app, dsn, control, jobs):
    persona_ids = await app.insert_many(3)
    await control.pause(Scope.EMPRESA, app.empresa_id)
    async with connected(dsn) as replica, asyncio.TaskGroup() as group, replica.transaction():
        await claim_without_commit(replica)
        resuming = group.create_task(control.resume(Scope.EMPRESA, app.empresa_id))
        await blocked(app.connection)

    assert resuming.result()
    assert {job.persona_id for job in await claim_twice(jobs)} == set(persona_ids)


async def test_claim_parks_nothing_of_a_company_that_is_being_resumed(app, dsn, control, jobs):
    persona_id = await app.insert()
    await control.pause(Scope.EMPRESA, app.empresa_id)
    async with connected(dsn) as operator, operator.transaction():
        await operator.execute("select retrato.resume('empresa', $1)", app.empresa_id)

        claimed = await claim_all(jobs)

    assert [job.persona_id for job in claimed] == [persona_id]
    assert await parked(app.connection) == 0


async def test_nobody_sleeps_over_what_was_queued_silently_while_everything_was_paused(
    app, other_app, bell, control, jobs
):
    first = await app.insert()
    await control.pause(Scope.ALL)
    transaction = other_app.connection.transaction()
    await transaction.start()
    second = await other_app.insert()  # sees the first, and stays silent
    await bell.rings()
    await control.resume(Scope.ALL)

    assert await bell.rings() == 1
    assert (await claim_one(jobs)).persona_id == first
    assert (await jobs.look_before_sleep()).enqueuing
    assert not (await jobs.claim(1, pace_s=0)).jobs
    await transaction.commit()
    assert (await claim_one(jobs)).persona_id == second


async def test_parked_jobs_do_not_mute_the_bell(app, other_company, bell, control, jobs):
    await app.insert()
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await claim_all(jobs)
    await bell.rings()

    await app.insert_many(1, empresa_id=other_company)

    assert await bell.rings() == 1


async def test_application_that_meets_a_resume_is_never_the_victim(app, other_app, control, jobs):
    first, second = sorted(await app.insert_many(2))
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await claim_all(jobs)
    await app.connection.execute("set deadlock_timeout to '800ms'")
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.raise_flag(second)
        resuming = group.create_task(control.resume(Scope.EMPRESA, app.empresa_id))
        await blocked(other_app.connection)
        await app.raise_flag(first)  # whose job the resume holds while it waits for the other one: a circle

    assert resuming.result()
    assert {job.persona_id for job in await claim_twice(jobs)} == {first, second}


async def test_application_that_waits_for_an_operators_statement_is_never_the_victim(app, dsn, control, jobs):
    first, second, third = sorted(await app.insert_many(3))
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await claim_all(jobs)
    sql = "update personas set regenerate_avatar = true where id = $1::text::uuid"
    async with connected(dsn) as one, connected(dsn) as other, connected(dsn) as operator, other.transaction():
        held = one.transaction()
        await held.start()
        await one.execute(sql, second)
        await other.execute(sql, third)
        resuming = asyncio.create_task(operator.fetch("select retrato.resume('empresa', $1)", app.empresa_id))
        await blocked(app.connection)
        raising = asyncio.create_task(other.execute(sql, first))  # waits longest: it would look for a circle first
        await blocked(app.connection, 2)
        await held.commit()

        with pytest.raises(asyncpg.LockNotAvailableError):
            await resuming
        await raising


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_company_is_not_resumed_in_a_snapshot_that_may_be_too_old(app, control, jobs, isolation):
    """What a claim puts outside its index meanwhile would stay there for ever."""
    await control.pause(Scope.EMPRESA, app.empresa_id)
    async with app.connection.transaction(isolation=isolation):
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
            async with app.connection.transaction():
                await app.connection.execute("select retrato.resume('empresa', $1)", app.empresa_id)

    assert len(await control.pauses()) == 1
