"""Leg limits, probes and the month's budget: held over all replicas, in the statement that begins an attempt."""

import asyncio
import json
from uuid import uuid4

import pytest

from retrato.domain.attempt import Bid, LegLimits
from retrato.domain.errors import BudgetSpentError, LeaseLostError, LegFullError
from retrato.domain.faults import Fault
from retrato.domain.picture import Order
from retrato.store import sample
from retrato.store.attempts import AttemptLog
from retrato.store.jobs import Jobs
from retrato.store.legs import LegBook
from retrato.store.status import Status

ORDER = Order(prompt="a captain", seed=7)
ONE_AT_ONCE = LegLimits(at_once=1)
TWO = LegLimits(at_once=2)
TWO_TOGETHER = LegLimits(at_once=2, shared_with="a/1")
"""Of leg a/2, whose account is that of a/1."""


def bid(leg: str = "a/1", **changes) -> Bid:
    fields = {
        "version": 1,
        "provider": "a",
        "leg": leg,
        "model": "m",
        "redraw": 0,
        "order": ORDER,
        "price_usd": 0.02,
    }
    return Bid(**{**fields, **changes})


@pytest.fixture
async def jobs(dsn, database):
    await sample.insert_company(dsn)
    return Jobs(database, replica_id=uuid4(), lease_s=30)


@pytest.fixture
async def held(jobs):
    return (await jobs.claim(16, pace_s=0)).jobs


async def test_attempt_keeps_what_a_successor_needs_to_finish_it(database, held):
    await AttemptLog(database).begin(held[0], bid())

    row = await database.fetchrow("select * from retrato.attempts")

    assert (row["state"], row["token"], row["leg"]) == ("sending", held[0].token, "a/1")
    assert json.loads(row["ordered"])["prompt"] == "a captain"


async def test_stale_fence_begins_nothing(database, jobs, held):
    await jobs.release(held[0])

    with pytest.raises(LeaseLostError):
        await AttemptLog(database).begin(held[0], bid(limits=ONE_AT_ONCE))

    assert await database.fetch("select from retrato.attempts") == []
    assert await database.fetch("select from retrato.legs") == []


async def test_no_more_calls_at_once_than_the_leg_allows_however_many_ask(database, held):
    log = AttemptLog(database)

    begun = await asyncio.gather(
        *(log.begin(job, bid(limits=LegLimits(at_once=3))) for job in held), return_exceptions=True
    )

    assert sum(isinstance(one, int) for one in begun) == 3
    assert sum(isinstance(one, LegFullError) for one in begun) == len(held) - 3


async def test_ended_attempt_frees_its_slot(database, held):
    log = AttemptLog(database)
    first = await log.begin(held[0], bid(limits=ONE_AT_ONCE))

    await log.succeed(first, cost_usd=None, seed=None)

    assert await log.begin(held[1], bid(limits=ONE_AT_ONCE))


async def test_job_handed_back_frees_its_slot(database, jobs, held):
    log = AttemptLog(database)
    await log.begin(held[0], bid(limits=ONE_AT_ONCE))

    await jobs.release(held[0])

    assert await log.begin(held[1], bid(limits=ONE_AT_ONCE))


async def test_dead_replicas_slots_are_freed_when_its_jobs_are_taken_over(database, held):
    log = AttemptLog(database)
    await log.begin(held[0], bid(limits=ONE_AT_ONCE))
    await database.execute("update retrato.jobs set lease_until = now() - interval '1 second'")

    heir = Jobs(database, replica_id=uuid4(), lease_s=30)
    await heir.take_over(held=[], silence_s=0, most_takeovers=3)
    successor = (await heir.claim(1, pace_s=0)).jobs[0]

    assert await log.begin(successor, bid(limits=ONE_AT_ONCE))


async def test_slot_that_nobody_frees_ends_by_itself(database, held):
    log = AttemptLog(database)
    await log.begin(held[0], bid(limits=ONE_AT_ONCE, hold_s=-1))

    assert await log.begin(held[1], bid(limits=ONE_AT_ONCE))


async def test_interval_lets_one_call_start_and_tells_the_others_how_long(database, held):
    log = AttemptLog(database)
    limits = LegLimits(interval_s=60)

    begun = await asyncio.gather(*(log.begin(job, bid(limits=limits)) for job in held), return_exceptions=True)

    full = [one for one in begun if isinstance(one, LegFullError)]
    assert len(full) == len(held) - 1
    with pytest.raises(LegFullError) as told:
        await log.begin(held[0], bid(limits=limits))
    assert 50 < told.value.wait_s <= 60


