"""What is true of the whole database is read on scrape, cheaply, and not at all where it is away."""

import asyncio
import json
import time

import pytest
from tests.services.service_fakes import FakeClock

from retrato.store import gauges as module
from retrato.store.database import Database
from retrato.store.gauges import Gauges
from retrato.store.queries import query

LEGS = ["huggingface/fal-ai", "pollinations/flux"]
COMPANY, OTHER = "company-1", "company-2"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def gauges(database, metrics, clock):
    """Gauges on this test's database, with a budget of 10 USD."""
    metrics.calls.expect(LEGS)
    made = Gauges(database, metrics, budget_usd=10.0, alive_within_s=30, clock=clock)
    metrics.add(made, made.refresh)
    return made


@pytest.fixture
def queue(connection):
    """Put jobs into the queue, with the columns that a test minds."""
    numbers = iter(range(10_000))

    async def insert(jobs: int = 1, **columns):
        columns = {"empresa_id": f"'{COMPANY}'", **columns}
        for _ in range(jobs):
            await connection.execute(
                f"insert into retrato.jobs (persona_id, {', '.join(columns)}) "
                f"values ('p{next(numbers)}', {', '.join(columns.values())})"
            )

    return insert


@pytest.fixture
def timestamp(connection):
    """Seconds since the epoch of an SQL expression."""

    async def ask(expression: str) -> float:
        return await connection.fetchval(f"select extract(epoch from {expression})::float8")

    return ask


RUNNING = {
    "state": "'running'",
    "token": "1",
    "replica_id": "gen_random_uuid()",
    "lease_until": "now() + interval '1 h'",
}


async def test_depth_is_told_by_state(gauges, queue, numbers):
    await queue(3)
    await queue(2, delayed="true", run_at="now() + interval '1 h'")
    await queue(1, **RUNNING)
    await queue(4, state="'failed'")
    await queue(
        5, delayed="true", run_at="'infinity'"
    )  # of a paused company, as the claim that met them left them

    await gauges.refresh()

    depths = numbers.by("queue_depth", "state")
    assert depths == {"queued": 3, "delayed": 2, "running": 1, "failed": 4, "paused": 5}


async def test_depth_is_counted_only_so_far(gauges, queue, numbers, monkeypatch):
    monkeypatch.setattr(module, "MOST_COUNTED", 5)
    await queue(8)

    await gauges.refresh()

    assert numbers("queue_depth", state="queued") == 5


async def test_oldest_is_told_by_lane_over_all_companies(gauges, queue, numbers, timestamp):
    await queue(1, requested_at="now()", run_at="now()")
    await queue(1, empresa_id=f"'{OTHER}'", requested_at="'2026-01-02'", run_at="'2026-01-02'")
    await queue(1, lane="0", requested_at="'2026-03-04'", run_at="'2026-03-04'")

    await gauges.refresh()

    assert numbers("oldest_queued_timestamp_seconds", lane="bulk") == await timestamp("'2026-01-02'::timestamptz")
    assert numbers("oldest_queued_timestamp_seconds", lane="urgent") == await timestamp(
        "'2026-03-04'::timestamptz"
    )


async def test_overdue_job_that_nobody_has_promoted_waits_too(gauges, queue, numbers, timestamp):
    await queue(1, delayed="true", run_at="'2026-01-02'")

    await gauges.refresh()

    assert numbers("oldest_queued_timestamp_seconds", lane="bulk") == await timestamp("'2026-01-02'::timestamptz")


async def test_job_that_waits_for_its_time_or_for_an_operator_is_not_late(gauges, queue, numbers, connection):
    await queue(1, delayed="true", run_at="now() + interval '1 h'")
    await queue(1, empresa_id=f"'{OTHER}'", requested_at="'2026-01-02'", run_at="'2026-01-02'")
    await connection.execute("insert into retrato.pauses (scope, name) values ('empresa', $1)", OTHER)

    await gauges.refresh()

    assert numbers.by("oldest_queued_timestamp_seconds", "lane") == {}
    assert numbers("paused_companies") == 1


async def test_closed_and_paused_legs_are_told_with_their_fault(gauges, numbers, connection, timestamp):
    await connection.execute(
        """
        insert into retrato.legs (leg, last_fault, closed_until) values
            ('huggingface/fal-ai', 'no_credit', '2100-01-01'),
            ('pollinations/flux', 'throttled', now() - interval '1 s')
        """
    )
    await connection.execute("insert into retrato.pauses (scope, name) values ('leg', 'pollinations')")

    await gauges.refresh()

    assert numbers.by("leg_closed_until_timestamp_seconds", "fault") == {
        "no_credit": await timestamp("'2100-01-01'::timestamptz")
    }
    assert numbers("leg_paused", provider="pollinations", leg="pollinations/flux") == 1
    assert numbers("leg_paused", provider="huggingface", leg="huggingface/fal-ai") == 0


