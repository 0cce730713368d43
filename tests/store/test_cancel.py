"""Cancel: nothing is drawn unasked any more, what is there stays, and late writers write nothing."""

import asyncio
import json
import random
from dataclasses import asdict, replace
from functools import partial

import pytest
from tests.store.support import (
    BID,
    Application,
    blocked,
    claim_all,
    claim_one,
    connected,
    failing,
    finished_for,
    job_of,
    state_of,
    until,
)

from retrato.domain.attempt import LegLimits
from retrato.domain.errors import LeaseLostError, NotFoundError
from retrato.store.avatars import Outcome
from retrato.store.control import Control, Scope
from retrato.store.queries import query
from retrato.store.requests import Requests, Wish

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def control(database):
    return Control(database)


@pytest.fixture
async def drawn(app, jobs, avatars):
    """A persona with its first avatar."""
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs)))
    return persona_id


async def versions(connection):
    return await connection.fetchval("select count(*) from retrato.avatars")


async def test_queued_persona_without_an_avatar_counts_as_failed_and_says_why(app, control, jobs):
    persona_id = await app.insert()

    cancelled = await control.cancel_personas([persona_id])

    job = await job_of(app.connection, persona_id)
    assert cancelled == 1
    assert await state_of(app.connection, persona_id) == "failed"
    assert (job["last_fault"], job["last_error"]) == ("cancelled", "cancelled by an operator")
    assert await claim_all(jobs) == []


async def test_persona_with_an_avatar_keeps_it_and_its_flag_is_lowered(app, control, jobs, drawn):
    await app.raise_flag(drawn)

    cancelled = await control.cancel_personas([drawn])

    assert cancelled == 1
    assert await state_of(app.connection, drawn) == "ready"
    assert (await app.persona(drawn))["regenerate_avatar"] is False
    assert await job_of(app.connection, drawn) is None
    assert await versions(app.connection) == 1


async def test_persona_that_waits_for_its_next_run_never_comes_due(app, control, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=60, fault="transient", error="HTTP 500")

    await control.cancel_personas([persona_id])

    await app.connection.execute("update retrato.jobs set run_at = now() - interval '1 second'")
    assert await claim_all(jobs) + await claim_all(jobs) == []
    assert await state_of(app.connection, persona_id) == "failed"


async def test_parked_persona_does_not_come_back_with_its_company(app, control, jobs):
    persona_id = await app.insert()
    await control.pause(Scope.EMPRESA, app.empresa_id)
    await claim_all(jobs)

    await control.cancel_personas([persona_id])
    await control.resume(Scope.EMPRESA, app.empresa_id)

    assert await claim_all(jobs) + await claim_all(jobs) == []


async def test_running_job_is_lost_with_the_next_heartbeat(app, control, jobs):
    persona_id = await app.insert()
    job = await claim_one(jobs)

    cancelled = await control.cancel_personas([persona_id])

    kept = await jobs.heartbeat({job.token: persona_id}, lock_key=1, locks=True, version="0.1")
    assert cancelled == 1
    assert kept.owned == frozenset()
    assert not kept.others_run


async def test_who_still_works_on_a_cancelled_job_writes_nothing(app, control, jobs, avatars, attempts):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await control.cancel_personas([persona_id])

    with pytest.raises(LeaseLostError):
        await attempts.begin(job, BID)
    outcome = await avatars.write(finished_for(job))
    retried = await jobs.retry(job, most_attempts=5, delay_s=0, fault="transient", error="HTTP 500")

    assert outcome is Outcome.LOST  # the pictures are kept for whoever asks again
    assert retried is None
    assert not await jobs.release(job)
    assert await versions(app.connection) == 0
    assert (await app.persona(persona_id))["avatar_image_url"] is None
    assert await state_of(app.connection, persona_id) == "failed"


async def test_late_picture_of_a_cancelled_forcar_is_wanted_by_nobody(app, control, jobs, avatars, drawn):
    await app.raise_flag(drawn)
    job = await claim_one(jobs)
    await control.cancel_personas([drawn])

    outcome = await avatars.write(finished_for(job, version=2))

    assert outcome is Outcome.GONE
    assert await versions(app.connection) == 1


