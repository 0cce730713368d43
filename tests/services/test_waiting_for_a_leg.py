"""A replica that waits for a leg hears at once what an operator says, and is not hurried by anything else."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
from service_fakes import until

from retrato.domain.errors import ChainExhaustedError, StoreUnavailableError
from retrato.domain.faults import Fault
from retrato.services.recall import Recall
from retrato.store.control import Control, Scope
from retrato.store.legs import LegBook
from retrato.store.requests import Requests, Wish

ALL = ("dispatcher", "keeper", "listener")
POLL_S = 60.0
LEG = "fake/one"
SUSPENDED = ChainExhaustedError([], retry_after_s=3600, waits_for=[LEG])


@pytest.fixture(autouse=True)
async def nothing_said(connection):
    """The tests here share one database: no pause outlives its test."""
    yield
    await connection.execute("delete from retrato.pauses; delete from retrato.legs")


@pytest.fixture
def control(database):
    return Control(database)


@pytest.fixture
def waiting(replica, running, company):
    """A replica that has found its leg suspended, and waits; runs for the length of the test."""

    async def wait(stack, personas=1, **options):
        one = replica(poll_s=POLL_S, **options)
        one.pipeline.errors = [SUSPENDED] * personas
        await stack.enter_async_context(running(one, ALL))
        await until(one.listener.connected.is_set)
        await company(personas)
        await until(lambda: one.dispatcher._hold_until > 0 and len(one.holdings) == 0)
        return one

    return wait


@pytest.fixture
async def stack():
    async with AsyncExitStack() as opened:
        yield opened


async def test_resumed_leg_is_asked_within_a_second(waiting, stack, database, control, count):
    await LegBook(database).failed(LEG, fault=Fault.AUTH, reason="401", retry_after_s=None)
    one = await waiting(stack)

    await control.resume(Scope.LEG, LEG)

    await until(lambda: _written(count, 1), within_s=3)
    assert len(one.pipeline.begun) == 2


async def test_leg_that_was_only_paused_is_asked_within_a_second(waiting, stack, control, count):
    await control.pause(Scope.LEG, LEG)
    await waiting(stack)

    await control.resume(Scope.LEG, "fake")

    await until(lambda: _written(count, 1), within_s=3)


@pytest.mark.parametrize(("scope", "name"), [(Scope.ALL, ""), (Scope.EMPRESA, "another"), (Scope.LEG, "fake")])
async def test_whatever_is_resumed_ends_the_wait(waiting, stack, control, scope, name):
    one = await waiting(stack)
    await control.pause(scope, name)
    claims = one.jobs.calls.count("claim")

    await control.resume(scope, name)

    await until(lambda: one.jobs.calls.count("claim") > claims, within_s=3)


async def test_personas_that_are_tried_again_end_the_wait(waiting, stack, connection, database, count):
    await waiting(stack)
    await connection.execute("update retrato.jobs set state = 'failed', delayed = false")
    persona_ids = [row["id"] for row in await connection.fetch("select id::text from personas")]

    await Requests(database).for_personas(persona_ids, Wish.FAILED)

    await until(lambda: _written(count, 1), within_s=3)


async def test_jobs_that_end_do_not_end_the_wait(waiting, stack):
    one = await waiting(stack, personas=4)

    await asyncio.sleep(1)

    assert len(one.pipeline.begun) == 4


async def test_applications_that_go_on_inserting_hurry_nobody_before_the_shortest_wait_is_over(
    waiting, stack, company, count, monkeypatch
):
    monkeypatch.setattr("retrato.services.dispatcher._SHORTEST_HOLD_S", 30.0)
    one = await waiting(stack)

    await company(3)
    await until(one.wake.is_set)
    await asyncio.sleep(0.3)

    assert len(one.pipeline.begun) == 1
    assert await count("retrato.jobs", "not delayed") == 3


async def test_job_remembers_the_legs_that_it_waits_for(waiting, stack, job_row):
    await waiting(stack)

    assert (await job_row())["waits_for"] == [LEG]


async def test_replica_with_another_key_calls_what_the_old_one_has_delayed(
    waiting, stack, replica, running, database, connection, count
):
    old, new = LegBook(database, keys={"fake": "old"}), LegBook(database, keys={"fake": "new"})
    await old.failed(LEG, fault=Fault.AUTH, reason="401", retry_after_s=None)
    with_old_key = await waiting(stack)
    with_new_key = replica(poll_s=POLL_S)
    with_new_key.recall = Recall(new, wake=with_new_key.wake, poll_s=0.05)
    with_old_key.pipeline.errors = [SUSPENDED] * 1000

    await stack.enter_async_context(running(with_new_key, ("dispatcher", "keeper", "recall")))

    await until(lambda: _written(count, 1), within_s=3)
    suspended = json.loads(await connection.fetchval("select suspended_keys from retrato.legs"))
    assert list(suspended) == ["old"]


async def test_recall_survives_a_database_that_is_away(replica, running, database):
    one = replica()

    class Away:
        calls = 0

        async def call_waiting(self, *, has_just_started):
            self.calls += 1
            if self.calls < 3:
                assert has_just_started
                raise StoreUnavailableError("away for the test")
            return 1 if self.calls == 3 else 0

    away = Away()
    one.recall = Recall(away, wake=one.wake, poll_s=0.01)
    one.wake.clear()

    async with running(one, ("recall",)):
        await until(one.wake.is_set)

    assert away.calls >= 3


async def _written(count, personas):
    return await count("retrato.avatars") == personas
