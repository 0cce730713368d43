"""What only a person can mend suspends a leg for the account that met it: another key is asked at once."""

import asyncio
import json
from dataclasses import replace

import pytest
from tests.store.support import BID, claim_all, claim_one

from retrato.domain.errors import BUDGET, LegFullError
from retrato.domain.faults import POLICIES, Fault
from retrato.store.attempts import AttemptLog
from retrato.store.control import Control, Scope
from retrato.store.legs import LegBook
from retrato.store.status import Status

LEG = BID.leg
OLD, NEW = {"huggingface": "0ld"}, {"huggingface": "new"}
HUMAN = [fault for fault, policy in POLICIES.items() if policy.alert]


@pytest.fixture
def old(database):
    return LegBook(database, keys=OLD)


@pytest.fixture
def new(database):
    return LegBook(database, keys=NEW)


@pytest.fixture
async def job(app, jobs):
    await app.insert()
    return await claim_one(jobs)


@pytest.fixture
def time_is_over(connection):
    """The time of every account's suspension is over."""

    async def pass_time():
        await connection.execute(
            "update retrato.legs l set suspended_keys = ("
            "select jsonb_object_agg(k.key, k.value || '{\"until\": 1000}') from jsonb_each(l.suspended_keys) k)"
        )

    return pass_time


async def fail(book, fault=Fault.AUTH, *, leg=LEG, retry_after_s=None):
    await book.failed(leg, fault=fault, reason="Invalid token", retry_after_s=retry_after_s)


@pytest.mark.parametrize("fault", HUMAN)
async def test_another_key_is_asked_at_once(database, job, old, new, fault):
    await fail(old, fault)

    attempt = await AttemptLog(database, keys=NEW).begin(job, BID)

    assert attempt
    assert await new.closed() == {}
    assert (await old.closed())[LEG] == pytest.approx(POLICIES[fault].breaker.first_s, abs=2)
    with pytest.raises(LegFullError) as told:
        await AttemptLog(database, keys=OLD).begin(job, BID)
    assert told.value.wait_s > 800


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in HUMAN and POLICIES[fault].breaker])
async def test_fault_of_the_provider_suspends_the_leg_for_every_key(old, new, fault):
    for _ in range(POLICIES[fault].breaker.opens_after):
        await fail(old, fault)

    assert list(await new.closed()) == [LEG]


async def test_replica_with_the_old_key_does_not_suspend_the_leg_again(database, job, old, new):
    await new.succeeded(LEG)

    await fail(old)
    await fail(old)

    assert await new.closed() == {}
    assert await AttemptLog(database, keys=NEW).begin(job, BID)


async def test_success_with_the_new_key_leaves_the_old_one_suspended(old, new):
    await fail(old)

    await new.succeeded(LEG)

    assert list(await old.closed()) == [LEG]


async def test_two_bad_keys_are_both_suspended(old, new):
    await fail(old)
    await fail(new)

    assert list(await old.closed()) == list(await new.closed()) == [LEG]


async def test_replicas_with_the_same_key_share_the_suspension(database, old):
    await fail(old)

    assert list(await LegBook(database, keys=OLD).closed()) == [LEG]


async def test_account_that_nobody_has_named_suspends_the_leg_for_all_as_the_release_before(database, old, new):
    await fail(LegBook(database))

    assert list(await old.closed()) == list(await new.closed()) == [LEG]


async def test_suspended_account_gets_one_probe_and_no_more(app, database, jobs, old, time_is_over):
    await fail(old)
    await time_is_over()
    await app.insert_many(6)
    held = await claim_all(jobs)
    log = AttemptLog(database, keys=OLD)

    begun = await asyncio.gather(*(log.begin(one, BID) for one in held), return_exceptions=True)

    assert sum(isinstance(one, int) for one in begun) == 1
    assert sum(isinstance(one, LegFullError) for one in begun) == 5
    assert list(await old.closed()) == [LEG]


async def test_probe_of_one_key_keeps_no_other_from_the_leg(app, database, jobs, old, time_is_over):
    await fail(old)
    await time_is_over()
    await app.insert_many(2)
    first, second = await claim_all(jobs)
    await AttemptLog(database, keys=OLD).begin(first, BID)

    assert await AttemptLog(database, keys=NEW).begin(second, BID)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.TRANSIENT], ids=["prompt", "provider"])
async def test_probe_that_tells_nothing_of_the_account_may_be_made_again(
    app, database, jobs, old, time_is_over, fault
):
    await fail(old)
    await time_is_over()
    await app.insert_many(2)
    first, second = await claim_all(jobs)
    log = AttemptLog(database, keys=OLD)
    await log.begin(first, BID)

    await fail(old, fault)

    assert await log.begin(second, BID)


