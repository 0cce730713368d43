"""The books: one row per call, committed before it is made."""

from dataclasses import replace

import pytest
from tests.store.support import BID, claim_one, connected

from retrato.domain.faults import Fault
from retrato.store.attempts import AttemptLog
from retrato.store.database import Database


@pytest.fixture
async def job(app, jobs):
    await app.insert()
    return await claim_one(jobs)


async def rows(app):
    return [dict(row) for row in await app.connection.fetch("select * from retrato.attempts order by id")]


async def test_attempt_is_there_before_the_call_and_says_what_is_sent(app, attempts, job):
    attempt_id = await attempts.begin(job, BID)

    [row] = await rows(app)
    assert row["id"] == attempt_id
    assert (row["state"], row["token"], row["empresa_id"]) == ("sending", job.token, app.empresa_id)
    assert (row["version"], row["provider"], row["leg"], row["model"]) == (1, BID.provider, BID.leg, BID.model)
    assert (row["seed"], row["redraw"], row["finished_at"]) == (BID.order.seed, 0, None)


async def test_job_keeps_what_is_being_drawn_for_whoever_takes_it_over(app, attempts, job):
    await attempts.begin(job, replace(BID, version=3, redraw=1))

    row = await app.connection.fetchrow("select version, redraw, seed from retrato.jobs")
    assert tuple(row) == (3, 1, BID.order.seed)


async def test_success_keeps_cost_and_the_seed_that_was_really_used(app, attempts, job):
    attempt_id = await attempts.begin(job, BID)

    await attempts.succeed(attempt_id, cost_usd=0.025, seed=99)

    [row] = await rows(app)
    assert (row["state"], float(row["cost_usd"]), row["seed"], row["fault"]) == ("succeeded", 0.025, 99, None)
    assert row["finished_at"] >= row["started_at"]


async def test_ordered_seed_stays_where_the_provider_tells_none(app, attempts, job):
    attempt_id = await attempts.begin(job, BID)

    await attempts.succeed(attempt_id, cost_usd=None, seed=None)

    [row] = await rows(app)
    assert (row["seed"], row["cost_usd"]) == (BID.order.seed, None)


async def test_failure_keeps_its_fault_and_a_readable_error(app, attempts, job):
    attempt_id = await attempts.begin(job, BID)

    await attempts.fail(attempt_id, fault=Fault.THROTTLED, error="HTTP 429\x00" + "." * 3000, cost_usd=0.01)

    [row] = await rows(app)
    assert (row["state"], row["fault"], float(row["cost_usd"])) == ("failed", "throttled", 0.01)
    assert row["error"].startswith("HTTP 429\ufffd")
    assert len(row["error"]) == 2000


async def test_request_id_is_kept_as_soon_as_it_is_known(app, attempts, job):
    attempt_id = await attempts.begin(job, BID)

    await attempts.note_request(attempt_id, "req-7")

    [row] = await rows(app)
    assert (row["state"], row["request_id"]) == ("sending", "req-7")


async def test_stored_picture_is_noted_on_the_attempt_that_delivered_it(app, attempts, job):
    failed = await attempts.begin(job, BID)
    await attempts.fail(failed, fault=Fault.TRANSIENT, error="HTTP 500", cost_usd=None)
    delivered = await attempts.begin(job, BID)
    await attempts.succeed(delivered, cost_usd=None, seed=None)

    await attempts.note_picture(job, image_key="a/b/v1.jpg", thumbnail_key="a/b/t.jpg", sha256="ab" * 32)

    assert [(row["id"], row["image_key"]) for row in await rows(app)] == [
        (failed, None),
        (delivered, "a/b/v1.jpg"),
    ]


async def test_paid_picture_goes_before_the_books_while_the_database_is_away(dsn, attempts, job):
    database = Database(dsn)  # not open: nobody answers

    await AttemptLog(database).note_picture(
        job, image_key="a/b/v1.jpg", thumbnail_key="a/b/t.jpg", sha256="ab" * 32
    )

    async with connected(dsn) as connection:
        assert await connection.fetchval("select count(*) from retrato.attempts where image_key is not null") == 0
