"""The books: one row per call, committed before it is made."""

import asyncio
from dataclasses import replace

import pytest
from tests.store.support import BID, blocked, claim_one, connected
from tests.system.proxy import Proxy

from retrato.domain.errors import StoreUnavailableError
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


async def test_ends_that_an_outage_kept_out_of_the_books_are_recorded_afterwards(app, dsn, job):
    async with Proxy(dsn) as proxy:
        far = Database(proxy.dsn, timeout_s=5)
        await far.open()
        log = AttemptLog(far, monthly_budget_usd=1)
        priced = replace(BID, price_usd=0.02)
        failed, drawn = await log.begin(job, priced), await log.begin(job, priced)
        proxy.refuse()
        proxy.drop()
        with pytest.raises(StoreUnavailableError):
            await log.fail(failed, fault=Fault.BAD_OUTPUT, error="black", cost_usd=0.01)
        with pytest.raises(StoreUnavailableError):
            await log.succeed(drawn, cost_usd=0.02, seed=99)
        await log.note_picture(job, image_key="k", thumbnail_key="t", sha256="0" * 64)
        with pytest.raises(StoreUnavailableError):
            await log.catch_up()

        await proxy.accept()
        await log.catch_up()
        await log.catch_up()

        await far.close()
    told = [(row["state"], float(row["cost_usd"]), row["image_key"]) for row in await rows(app)]
    assert told == [("failed", 0.01, None), ("succeeded", 0.02, "k")]
    budget = await app.connection.fetchrow("select reserved_usd, spent_usd from retrato.budget")
    assert tuple(map(float, budget)) == (0, 0.03)


async def test_end_whose_recording_was_cut_off_is_recorded_later(app, other_app, attempts, job):
    attempt_id = await attempts.begin(job, BID)
    async with other_app.connection.transaction():
        await other_app.connection.execute("select from retrato.attempts for update")
        recording = asyncio.create_task(attempts.succeed(attempt_id, cost_usd=0.025, seed=None))
        await blocked(app.connection)
        recording.cancel()
        await asyncio.wait([recording])

    await attempts.catch_up()

    [row] = await rows(app)
    assert (row["state"], float(row["cost_usd"])) == ("succeeded", 0.025)
