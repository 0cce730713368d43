"""Operators and running replicas: pause, resume and cancel are obeyed without a restart and without a wait."""

import pytest
from service_fakes import until

from retrato.domain.errors import PausedError
from retrato.store.control import Control, Scope

POLL_S = 60.0
ALL = ("dispatcher", "keeper", "listener")


@pytest.fixture(autouse=True)
async def unpaused(connection):
    """The tests here share one database: no pause outlives its test."""
    await connection.execute("delete from retrato.pauses")
    yield
    await connection.execute("delete from retrato.pauses")


@pytest.fixture
def control(database):
    return Control(database)


async def test_nothing_is_begun_while_everything_is_paused_and_resume_wakes_the_sleeping(
    replica, running, company, control, count
):
    one = replica(poll_s=POLL_S)
    await control.pause(Scope.ALL)

    async with running(one, ALL):
        await until(one.listener.connected.is_set)
        await company(3)
        await until(lambda: _looks(one) >= 2)
        begun_while_paused = len(one.pipeline.begun)
        await control.resume(Scope.ALL)
        await until(lambda: _all_written(count, 3))

    assert begun_while_paused == 0


async def test_paused_company_comes_back_when_it_is_resumed(replica, running, company, control, count):
    one = replica(poll_s=POLL_S)

    async with running(one, ALL):
        await until(one.listener.connected.is_set)
        one.pipeline.gate.clear()
        empresa_id = await company(16)
        await until(lambda: one.pipeline.at_once == 4)
        await control.pause(Scope.EMPRESA, empresa_id)
        one.pipeline.gate.set()
        await until(lambda: _all_written(count, 4))
        await until(lambda: _all_parked(count, 12))
        await control.resume(Scope.EMPRESA, empresa_id)
        await until(lambda: _all_written(count, 16))


async def test_paused_replica_rests(replica, running, company, control, count):
    one = replica(poll_s=POLL_S)
    empresa_id = await company(3)
    await control.pause(Scope.EMPRESA, empresa_id)

    async with running(one, ALL):
        await until(lambda: _all_parked(count, 3))
        await until(lambda: one.listener.connected.is_set() and _looks(one))

    assert one.jobs.calls.count("claim") < 20


async def test_job_that_meets_the_pause_on_its_way_is_handed_back_with_all_its_attempts(
    replica, running, company, control, job_row, logged
):
    one = replica(poll_s=POLL_S)
    one.pipeline.gate.clear()
    one.pipeline.errors = [PausedError("an operator has paused the work")]
    await company(1)

    async with running(one, ALL):
        await until(lambda: one.pipeline.at_once == 1)
        await control.pause(Scope.ALL)
        one.pipeline.gate.set()
        await until(lambda: any(line["event"] == "job.released" for line in logged))
        await until(lambda: len(one.holdings) == 0)

    row = await job_row()
    assert (row["state"], row["attempts"], row["delayed"]) == ("queued", 0, False)
    assert len(one.pipeline.begun) == 1


async def test_cancelled_work_is_dropped_with_the_next_heartbeat_and_its_permit_is_free(
    replica, running, company, control, connection, count, logged
):
    one = replica(poll_s=POLL_S, concurrency=1)
    one.pipeline.gate.clear()
    await company(2)

    async with running(one, ALL):
        await until(lambda: one.pipeline.at_once == 1)
        cancelled = one.pipeline.begun[0]
        await control.cancel_personas([cancelled.persona_id])
        await until(lambda: len(one.pipeline.begun) == 2)
        one.pipeline.gate.set()
        await until(lambda: _all_written(count, 1))

    state = await connection.fetchval(
        "select state from retrato.persona_status where persona_id = $1", cancelled.persona_id
    )
    assert one.pipeline.cancelled == [cancelled]
    assert state == "failed"
    assert [line["persona_id"] for line in logged if line["event"] == "job.lost"] == [cancelled.persona_id]


async def test_picture_that_is_ready_when_its_job_is_cancelled_is_not_written(
    replica, running, company, control, count, logged
):
    one = replica(poll_s=POLL_S, beat_s=3600)
    one.pipeline.gate.clear()
    await company(1)

    async with running(one, ALL):
        await until(lambda: one.pipeline.at_once == 1)
        await control.cancel_company(None)
        one.pipeline.gate.set()
        await until(lambda: any(line["event"] == "avatar.discarded" for line in logged))

    assert await count("retrato.avatars") == 0
    assert await count("retrato.jobs", "state = 'failed' and last_fault = 'cancelled'") == 1


async def test_polls_that_no_bell_interrupts_cost_one_claim_and_no_look(replica, running):
    one = replica(poll_s=0.02)

    async with running(one, ("dispatcher",)):
        await until(lambda: one.jobs.calls.count("claim") >= 8)

    assert one.jobs.calls.count("look_before_sleep") == 1


async def test_poll_after_a_bell_looks_again(replica, running):
    one = replica(poll_s=POLL_S)

    async with running(one, ("dispatcher",)):
        await until(lambda: _looks(one) == 1)
        one.wake.set()
        await until(lambda: _looks(one) == 2)


def _looks(one):
    return one.jobs.calls.count("look_before_sleep")


async def _all_written(count, personas):
    return await count("retrato.avatars") == personas


async def _all_parked(count, personas):
    return await count("retrato.jobs", "state = 'queued' and run_at = 'infinity'") == personas
