"""Who resumes a leg calls the jobs that wait for it, and nobody else."""

import pytest
from tests.store.support import BID, claim_all, claim_one

from retrato.domain.errors import BUDGET, BadPictureError, BusyError, ChainExhaustedError, DownError
from retrato.domain.faults import Fault
from retrato.store.control import Control, Scope
from retrato.store.legs import LegBook

LEG = BID.leg
HOUR_S = 3600


@pytest.fixture
def control(database):
    return Control(database)


@pytest.fixture
def delayed(app, jobs):
    """Delays a new job for an hour, for the given legs; returns the persona."""

    async def delay(*waits_for, fault=None):
        persona_id = await app.insert()
        job = await claim_one(jobs)
        if fault is None:
            await jobs.release(job, delay_s=HOUR_S, waits_for=waits_for)
        else:
            await jobs.retry(job, most_attempts=5, delay_s=HOUR_S, fault=fault, error="seen", waits_for=waits_for)
        return persona_id

    return delay


@pytest.fixture
def called(jobs):
    """The personas that may be drawn now."""

    async def ask():
        found = await claim_all(jobs) + await claim_all(jobs)
        return {job.persona_id for job in found}

    return ask


async def suspend(database, leg=LEG, fault=Fault.AUTH):
    await LegBook(database).failed(leg, fault=fault, reason="Invalid token", retry_after_s=None)


@pytest.mark.parametrize("name", ["huggingface/fal-ai", "huggingface"], ids=["leg", "provider"])
async def test_only_jobs_that_wait_for_the_leg_are_called(database, control, delayed, called, name):
    await suspend(database)
    waiting = await delayed("fal/queue", LEG)
    failed_there = await delayed(LEG, fault="transient")
    for other in (("fal/queue",), ("huggingface-eu/x",), (BUDGET,), ()):
        await delayed(*other)

    assert await control.resume(Scope.LEG, name)

    assert await called() == {waiting, failed_there}


@pytest.mark.parametrize("fault", ["bad_output", "bad_request", "unexpected", "storage"])
@pytest.mark.parametrize("said", [True, False], ids=["now", "by a release before"])
async def test_job_that_waits_because_of_its_own_fault_keeps_its_time(
    app, database, control, jobs, called, fault, said
):
    await suspend(database)
    await app.insert()
    await jobs.retry(
        await claim_one(jobs),
        most_attempts=5,
        delay_s=HOUR_S,
        fault=fault,
        error="seen",
        waits_for=() if said else None,
    )

    await control.resume(Scope.LEG, LEG)

    assert await called() == set()


@pytest.mark.parametrize("name", ["huggingface/fal-ai", "huggingface"], ids=["leg", "provider"])
async def test_leg_that_was_only_paused_calls_those_who_wait_for_it(control, delayed, called, name):
    await control.pause(Scope.LEG, name)
    waiting = await delayed(LEG)
    await delayed("fal/queue")

    assert await control.resume(Scope.LEG, name)

    assert await called() == {waiting}


async def test_leg_of_a_provider_that_could_not_tell_its_legs_calls_too(control, delayed, called):
    waiting = await delayed("huggingface")

    assert await control.resume(Scope.LEG, LEG)

    assert await called() == {waiting}


async def test_what_a_job_waits_for_is_forgotten_when_it_is_claimed(app, database, control, jobs, delayed, called):
    await suspend(database)
    persona_id = await delayed(LEG)
    await app.connection.execute("update retrato.jobs set run_at = now()")
    await jobs.claim(1, pace_s=0)
    job = await claim_one(jobs)
    await jobs.release(job, delay_s=HOUR_S, waits_for=("fal/queue",))

    await control.resume(Scope.LEG, LEG)

    assert job.persona_id == persona_id
    assert await called() == set()


async def test_resume_rings_for_those_who_sleep(control, delayed, bell):
    await control.pause(Scope.LEG, LEG)
    await delayed(LEG)
    await bell.rings()

    await control.resume(Scope.LEG, LEG)

    assert await bell.rings() == 1


def test_exhausted_chain_tells_what_the_job_waits_for():
    errors = [DownError("502", leg="a/1"), BadPictureError("black", leg="b/1"), BusyError("429", leg="a/1")]

    exhausted = ChainExhaustedError(errors, waits_for=["c/1"])

    assert exhausted.waits_for == ("c/1", "a/1")
