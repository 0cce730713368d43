"""Stop: intake ends, work in hand may finish within the grace time, the rest goes back unburnt."""

import asyncio
import time

from service_fakes import until


async def test_stop_lets_the_work_in_hand_finish(replica, running, company, count):
    one = replica(concurrency=2)
    one.pipeline.gate.clear()
    await company(4)

    async with running(one) as stop:
        await until(lambda: one.pipeline.at_once == 2)
        stop.set()
        await asyncio.sleep(0.05)
        one.pipeline.gate.set()

    assert await count("retrato.avatars") == 2
    assert await count("retrato.jobs", "state = 'queued' and attempts = 0") == 2
    assert one.pipeline.cancelled == []


async def test_after_the_grace_time_the_rest_is_handed_back_unburnt(replica, running, company, count, logged):
    one = replica(concurrency=2, grace_s=0.1)
    one.pipeline.gate.clear()
    await company(2)

    async with running(one):
        await until(lambda: one.pipeline.at_once == 2)

    handed_back = "state = 'queued' and attempts = 0 and takeovers = 0 and not delayed and run_at <= now()"
    assert await count("retrato.jobs", handed_back) == 2
    assert [line["jobs"] for line in logged if line["event"] == "dispatcher.handed_back"] == [2]
    assert len(one.holdings) == 0
    assert one.holdings.drained.is_set()


async def test_second_signal_hands_back_at_once(replica, running, company, count):
    one = replica(grace_s=60)
    one.pipeline.gate.clear()
    await company(1)

    async with running(one) as stop:
        await until(lambda: one.pipeline.at_once == 1)
        stop.set()
        asked_at = time.monotonic()
        one.hurry.set()
        await until(one.holdings.drained.is_set)
        took_s = time.monotonic() - asked_at

    assert took_s < 2
    assert len(one.pipeline.cancelled) == 1
    assert await count("retrato.jobs", "state = 'queued' and attempts = 0") == 1


async def test_hand_back_without_a_database_leaves_the_jobs_to_their_leases(
    replica, running, company, count, logged
):
    one = replica(grace_s=0.05)
    one.pipeline.gate.clear()
    await company(1)

    async with running(one):
        await until(lambda: one.pipeline.at_once == 1)
        one.jobs.outages["release"] = 1

    left = [line for line in logged if line["event"] == "job.left_to_its_lease"]
    assert [line["log_level"] for line in left] == ["warning"]
    assert await count("retrato.jobs", "state = 'running'") == 1
    assert len(one.holdings) == 0
    assert one.holdings.drained.is_set()


async def test_successor_takes_what_was_left_to_a_lease(replica, running, company, connection, count):
    one, successor = replica(grace_s=0.05), replica()
    one.pipeline.gate.clear()
    await company(1)
    async with running(one):
        await until(lambda: one.pipeline.at_once == 1)
        one.jobs.outages["release"] = 1

    await connection.execute("update retrato.jobs set lease_until = now() - interval '1 s'")
    async with running(successor):
        await until(lambda: count("retrato.avatars"))

    assert len(successor.pipeline.begun) == 1


async def test_job_that_was_written_during_the_hand_back_is_not_queued_again(replica, running, company, count):
    one = replica(grace_s=0.2)
    await company(1)
    one.avatars.lost_replies["write"] = 1000  # written, but the reply never arrives

    async with running(one):
        await until(lambda: count("retrato.avatars"))

    assert await count("retrato.jobs") == 0
    assert await count("retrato.avatars") == 1


async def test_stop_ends_an_idle_replica_at_once(replica, running):
    one = replica(poll_s=60)

    async with running(one):
        await until(lambda: "look_before_sleep" in one.jobs.calls)
        asked_at = time.monotonic()

    assert time.monotonic() - asked_at < 2


async def test_stop_ends_the_wait_for_a_turn_at_once(replica, running, company, count):
    one = replica(pace_s=3600)
    await company(2)

    async with running(one):
        await until(lambda: count("retrato.avatars"))
        await until(lambda: one.jobs.calls.count("claim") >= 2)
        asked_at = time.monotonic()

    assert time.monotonic() - asked_at < 2
    assert await count("retrato.jobs", "state = 'queued'") == 1


async def test_stop_ends_the_wait_for_a_permit_without_losing_one(replica, running, company):
    one = replica(concurrency=1)
    one.pipeline.gate.clear()
    await company(3)

    async with running(one) as stop:
        await until(lambda: one.pipeline.at_once == 1)
        stop.set()
        one.pipeline.gate.set()

    assert one.free_permits == 1
    assert len(one.pipeline.begun) == 1


async def test_job_that_was_being_claimed_when_intake_ended_goes_back_undrawn(
    replica, running, company, count, monkeypatch
):
    one = replica(poll_s=60)
    claim = one.jobs._real.claim

    async with running(one) as stop:

        async def claim_until_stopped(*args, **options):
            claimed = await claim(*args, **options)
            if claimed.jobs:
                stop.set()
            return claimed

        monkeypatch.setattr(one.jobs._real, "claim", claim_until_stopped)
        await company(1)
        one.wake.set()
        await stop.wait()

    assert one.pipeline.begun == []
    assert await count("retrato.jobs", "state = 'queued' and attempts = 0 and takeovers = 0") == 1
    assert len(one.holdings) == 0
