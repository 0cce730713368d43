"""What was paid is remembered for as long as it was agreed, and calls without an end get one."""

import json
from dataclasses import replace

import pytest
from tests.store.support import BID, claim_one

from retrato.domain.errors import BudgetSpentError
from retrato.store.attempts import AttemptLog
from retrato.store.chores import Chores
from retrato.store.control import Control
from retrato.store.host import Host
from retrato.store.queries import query
from retrato.store.status import Status

MOST_PAGES = 150
PRICED = replace(BID, price_usd=0.03)


@pytest.fixture
async def chores(database):
    async with database.connection() as connection:
        return Chores(database, await Host.read(connection))


@pytest.fixture
def remember(connection):
    """Write *count* ended attempts that began *ago*, an interval or a moment."""

    async def insert(ago, *, count=1):
        await connection.execute(
            f"""
            insert into retrato.attempts (
                persona_id, empresa_id, version, token, provider, leg, model, seed, redraw, state, started_at
            )
            select 'p' || n, 'c', 1, n, 'a', 'a/1', 'm', 7, 0, 'succeeded', {ago}
            from generate_series(1, {count}) n
            """
        )

    return insert


@pytest.fixture
def log(database):
    """The books under a budget that allows one call."""
    return AttemptLog(database, monthly_budget_usd=0.05)


@pytest.fixture
async def job(app, jobs, log):
    """A running job with a call of two days ago that nobody has ended."""
    await app.insert()
    job = await claim_one(jobs)
    await log.begin(job, PRICED)
    await app.connection.execute("update retrato.attempts set started_at = now() - interval '2 days'")
    return job


async def attempt(connection):
    return await connection.fetchrow("select * from retrato.attempts order by id limit 1")


async def count(connection):
    return await connection.fetchval("select count(*) from retrato.attempts")


async def test_old_attempts_go_and_young_ones_stay(chores, connection, remember):
    await remember("now() - interval '401 days'", count=3)
    await remember("now() - interval '399 days'", count=2)

    gone = await chores.prune_attempts(days=400, limit=1000)

    assert (gone, await count(connection)) == (3, 2)


async def test_few_go_at_a_time_and_the_oldest_first(chores, connection, remember):
    await remember("now() - interval '500 days'", count=2)
    await remember("now() - interval '600 days'", count=3)

    gone = [await chores.prune_attempts(days=400, limit=3) for _ in range(3)]

    assert gone == [3, 2, 0]
    assert await count(connection) == 0


async def test_costs_of_this_month_and_the_last_are_never_forgotten(chores, connection, remember):
    this_month = "date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'"
    await remember(f"{this_month} - interval '1 month'")
    await remember(f"{this_month} - interval '1 month' - interval '1 second'")

    gone = await chores.prune_attempts(days=1, limit=1000)

    assert (gone, await count(connection)) == (1, 1)


async def test_step_reads_only_what_it_forgets(connection, remember):
    await remember("now() - interval '401 days'", count=20)
    await remember("now()", count=20_000)
    await connection.execute("vacuum analyze retrato.attempts")

    sql = query("prune_attempts").replace("$1", "400").replace("$2", "1000")
    [row] = await connection.fetch(f"explain (analyze, buffers, format json) {sql}")

    plan = json.loads(row["QUERY PLAN"])[0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < MOST_PAGES


async def test_call_whose_job_was_cancelled_is_closed_and_counts_as_paid(app, chores, database, job):
    await Control(database).cancel_personas([job.persona_id])

    await chores.close_unfinished(hours=24)

    row = await attempt(app.connection)
    assert (row["state"], row["fault"], float(row["cost_usd"])) == ("failed", "unknown_outcome", 0.03)
    assert row["finished_at"] is not None


async def test_call_whose_persona_is_gone_is_closed(app, chores, job):
    await app.delete(job.persona_id)

    await chores.close_unfinished(hours=24)

    assert (await attempt(app.connection))["state"] == "failed"


async def test_what_was_set_aside_for_a_call_without_an_end_stays_so(app, chores, database, jobs, job, log):
    await app.insert()
    other = await claim_one(jobs)
    await Control(database).cancel_personas([job.persona_id])

    await chores.close_unfinished(hours=24)

    assert (await Status(database).budget()).reserved_usd == pytest.approx(0.03)
    with pytest.raises(BudgetSpentError):
        await log.begin(other, PRICED)


async def test_call_of_a_job_that_runs_or_waits_is_left_to_it(app, chores, jobs, job):
    await chores.close_unfinished(hours=24)
    while_running = (await attempt(app.connection))["state"]
    await jobs.release(job)

    await chores.close_unfinished(hours=24)

    assert while_running == "sending"
    assert (await attempt(app.connection))["state"] == "sending"


async def test_call_that_may_still_be_answered_is_left_alone(app, chores, database, job):
    await Control(database).cancel_personas([job.persona_id])

    await chores.close_unfinished(hours=49)

    assert (await attempt(app.connection))["state"] == "sending"


async def test_ended_calls_are_left_as_they_are(connection, chores, remember):
    await remember("now() - interval '2 days'")

    await chores.close_unfinished(hours=24)

    assert (await attempt(connection))["state"] == "succeeded"
