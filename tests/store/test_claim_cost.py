"""The cost of a claim grows neither with the backlog nor with the number of companies."""

import json
from uuid import uuid4

import pytest

MOST_PAGES = 250


async def pages_touched(connection, *, limit, pace_s=0.0, empresa_id=None, floors=(0, 0, 0, 0)):
    """Pages of a claim as Postgres counts them, also inside of the function; the first one only plans."""
    company = "null" if empresa_id is None else f"'{empresa_id}'"
    for _ in range(2):
        [row] = await connection.fetch(
            f"explain (analyze, buffers, format json) select * from retrato.claim_jobs_from({limit}, {pace_s}, "
            f"'{{0,1}}', 30, '{uuid4()}', array{list(floors)}, {company}, 0)"
        )
    plan = json.loads(row["QUERY PLAN"])[0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.fixture(params=[(1, 20_000), (20_000, 1)], ids=["one company", "many companies"])
async def backlog(request, connection):
    """A backlog, with statistics: its planner must not be tempted."""
    companies, each = request.param
    await connection.execute(
        "insert into retrato.jobs (persona_id, empresa_id) "
        "select 'p' || n, 'c' || n % $1 from generate_series(1, $2) n",
        companies,
        companies * each,
    )
    await connection.execute("vacuum analyze retrato.jobs")
    return connection


async def test_claim_of_one_is_cheap(backlog):
    assert await pages_touched(backlog, limit=1) < MOST_PAGES


async def test_claim_with_a_pace_is_cheap(backlog):
    assert await pages_touched(backlog, limit=1, pace_s=0.001) < MOST_PAGES


async def test_claim_that_begins_behind_everything_is_cheap(backlog):
    assert await pages_touched(backlog, limit=1, floors=(10**9, 0, 10**9, 0)) < MOST_PAGES


async def test_claim_for_a_company_without_work_is_cheap(backlog):
    assert await pages_touched(backlog, limit=4, empresa_id="zzz") < MOST_PAGES
