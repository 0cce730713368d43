"""How a job may end beside being drawn: retried, failed, released, broken, dropped."""

import asyncio

import pytest
from service_fakes import FakeClock, until

from retrato.domain.errors import (
    BusyError,
    ChainExhaustedError,
    DownError,
    LeaseLostError,
    RefusedError,
    StorageError,
    StoreAwayError,
    StoreUnavailableError,
)

DOWN = ChainExhaustedError([DownError("502", leg="fake/one")])
CLOSED = ChainExhaustedError([], retry_after_s=30)


@pytest.mark.parametrize(("attempts", "wait_s"), [(0, 30), (1, 120), (2, 480), (3, 1920), (4, 1920)])
async def test_each_failed_run_waits_longer_than_the_one_before(
    replica, company, connection, job_row, attempts, wait_s
):
    one = replica(most_attempts=9)
    one.pipeline.errors = [DOWN]
    await company(1)
    await connection.execute("update retrato.jobs set attempts = $1", attempts)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["delayed"], row["attempts"]) == ("queued", True, attempts + 1)
    assert wait_s - 5 < row["wait"].total_seconds() <= wait_s
    assert (row["last_fault"], row["last_error"]) == ("transient", str(DOWN))


async def test_provider_that_asks_for_a_longer_wait_gets_it(replica, company, job_row):
    one = replica()
    one.pipeline.errors = [ChainExhaustedError([DownError("502", leg="fake/one")], retry_after_s=600)]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert (await job_row())["wait"].total_seconds() > 590


async def test_last_attempt_fails_the_job(replica, running, company, connection, job_row, logged):
    one = replica(most_attempts=3)
    one.pipeline.errors = [DOWN, DOWN, DOWN]
    await company(1)

    async with running(one):
        for attempts in (1, 2):
            await until(lambda attempts=attempts: _attempts(connection, attempts))
            await connection.execute("update retrato.jobs set run_at = now() where state = 'queued'")
        await until(lambda: _state(connection, "failed"))

    assert (await job_row())["attempts"] == 3
    assert len(one.pipeline.begun) == 3
    assert [line["attempts"] for line in logged if line["event"] == "avatar.failed"] == [3]


async def test_failed_job_is_not_claimed_again(replica, company):
    one = replica(most_attempts=1)
    one.pipeline.errors = [DOWN]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert not (await one.jobs.claim(4, pace_s=0)).jobs


async def test_refused_prompt_fails_at_the_first_attempt(replica, company, job_row):
    one = replica(most_attempts=5)
    one.pipeline.errors = [RefusedError("not this prompt", leg="fake/one")]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["last_fault"], row["last_error"]) == ("failed", "refused", "not this prompt")


async def test_refused_job_that_was_asked_for_again_meanwhile_is_queued(replica, company, connection, job_row):
    one = replica()
    one.pipeline.errors = [RefusedError("not this prompt", leg="fake/one")]
    await company(1)
    [job] = await one.claim()
    await connection.execute("update public.personas set regenerate_avatar = true")

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["attempts"], row["delayed"]) == ("queued", 0, False)


async def test_storage_trouble_is_retried_under_its_own_name(replica, company, job_row):
    one = replica()
    one.pipeline.errors = [StorageError("the bucket is gone")]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["last_fault"], row["attempts"]) == ("queued", "storage", 1)


async def test_job_for_which_nothing_was_drawn_goes_back_unburnt(replica, company, job_row):
    one = replica()
    one.pipeline.errors = [StoreAwayError("nothing is drawn while no picture can be stored: the bucket is gone")]
    await company(1)
    [job] = await one.claim()

    wait_s = await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["last_fault"], row["attempts"], wait_s) == ("queued", None, 0, 10)
    assert "the bucket is gone" in row["last_error"]


async def test_when_every_leg_is_closed_the_job_goes_back_unburnt(replica, company, job_row):
    one = replica()
    one.pipeline.errors = [CLOSED]
    await company(1)
    [job] = await one.claim()

    hold_s = await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["attempts"], row["delayed"]) == ("queued", 0, True)
    assert 25 < row["wait"].total_seconds() <= 30
    assert hold_s == 30


async def test_fault_of_an_account_burns_no_attempt(replica, company, job_row):
    one = replica()
    one.pipeline.errors = [ChainExhaustedError([BusyError("429", leg="fake/one")], retry_after_s=7)]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert ((await job_row())["attempts"], (await job_row())["state"]) == (0, "queued")