async def test_call_under_way_gives_its_slot_on_the_leg_back(app, control, jobs, attempts):
    await app.insert_many(2)
    first, second = await claim_all(jobs)
    one_at_once = replace(BID, limits=LegLimits(at_once=1))
    await attempts.begin(first, one_at_once)

    await control.cancel_personas([first.persona_id])

    assert await attempts.begin(second, one_at_once)


async def test_slots_of_others_stay_taken(app, control, jobs, attempts):
    await app.insert_many(2)
    first, second = await claim_all(jobs)
    await attempts.begin(first, replace(BID, limits=LegLimits(at_once=2)))

    await control.cancel_personas([second.persona_id])

    slots = json.loads(await app.connection.fetchval("select slots from retrato.legs"))
    assert list(slots) == [str(first.token)]


async def test_raised_flag_of_a_persona_that_is_not_ready_is_lowered(app, control):
    persona_id = await app.insert("[A GERAR]", regenerate_avatar=True)

    cancelled = await control.cancel_personas([persona_id])

    await app.update(persona_id, full_name="Ana Souza", avatar_image_url="https://cdn.example/ana.jpg")
    assert cancelled == 0
    assert await job_of(app.connection, persona_id) is None


async def test_what_has_failed_already_is_left_as_it_is(app, control, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=1, delay_s=0, fault="refused", error="not this prompt")

    cancelled = await control.cancel_personas([persona_id])

    assert cancelled == 0
    assert (await job_of(app.connection, persona_id))["last_error"] == "not this prompt"


async def test_cancelling_nobody_cancels_nothing(app, control):
    await app.insert()

    assert await control.cancel_personas([]) == 0
    assert await control.cancel_personas([UNKNOWN]) == 0
    assert await control.cancel_company(UNKNOWN) == 0
    assert await app.connection.fetchval("select retrato.cancel_company('nobody')") == 0
    assert await app.connection.fetchval("select retrato.cancel(null)") == 0


async def test_malformed_persona_id_is_said_as_such(control):
    with pytest.raises(NotFoundError, match="no uuid at all"):
        await control.cancel_personas(["no uuid at all"])


@pytest.mark.parametrize("by_sql", [False, True], ids=["command", "function"])
async def test_company_is_cancelled_and_the_others_go_on(app, control, jobs, by_sql):
    other = await app.insert_company()
    await app.insert_many(3)
    going_on = await app.insert_many(2, empresa_id=other)
    await jobs.claim(1, pace_s=0, empresa_id=app.empresa_id)

    cancelled = await (
        app.connection.fetchval("select retrato.cancel_company($1)", app.empresa_id)
        if by_sql
        else control.cancel_company(app.empresa_id)
    )

    assert cancelled == 3
    assert [job.persona_id for job in await claim_all(jobs)] == going_on


async def test_everything_is_cancelled_however_much_there_is(app, control):
    await app.insert_many(2100)  # more than are cancelled in one transaction

    cancelled = await control.cancel_company(None)

    assert cancelled == 2100
    assert await app.connection.fetchval("select count(*) from retrato.jobs where state <> 'failed'") == 0


@pytest.mark.parametrize("wish", [Wish.MISSING, Wish.FAILED, Wish.ALL])
async def test_whoever_asks_again_brings_cancelled_personas_back(app, control, database, jobs, wish):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=60, fault="transient", error="HTTP 500")
    await control.cancel_personas([persona_id])

    queued = await Requests(database).for_company(app.empresa_id, wish)

    job = await claim_one(jobs)
    assert queued == 1
    assert (job.persona_id, job.attempts) == (persona_id, 0)


async def test_raised_flag_brings_a_cancelled_persona_back(app, control, jobs):
    persona_id = await app.insert()
    await control.cancel_personas([persona_id])

    await app.raise_flag(persona_id)

    assert (await claim_one(jobs)).persona_id == persona_id