async def test_legs_of_one_account_have_no_more_calls_at_once_than_the_account(database, held):
    log = AttemptLog(database)
    bids = [bid("a/1", limits=TWO), bid("a/2", limits=TWO_TOGETHER)] * (len(held) // 2)

    begun = await asyncio.gather(*map(log.begin, held, bids), return_exceptions=True)

    assert sum(isinstance(one, int) for one in begun) == 2
    assert sum(isinstance(one, LegFullError) for one in begun) == len(held) - 2


@pytest.mark.parametrize("ends_at", ["succeed", "fail"])
async def test_attempt_that_ends_on_one_leg_of_an_account_frees_its_slot_for_the_other(database, held, ends_at):
    log = AttemptLog(database)
    await log.begin(held[0], bid("a/1", limits=TWO))
    second = await log.begin(held[1], bid("a/2", limits=TWO_TOGETHER))
    with pytest.raises(LegFullError):
        await log.begin(held[2], bid("a/1", limits=TWO))

    if ends_at == "succeed":
        await log.succeed(second, cost_usd=None, seed=None)
    else:
        await log.fail(second, fault=Fault.TRANSIENT, error="502", cost_usd=None)

    assert await log.begin(held[2], bid("a/1", limits=TWO))


async def test_legs_of_one_account_share_its_pace(database, held):
    log = AttemptLog(database)
    await log.begin(held[0], bid("a/1", limits=LegLimits(interval_s=60)))

    with pytest.raises(LegFullError) as told:
        await log.begin(held[1], bid("a/2", limits=LegLimits(interval_s=60, shared_with="a/1")))

    assert 50 < told.value.wait_s <= 60


async def test_leg_that_is_closed_does_not_close_the_leg_that_is_counted_with_it(database, held):
    log, book = AttemptLog(database), LegBook(database)
    await book.failed("a/1", fault=Fault.GONE, reason="404", retry_after_s=None)

    assert await log.begin(held[0], bid("a/2", limits=TWO_TOGETHER))
    with pytest.raises(LegFullError):
        await log.begin(held[1], bid("a/1", limits=TWO))


async def test_leg_that_is_counted_with_another_gets_one_probe_and_no_more(database, held):
    log, book = AttemptLog(database), LegBook(database)
    await book.failed("a/2", fault=Fault.GONE, reason="404", retry_after_s=None)
    with pytest.raises(LegFullError) as told:
        await log.begin(held[0], bid("a/2", limits=TWO_TOGETHER))
    await database.execute("update retrato.legs set closed_until = now() - interval '1 second'")

    begun = await asyncio.gather(
        *(log.begin(job, bid("a/2", limits=TWO_TOGETHER)) for job in held), return_exceptions=True
    )

    assert told.value.wait_s > 3600
    assert sum(isinstance(one, int) for one in begun) == 1
    assert set(await book.closed()) == {"a/2"}


async def test_probe_for_which_the_account_has_no_slot_is_not_begun(database, held):
    log, book = AttemptLog(database), LegBook(database)
    for job in held[:2]:
        await log.begin(job, bid("a/1", limits=TWO))
    await book.failed("a/2", fault=Fault.GONE, reason="404", retry_after_s=None)
    await database.execute("update retrato.legs set closed_until = now() - interval '1 second'")

    with pytest.raises(LegFullError):
        await log.begin(held[2], bid("a/2", limits=TWO_TOGETHER))

    assert await book.closed() == {}


async def test_leg_without_limits_leaves_no_trace_in_the_shared_row(database, held):
    await AttemptLog(database).begin(held[0], bid())

    assert await database.fetch("select from retrato.legs") == []


async def test_leg_that_was_closed_gets_one_probe_and_no_more(database, held):
    log, book = AttemptLog(database), LegBook(database)
    await book.failed("a/1", fault=Fault.AUTH, reason="401", retry_after_s=None)
    await database.execute("update retrato.legs set closed_until = now() - interval '1 second'")

    begun = await asyncio.gather(*(log.begin(job, bid()) for job in held), return_exceptions=True)

    assert sum(isinstance(one, int) for one in begun) == 1
    assert "a/1" in await book.closed()


async def test_probe_that_goes_well_opens_the_leg_for_all(database, held):
    log, book = AttemptLog(database), LegBook(database)
    await book.failed("a/1", fault=Fault.AUTH, reason="401", retry_after_s=None)
    await database.execute("update retrato.legs set closed_until = now() - interval '1 second'")
    await log.begin(held[0], bid())

    await book.succeeded("a/1")

    assert await book.closed() == {}
    assert await log.begin(held[1], bid())


async def test_probe_that_fails_closes_the_leg_for_longer(database, held):
    log, book = AttemptLog(database), LegBook(database)
    await book.failed("a/1", fault=Fault.THROTTLED, reason="429", retry_after_s=None)
    first = (await book.closed())["a/1"]
    await database.execute("update retrato.legs set closed_until = now() - interval '1 second'")
    await log.begin(held[0], bid())

    await book.failed("a/1", fault=Fault.THROTTLED, reason="429", retry_after_s=None)

    assert (await book.closed())["a/1"] > 1.5 * first


async def test_budget_is_never_passed_however_many_ask_at_once(database, held):
    log = AttemptLog(database, monthly_budget_usd=0.10)

    begun = await asyncio.gather(*(log.begin(job, bid()) for job in held), return_exceptions=True)

    assert sum(isinstance(one, int) for one in begun) == 5
    assert sum(isinstance(one, BudgetSpentError) for one in begun) == len(held) - 5
    budget = await Status(database).budget()
    assert budget is not None
    assert budget.reserved_usd == pytest.approx(0.10)


async def test_settled_attempt_gives_back_what_it_did_not_cost(database, held):
    log = AttemptLog(database, monthly_budget_usd=0.02)
    first = await log.begin(held[0], bid())

    await log.fail(first, fault=Fault.TRANSIENT, error="502", cost_usd=None)

    assert await log.begin(held[1], bid())


async def test_unknown_outcome_stays_set_aside_and_counts_as_cost(database, held):
    log = AttemptLog(database, monthly_budget_usd=0.02)
    first = await log.begin(held[0], bid())

    await log.fail(first, fault=Fault.UNKNOWN_OUTCOME, error="timeout", cost_usd=None, price_usd=0.02)

    with pytest.raises(BudgetSpentError):
        await log.begin(held[1], bid())
    assert (await Status(database).costs())[0].cost_usd == pytest.approx(0.02)


async def test_outcome_learnt_later_is_paid_once(database, held):
    log = AttemptLog(database, monthly_budget_usd=1)
    first = await log.begin(held[0], bid())
    await log.fail(first, fault=Fault.UNKNOWN_OUTCOME, error="timeout", cost_usd=None, price_usd=0.02)

    await log.succeed(first, cost_usd=0.02, seed=7)
    await log.succeed(first, cost_usd=0.02, seed=7)

    budget = await Status(database).budget()
    assert budget is not None
    assert (budget.reserved_usd, budget.spent_usd) == (0, pytest.approx(0.02))


async def test_leg_of_unknown_price_is_not_asked_under_a_budget(database, held):
    with pytest.raises(BudgetSpentError, match="unknown price"):
        await AttemptLog(database, monthly_budget_usd=1).begin(held[0], bid(price_usd=None))


async def test_free_leg_is_asked_when_the_money_is_spent(database, held):
    log = AttemptLog(database, monthly_budget_usd=0)

    assert await log.begin(held[0], bid(price_usd=0))


async def test_successor_finds_what_was_begun_and_adopts_it(database, jobs, held):
    log = AttemptLog(database)
    attempt = await log.begin(held[0], bid())
    await log.note_request(attempt, "r-1")
    await jobs.release(held[0])

    successor = next(job for job in (await jobs.claim(16, pace_s=0)).jobs if job.persona_id == held[0].persona_id)
    pending = await log.pending(successor, version=1)

    assert successor.version == 1
    assert pending is not None
    assert (pending.id, pending.request_id, pending.order) == (attempt, "r-1", ORDER)
    assert await database.fetchrow("select token from retrato.attempts") == (successor.token,)


async def test_attempt_that_failed_for_good_is_not_pending(database, held):
    log = AttemptLog(database)
    attempt = await log.begin(held[0], bid())
    await log.fail(attempt, fault=Fault.TRANSIENT, error="502", cost_usd=None)

    assert await log.pending(held[0], version=1) is None