async def test_while_every_leg_is_closed_nobody_claims(replica, running, company, count):
    one = replica(concurrency=4, poll_s=0.05)
    one.pipeline.errors = [CLOSED]
    await company(1)

    async with running(one):
        await until(lambda: one.dispatcher._hold_until > 0)
        await until(lambda: one.free_permits == 4)
        await company(3)
        claims = one.jobs.calls.count("claim")
        await asyncio.sleep(0.3)
        claims_meanwhile = one.jobs.calls.count("claim") - claims

    assert claims_meanwhile <= 2  # the one that was under way
    assert len(one.pipeline.begun) <= 4


async def test_hold_begins_before_the_permit_of_the_released_job_is_used_again(replica, running, company):
    one = replica(concurrency=1)
    one.pipeline.errors = [CLOSED]
    await company(3)

    async with running(one):
        await until(lambda: one.dispatcher._hold_until > 0)
        await asyncio.sleep(0.2)

    assert len(one.pipeline.begun) == 1


async def test_intake_goes_on_when_the_hold_is_over(replica, running, company, count, monkeypatch):
    monkeypatch.setattr("retrato.services.dispatcher._LONGEST_HOLD_S", 0.1)
    one = replica(concurrency=1)
    one.pipeline.errors = [CLOSED]
    await company(3)

    async with running(one):
        await until(lambda: _written(count, 2))


async def test_unforeseen_error_is_logged_with_its_traceback_once_and_retried(replica, company, job_row, logged):
    one = replica()
    one.pipeline.errors = [ZeroDivisionError("nobody thought of this")]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["last_fault"], row["attempts"]) == ("queued", "unexpected", 1)
    assert row["last_error"] == "ZeroDivisionError: nobody thought of this"
    [broken] = [line for line in logged if line.get("exc_info")]
    assert (broken["event"], broken["log_level"]) == ("job.broken", "error")
    assert broken["exc_info"].__traceback__ is not None


async def test_unforeseen_error_of_one_job_leaves_the_others_alone(replica, running, company, count):
    one = replica(concurrency=4)
    one.pipeline.errors = [ZeroDivisionError("nobody thought of this")]
    await company(8)

    async with running(one):
        await until(lambda: _written(count, 7))

    assert await count("retrato.jobs", "attempts = 1") == 1


@pytest.mark.parametrize("error", [DownError, BusyError])
async def test_verdict_that_quotes_what_no_database_stores_ends_that_job_alone(
    replica, running, company, count, error, monkeypatch
):
    monkeypatch.setattr("retrato.services.dispatcher._LONGEST_HOLD_S", 0.05)
    one = replica(concurrency=2)
    one.pipeline.errors = [ChainExhaustedError([error("a NUL: \x00", leg="fake/one")], retry_after_s=60)]
    await company(4)

    async with running(one):
        await until(lambda: _written(count, 3))

    assert await count("retrato.jobs", "state = 'queued' and delayed") == 1


async def test_verdict_that_the_database_does_not_take_is_replaced_by_a_plain_one(
    replica, company, job_row, logged
):
    one = replica()
    one.pipeline.errors = [DOWN]
    one.jobs.refusals["retry"] = 1
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["last_fault"], row["attempts"]) == ("queued", "unexpected", 1)
    assert [line["event"] for line in logged] == ["job.broken", "job.retried"]


async def test_lost_lease_in_the_pipeline_writes_nothing(replica, company, connection, job_row, logged):
    one = replica()
    one.pipeline.errors = [LeaseLostError("it belongs to somebody else")]
    await company(1)
    [job] = await one.claim()
    await connection.execute("update retrato.jobs set token = nextval('retrato.tokens')")

    await one.worker.work(job)

    assert one.avatars.calls == []
    assert (await job_row())["state"] == "running"
    assert [line["event"] for line in logged] == ["job.lost"]


async def test_overdue_heartbeat_hands_back_what_is_still_ours(replica, company, job_row):
    one = replica()
    one.pipeline.errors = [LeaseLostError("the heartbeat is overdue: no new call is started")]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["attempts"], row["delayed"]) == ("queued", 0, False)


async def test_database_that_goes_away_while_drawing_burns_no_attempt(replica, company, job_row, logged):
    one = replica()
    one.pipeline.errors = [StoreUnavailableError("away for the test")]
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["attempts"]) == ("queued", 0)
    assert [line["log_level"] for line in logged] == ["warning"]


async def test_write_back_is_repeated_until_the_database_is_there_again(replica, company, count, logged):
    one = replica()
    one.avatars.outages["write"] = 2
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert len(one.pipeline.begun) == 1
    assert await count("retrato.avatars") == 1
    assert [line["event"] for line in logged] == ["avatar.write_delayed"] * 2 + ["avatar.finished"]


