"""A budget that is set in the middle of a month counts what the month has cost already."""

import asyncio

import pytest
from tests.store.support import BID, claim_all
from tests.store.test_limits_and_money import bid

from retrato.domain.errors import BudgetSpentError
from retrato.domain.faults import Fault
from retrato.store.attempts import AttemptLog
from retrato.store.chores import Chores
from retrato.store.host import Host
from retrato.store.status import Status

PRICE = 0.02
THIS_MONTH = "date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'"


@pytest.fixture
async def held(app, jobs):
    await app.insert_many(12)
    return await claim_all(jobs)


@pytest.fixture
def paid(connection):
    """Attempts that were begun without a budget: what each has cost, what it should, how it ended, and when."""

    async def insert(cost_usd, *, times=1, price_usd=None, state="succeeded", fault=None, at="now()"):
        await connection.execute(
            "insert into retrato.attempts (persona_id, empresa_id, version, token, provider, leg, model, seed,"
            " redraw, state, fault, cost_usd, price_usd, started_at)"
            f" select 'x', 'e', 1, 1, 'a', 'a/1', 'm', 1, 0, $1, $2, $3, $4, {at} from generate_series(1, $5)",
            state,
            fault,
            cost_usd,
            price_usd,
            times,
        )

    return insert


async def begun(log, held, price_usd=PRICE):
    """How many calls the budget lets through."""
    answers = await asyncio.gather(
        *(log.begin(job, bid(price_usd=price_usd)) for job in held), return_exceptions=True
    )
    assert all(isinstance(one, int | BudgetSpentError) for one in answers)
    return sum(isinstance(one, int) for one in answers)


async def test_budget_that_is_set_later_counts_what_was_spent(database, held, paid):
    await paid(2.0, times=10)

    assert await begun(AttemptLog(database, monthly_budget_usd=20.05), held) == 2


async def test_calls_under_way_and_of_unknown_outcome_are_set_aside(database, held, paid):
    await paid(None, price_usd=1.0, state="sending")
    await paid(1.0, state="failed", fault="unknown_outcome")

    assert await begun(AttemptLog(database, monthly_budget_usd=2.05), held) == 2
    budget = await Status(database).budget()
    assert (budget.spent_usd, budget.reserved_usd) == (0, pytest.approx(2.04))


async def test_failed_calls_and_pictures_of_unknown_price_count_with_what_they_are_known_to_cost(
    database, held, paid
):
    await paid(None, price_usd=1.0, state="failed", fault="transient")
    await paid(0.5, state="failed", fault="bad_output")
    await paid(None)

    assert await begun(AttemptLog(database, monthly_budget_usd=0.55), held) == 2


async def test_last_month_does_not_count(database, held, paid):
    await paid(5.0, at=f"{THIS_MONTH} - interval '1 second'")
    await paid(1.0, at=THIS_MONTH)

    assert await begun(AttemptLog(database, monthly_budget_usd=1.05), held) == 2


async def test_each_attempt_counts_once_however_many_replicas_start_with_the_budget(database, held, paid):
    await paid(0.001, times=2500)
    logs = [AttemptLog(database, monthly_budget_usd=2.55) for _ in range(4)]

    allowed = await asyncio.gather(
        *(begun(log, held[number::4]) for number, log in enumerate(logs)),
    )

    assert sum(allowed) == 2
    assert (await Status(database).budget()).spent_usd == pytest.approx(2.5)


async def test_budget_that_is_taken_away_and_set_again_misses_nothing(database, held):
    with_budget = AttemptLog(database, monthly_budget_usd=0.10)
    first = await with_budget.begin(held[0], bid(price_usd=0.02))
    await with_budget.succeed(first, cost_usd=0.02, seed=None)
    without = AttemptLog(database)
    second = await without.begin(held[1], bid(price_usd=0.02))
    third = await without.begin(held[2], bid(price_usd=0.02))
    await without.succeed(second, cost_usd=0.02, seed=None)

    again = AttemptLog(database, monthly_budget_usd=0.10)
    allowed = await begun(again, held[3:])

    assert allowed == 2
    await again.fail(third, fault=Fault.TRANSIENT, error="502", cost_usd=None)
    assert await again.begin(held[8], bid(price_usd=0.02))
    assert (await Status(database).budget()).spent_usd == pytest.approx(0.04)


async def test_attempt_that_was_counted_under_way_is_settled_like_all_others(database, held):
    attempt = await AttemptLog(database).begin(held[0], bid(price_usd=0.02))
    log = AttemptLog(database, monthly_budget_usd=1)
    await log.count_earlier()

    await AttemptLog(database).succeed(attempt, cost_usd=0.03, seed=None)

    budget = await Status(database).budget()
    assert (budget.spent_usd, budget.reserved_usd) == (pytest.approx(0.03), 0)


async def test_budget_that_changes_in_the_month_is_held_against_the_same_sum(database, held, paid):
    await paid(1.0)
    await begun(AttemptLog(database, monthly_budget_usd=1.02), held[:4])

    assert await begun(AttemptLog(database, monthly_budget_usd=1.06), held[4:]) == 2


async def test_free_legs_are_asked_though_the_month_is_spent(database, held, paid):
    await paid(5.0)

    assert await begun(AttemptLog(database, monthly_budget_usd=1), held, price_usd=0) == len(held)


async def test_picture_whose_cost_nobody_tells_is_settled_at_its_estimate(database, held):
    log = AttemptLog(database, monthly_budget_usd=1)
    attempt = await log.begin(held[0], bid(price_usd=0.02))

    await log.succeed(attempt, cost_usd=None, seed=None)

    assert (await Status(database).budget()).spent_usd == pytest.approx(0.02)


async def test_what_is_spent_is_told_before_a_budget_has_counted_it(database, paid):
    await paid(2.0, times=10)
    await paid(None, price_usd=1.0, state="sending")

    before = await Status(database).budget()
    await AttemptLog(database, monthly_budget_usd=25).count_earlier()

    assert before is not None
    assert before == await Status(database).budget()
    assert (before.spent_usd, before.reserved_usd) == (20, 1)


async def test_forgetting_old_attempts_forgets_nothing_of_this_month(connection, database, held, paid):
    await paid(1.0, at=THIS_MONTH)
    await paid(1.0, at="now() - interval '70 days'", times=3)
    async with database.connection() as opened:
        chores = Chores(database, await Host.read(opened))

    await chores.prune_attempts(days=1, limit=1000)

    assert await connection.fetchval("select count(*) from retrato.attempts") == 1
    assert await begun(AttemptLog(database, monthly_budget_usd=1.05), held) == 2


async def test_replica_without_the_budget_is_noticed_after_a_minute(database, held, paid, monkeypatch):
    monkeypatch.setattr("retrato.store.attempts._COUNT_EVERY_S", 0.0)
    log = AttemptLog(database, monthly_budget_usd=1.05)
    await log.count_earlier()
    await paid(1.0)

    assert await begun(log, held) == 2


async def test_price_is_kept_without_a_budget_too(connection, database, held):
    await AttemptLog(database).begin(held[0], bid(price_usd=0.02, leg=BID.leg))

    row = await connection.fetchrow("select price_usd, reserved_usd from retrato.attempts")
    assert (float(row["price_usd"]), row["reserved_usd"]) == (0.02, None)