async def test_budget_is_told_where_there_is_one(gauges, database, metrics, numbers, connection):
    await gauges.refresh()
    before = numbers("budget_spent_usd"), numbers("budget_limit_usd")
    await connection.execute(
        "insert into retrato.budget (month, spent_usd, reserved_usd)"
        " values (date_trunc('month', now() at time zone 'UTC')::date, 1.5, 0.25)"
    )

    fresh = Gauges(database, metrics, budget_usd=10.0, alive_within_s=30)
    await fresh.refresh()
    without = Gauges(database, metrics, budget_usd=None, alive_within_s=30)
    await without.refresh()

    told = {family.name: family.samples[0].value for family in fresh.collect() if "budget" in family.name}
    assert before == (0, 10)
    assert told == {
        "retrato_budget_limit_usd": 10,
        "retrato_budget_spent_usd": 1.5,
        "retrato_budget_reserved_usd": 0.25,
    }
    assert not [family for family in without.collect() if "budget" in family.name]


async def test_replicas_pauses_and_the_server_are_told(gauges, numbers, connection):
    await connection.execute(
        """
        insert into retrato.replicas (id, lock_key, locks, version, last_seen) values
            (gen_random_uuid(), 1, true, 'x', now()),
            (gen_random_uuid(), 2, true, 'x', now() - interval '1 h')
        """
    )
    await connection.execute("insert into retrato.pauses (scope) values ('all')")
    held = await connection.fetchval("select txid_current() is not null")

    await gauges.refresh()

    assert held
    assert numbers("replicas_alive") == 1
    assert numbers("paused") == 1
    assert numbers("notification_queue_usage_ratio") == 0
    assert numbers("jobs_dead_tuples") >= 0
    assert numbers("database_up") == 1


async def test_old_transaction_is_seen(gauges, dsn, connection, numbers):
    async with connection.transaction(isolation="repeatable_read"):
        await connection.fetchval("select count(*) from personas")
        other = await open_database(dsn)
        for _ in range(30):
            await other.execute("select txid_current()")
        await other.close()

        await gauges.refresh()

    assert numbers("oldest_xmin_age_transactions") >= 30


async def open_database(dsn):
    opened = Database(dsn, size=1)
    await opened.open()
    return opened


async def test_answer_is_kept_for_a_while(gauges, queue, numbers, clock):
    await gauges.refresh()
    await queue(2)

    clock.now_s += 14
    await gauges.refresh()
    kept = numbers("queue_depth", state="queued")
    clock.now_s += 2
    await gauges.refresh()

    assert kept == 0
    assert numbers("queue_depth", state="queued") == 2


async def test_many_scrapes_at_once_ask_once(gauges, numbers, monkeypatch):
    asked = []
    look = gauges._look

    async def counted():
        asked.append(1)
        return await look()

    monkeypatch.setattr(gauges, "_look", counted)

    await asyncio.gather(*(gauges.refresh() for _ in range(5)))

    assert len(asked) == 1


async def test_while_the_database_is_away_only_what_is_ours_is_told(
    gauges, queue, metrics, numbers, clock, database
):
    await queue(2)
    await gauges.refresh()
    there = numbers("queue_depth", state="queued")
    await database.close()
    clock.now_s += 20

    body, _ = await metrics.scrape("")

    assert there == 2
    assert numbers("queue_depth", state="queued") is None
    assert numbers("database_up") == 0
    assert numbers("database_errors_total", part="gauges") == 1
    assert b"retrato_jobs_claimed_total 0.0" in body


async def test_slow_database_is_not_waited_for(dsn, connection, metrics, numbers):
    database = await open_database(dsn)
    gauges = Gauges(database, metrics, budget_usd=None, alive_within_s=30, answer_s=0.2)
    async with connection.transaction():
        await connection.execute("lock table retrato.jobs")
        began_at = time.monotonic()

        await gauges.refresh()

        took_s = time.monotonic() - began_at
    await database.close()
    assert numbers("database_up") == 0
    assert took_s < 5


@pytest.mark.parametrize(
    ("state", "failed"),
    [("'queued'", 0), ("'failed'", 100), ("case when n % 1000 = 0 then 'failed' else 'queued' end", 50)],
    ids=["waiting", "failed", "mixed"],
)
async def test_long_queues_are_walked_by_the_index_of_their_state(connection, state, failed):
    await connection.execute(
        "insert into retrato.jobs (persona_id, empresa_id, lane, state)"
        f" select 'p' || n, 'e' || n % 2000, 1, {state} from generate_series(1, 50000) n"
    )
    await connection.execute("vacuum analyze retrato.jobs")
    await connection.execute(f"prepare look (bigint, integer, float8) as {query('gauges_database')}")

    look = await connection.fetchrow("execute look (100, 1000, 30)")
    answer = await connection.fetchval(
        "explain (analyze, timing off, buffers, format json) execute look (100, 1000, 30)"
    )
    assert look["failed"] == failed

    [plan] = json.loads(answer)
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 10_000
    assert _rows_read(plan["Plan"]) < 2_000


def _rows_read(node) -> int:
    """Rows that scans of the jobs have touched, filtered ones included."""
    here = 0
    if node.get("Relation Name") == "jobs":
        here = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return here + sum(_rows_read(child) for child in node.get("Plans", ()))