async def test_cancel_that_comes_while_the_avatar_is_being_written_comes_too_late(app, dsn, control, jobs):
    persona_id = await app.insert()
    finished = finished_for(await claim_one(jobs))
    async with connected(dsn) as replica, asyncio.TaskGroup() as group, replica.transaction():
        await replica.fetch(query("write_back"), json.dumps([asdict(finished)]), False)
        cancelling = group.create_task(control.cancel_personas([persona_id]))
        await blocked(app.connection)

    assert cancelling.result() == 0
    assert await state_of(app.connection, persona_id) == "ready"
    assert (await app.persona(persona_id))["avatar_image_url"] == finished.image_url


async def test_avatar_that_comes_while_its_job_is_being_cancelled_is_not_written(app, dsn, jobs, avatars):
    persona_id = await app.insert()
    finished = finished_for(await claim_one(jobs))
    async with connected(dsn) as operator, asyncio.TaskGroup() as group, operator.transaction():
        await operator.execute("select retrato.cancel(array[$1])", persona_id)
        writing = group.create_task(avatars.write(finished))
        await blocked(app.connection)

    assert writing.result() is Outcome.LOST
    assert await versions(app.connection) == 0
    assert (await app.persona(persona_id))["avatar_image_url"] is None


async def test_cancel_that_waits_for_a_forcar_cancels_it_too(app, other_app, control, drawn):
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.raise_flag(drawn)
        cancelling = group.create_task(control.cancel_personas([drawn]))
        await blocked(other_app.connection)

    assert cancelling.result() == 1
    assert (await app.persona(drawn))["regenerate_avatar"] is False
    assert await job_of(app.connection, drawn) is None


async def test_application_that_meets_a_cancel_is_never_the_victim(app, other_app, control):
    first, second = sorted(await app.insert_many(2))
    await app.connection.execute("set deadlock_timeout to '800ms'")
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.update(second, role="CEO")
        cancelling = group.create_task(control.cancel_personas([first, second]))
        await blocked(other_app.connection)
        await app.update(first, role="CEO")  # which the cancel holds while it waits for the other one: a circle

    assert cancelling.result() == 2


async def update_in_bulk(connection, persona_ids, done):
    """An application that raises and lowers flags, many in one transaction and in any order."""
    application, rng = Application(connection, "-"), random.Random(persona_ids[0])
    while not done.is_set():
        async with connection.transaction():
            for persona_id in rng.sample(persona_ids, 8):
                await application.update(persona_id, regenerate_avatar=rng.random() < 0.5)


async def test_bulk_updates_write_backs_pauses_and_cancels_never_deadlock(app, dsn, control, jobs, avatars):
    persona_ids = await app.insert_many(40)
    done = asyncio.Event()
    outcomes = []

    async def write_back():
        while not done.is_set():
            for job in await claim_all(jobs, limit=4):
                outcomes.append(await failing(avatars.write(finished_for(job, version=job.token))))
                await failing(jobs.release(job))

    async def operate(rng):
        for _ in range(10):
            outcomes.append(await failing(control.pause(Scope.EMPRESA, app.empresa_id)))
            outcomes.append(await failing(control.cancel_personas(rng.sample(persona_ids, 10))))
            outcomes.append(await failing(control.resume(Scope.EMPRESA, app.empresa_id)))
            await until(partial(has_written_since, len(outcomes)))
        done.set()

    async def has_written_since(start):
        return any(isinstance(outcome, Outcome) for outcome in outcomes[start:])

    async with connected(dsn) as one, connected(dsn) as two, asyncio.TaskGroup() as group:
        group.create_task(update_in_bulk(one, persona_ids[:20], done))
        group.create_task(update_in_bulk(two, persona_ids[20:], done))
        group.create_task(write_back())
        group.create_task(operate(random.Random(3)))

    assert "deadlock" not in " ".join(map(str, outcomes))
    assert any(type(outcome) is int and outcome > 0 for outcome in outcomes)