async def test_lost_reply_to_the_commit_neither_writes_twice_nor_discards(replica, company, count, logged):
    one = replica()
    one.avatars.lost_replies["write"] = 1
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert await count("retrato.avatars") == 1
    assert one.pipeline.discarded == []
    assert logged[-1]["event"] == "avatar.finished"


async def test_picture_whose_fence_does_not_hold_is_written_nowhere_and_kept_for_the_new_owner(
    replica, company, connection, count, logged
):
    one = replica()
    await company(1)
    [job] = await one.claim()
    await connection.execute("update retrato.jobs set token = nextval('retrato.tokens')")

    await one.worker.work(job)

    assert await count("retrato.avatars") == 0
    assert await count("public.personas", "avatar_image_url is not null") == 0
    assert one.pipeline.discarded == []
    assert [(line["event"], line["reason"]) for line in logged] == [("avatar.discarded", "lost")]


async def test_picture_of_a_deleted_persona_is_removed(replica, company, connection, count):
    one = replica()
    await company(1)
    [job] = await one.claim()
    await connection.execute("delete from public.personas")

    await one.worker.work(job)

    assert [version.token for version in one.pipeline.discarded] == [job.token]
    assert await count("retrato.avatars") == 0


async def test_discarding_that_fails_is_only_a_warning(replica, company, connection, logged):
    one = replica()
    one.pipeline.discard_error = StorageError("the bucket is gone")
    await company(1)
    [job] = await one.claim()
    await connection.execute("delete from public.personas")

    await one.worker.work(job)

    assert [(line["event"], line["log_level"]) for line in logged] == [
        ("avatar.discarded", "warning"),
        ("avatar.discard_failed", "warning"),
    ]


async def test_refused_write_back_is_offered_again(replica, company, count, logged):
    one = replica()
    one.avatars.refusals["write"] = 2
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert await count("retrato.avatars") == 1
    assert [(line["event"], line["log_level"]) for line in logged][:2] == [("avatar.write_refused", "error")] * 2


async def test_write_back_that_is_refused_for_too_long_fails_the_job(replica, company, job_row):
    one = replica(longest_refusal_s=0.05)
    one.avatars.refusals["write"] = 1000
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    row = await job_row()
    assert one.avatars.calls.count("write") >= 2
    assert (row["state"], row["last_fault"]) == ("failed", "write_back")


async def test_verdict_is_stored_when_the_database_is_there_again(replica, company, job_row):
    one = replica()
    one.pipeline.errors = [DOWN]
    one.jobs.outages["retry"] = 2
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert one.jobs.calls.count("retry") == 3
    assert (await job_row())["attempts"] == 1


async def test_verdict_is_left_to_the_lease_when_the_heartbeat_is_overdue(replica, company, job_row, logged):
    clock = FakeClock()
    one = replica(lease_s=30, clock=clock)
    one.pipeline.errors = [DOWN]
    one.jobs.outages["retry"] = 1
    await company(1)
    [job] = await one.claim()
    clock.now_s += 26

    await one.worker.work(job)

    assert one.jobs.calls.count("retry") == 1
    assert (await job_row())["state"] == "running"
    assert [line["event"] for line in logged] == ["job.left_to_its_lease"]


async def test_stale_verdict_changes_nothing(replica, company, connection, job_row):
    one = replica()
    one.pipeline.errors = [DOWN]
    await company(1)
    [job] = await one.claim()
    await connection.execute("update retrato.jobs set token = nextval('retrato.tokens')")

    await one.worker.work(job)

    row = await job_row()
    assert (row["state"], row["attempts"], row["last_error"]) == ("running", 0, None)


async def test_cancelled_job_raises_nothing_else_and_stores_nothing(replica, company, job_row):
    one = replica()
    one.pipeline.gate.clear()
    await company(1)
    [job] = await one.claim()
    task = asyncio.create_task(one.worker.work(job))
    await until(lambda: one.pipeline.begun)

    task.cancel()
    await asyncio.wait([task], timeout=2)

    assert task.cancelled()
    assert (await job_row())["state"] == "running"


async def _attempts(connection, attempts: int) -> bool:
    return await connection.fetchval("select attempts = $1 and state = 'queued' from retrato.jobs", attempts)


async def _state(connection, state: str) -> bool:
    return await connection.fetchval("select state = $1 from retrato.jobs", state)


async def _written(count, personas: int) -> bool:
    return await count("retrato.avatars") == personas