async def test_probe_that_goes_well_ends_the_suspension(database, job, old, time_is_over):
    await fail(old)
    await time_is_over()
    await AttemptLog(database, keys=OLD).begin(job, BID)

    await old.succeeded(LEG)

    assert await old.closed() == {}
    assert json.loads((await database.fetchrow("select suspended_keys from retrato.legs"))[0]) == {}


async def test_time_of_an_empty_account_doubles_up_to_the_longest(old, time_is_over):
    times_s = []

    for _ in range(8):
        await fail(old, Fault.NO_CREDIT)
        await fail(old, Fault.NO_CREDIT)  # was under way meanwhile
        times_s.append((await old.closed())[LEG])
        await time_is_over()

    assert times_s == pytest.approx([900, 1800, 3600, 7200, 14400, 28800, 43200, 43200], abs=2)


async def test_stated_wait_lengthens_the_suspension(old):
    await fail(old, Fault.AUTH, retry_after_s=7200)

    assert (await old.closed())[LEG] == pytest.approx(7200, abs=2)


async def test_limits_of_the_leg_hold_over_all_keys(app, database, jobs):
    await app.insert_many(2)
    first, second = await claim_all(jobs)
    bid = replace(BID, limits=replace(BID.limits, at_once=1))
    await AttemptLog(database, keys=OLD).begin(first, bid)

    with pytest.raises(LegFullError):
        await AttemptLog(database, keys=NEW).begin(second, bid)


async def test_resumed_leg_is_asked_with_every_key(database, old, new):
    await fail(old)
    await fail(new)

    assert await Control(database).resume(Scope.LEG, "huggingface")

    assert await old.closed() == await new.closed() == {}


async def test_status_tells_of_our_account_and_of_another(database, old):
    await fail(old)
    status = Status(database)

    [ours], [others], [anybodys] = [await status.legs(keys) for keys in (OLD, NEW, {})]

    assert (ours.state, ours.closed, ours.last_fault, ours.reason) == ("suspended", True, "auth", "Invalid token")
    assert ours.suspended_until is not None
    assert (others.state, others.closed, others.suspended_until) == ("available", False, None)
    assert others.other_key_until == ours.suspended_until
    assert (anybodys.state, anybodys.suspended_until) == ("suspended", ours.suspended_until)


async def test_suspension_whose_time_is_over_is_told_as_probing(database, old, time_is_over):
    await fail(old)
    await time_is_over()

    [leg] = await Status(database).legs(OLD)

    assert (leg.state, leg.closed, leg.suspended_until) == ("probing", False, None)


async def delayed(jobs, app, *waits_for):
    persona_id = await app.insert()
    await jobs.release(await claim_one(jobs), delay_s=3600, waits_for=waits_for)
    return persona_id


async def called(jobs):
    return {job.persona_id for job in await claim_all(jobs) + await claim_all(jobs)}


async def test_jobs_that_the_old_key_has_delayed_are_called_by_the_new_one(app, jobs, old, new):
    await fail(old)
    waiting = await delayed(jobs, app, LEG)
    await delayed(jobs, app, "fal/queue")

    assert await new.call_waiting(has_just_started=False) == 1

    assert await called(jobs) == {waiting}


@pytest.mark.parametrize("has_just_started", [True, False])
async def test_same_key_calls_nobody(app, jobs, old, has_just_started):
    await fail(old)
    await delayed(jobs, app, LEG)

    assert await old.call_waiting(has_just_started=has_just_started) == 0


async def test_new_key_calls_nobody_while_the_leg_is_suspended_for_all_or_paused(app, database, jobs, old, new):
    await fail(old)
    await delayed(jobs, app, LEG)
    await fail(new, Fault.THROTTLED)
    throttled = await new.call_waiting(has_just_started=False)
    await new.succeeded(LEG)
    await Control(database).pause(Scope.LEG, "huggingface")

    paused = await new.call_waiting(has_just_started=False)

    assert (throttled, paused) == (0, 0)


async def test_start_calls_those_who_wait_for_money_or_know_fewer_providers(app, database, jobs, old):
    await fail(old)
    for_money = await delayed(jobs, app, LEG, BUDGET)
    without_fal = await delayed(jobs, app, LEG)
    knows_all = await delayed(jobs, app, LEG, "fal/queue")
    richer = LegBook(database, keys={**OLD, "fal": "f"})

    later = await richer.call_waiting(has_just_started=False)
    at_start = await richer.call_waiting(has_just_started=True)

    assert (later, at_start) == (0, 2)
    assert await called(jobs) == {for_money, without_fal}
    assert knows_all


async def test_parked_and_faulty_jobs_are_never_called(app, jobs, old, new):
    await fail(old)
    await app.insert()
    await jobs.retry(
        await claim_one(jobs), most_attempts=5, delay_s=3600, fault="bad_output", error="black", waits_for=()
    )
    await delayed(jobs, app, LEG)
    await app.connection.execute("update retrato.jobs set run_at = 'infinity' where waits_for <> '{}'")

    assert await new.call_waiting(has_just_started=True) == 0
