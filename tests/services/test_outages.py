"""While the database is away everything warns, waits and goes on; and no permit is ever lost."""

import asyncio

from service_fakes import until

from retrato.domain.errors import ChainExhaustedError, DownError, RefusedError


async def test_claiming_goes_on_when_the_database_is_there_again(replica, running, company, count, logged):
    one = replica()
    one.jobs.outages["claim"] = 3
    await company(1)

    async with running(one):
        await until(lambda: count("retrato.avatars"))

    waits_s = [line["again_in_s"] for line in logged if line["event"] == "dispatcher.database_away"]
    assert len(waits_s) == 3
    assert waits_s == sorted(waits_s)


async def test_look_before_sleep_that_fails_is_an_outage_like_any_other(replica, running, company, count, logged):
    one = replica()
    one.jobs.outages["look_before_sleep"] = 1

    async with running(one):
        await until(lambda: one.jobs.calls.count("look_before_sleep") >= 2)
        await company(1)
        await until(lambda: count("retrato.avatars"))

    assert [line["log_level"] for line in logged if line["event"] == "dispatcher.database_away"] == ["warning"]


async def test_waits_begin_anew_after_an_outage(replica, running, logged):
    one = replica(poll_s=0.01)
    one.jobs.outages["claim"] = 3

    async with running(one):
        await until(lambda: one.jobs.calls.count("claim") >= 6)  # an idle poll is one claim
        one.jobs.outages["claim"] = 1
        await until(lambda: sum(line["event"] == "dispatcher.database_away" for line in logged) == 4)

    waits_s = [line["again_in_s"] for line in logged if line["event"] == "dispatcher.database_away"]
    assert waits_s[3] <= 0.1 < waits_s[2]


async def test_stop_ends_the_wait_for_the_database_at_once(replica, running, logged):
    one = replica()
    one.jobs.outages.update(claim=1000, heartbeat=1000, forget_replica=1)

    async with asyncio.timeout(3):
        async with running(one):
            await until(lambda: sum(line["event"] == "dispatcher.database_away" for line in logged) >= 2)

    assert "keeper.unregister_failed" in [line["event"] for line in logged]


async def test_missed_heartbeats_are_warned_of_and_made_up_for(replica, running, company, count, logged):
    one = replica()
    one.pipeline.gate.clear()
    await company(1)

    async with running(one):
        await until(lambda: one.pipeline.begun)
        one.jobs.outages["heartbeat"] = 2
        await until(lambda: one.jobs.outages["heartbeat"] == 0)
        beats = one.jobs.calls.count("heartbeat")
        await until(lambda: one.jobs.calls.count("heartbeat") >= beats + 2)
        one.pipeline.gate.set()
        await until(lambda: count("retrato.avatars"))

    assert [line["held"] for line in logged if line["event"] == "keeper.beat_failed"] == [1, 1]
    assert one.pipeline.cancelled == []


async def test_job_whose_claims_reply_was_lost_is_drawn_when_its_lease_is_over(
    replica, running, company, connection, count
):
    one = replica()
    one.jobs.lost_replies["claim"] = 1
    await company(1)

    async with running(one):
        await until(lambda: count("retrato.jobs", "state = 'running'"))
        await connection.execute("update retrato.jobs set lease_until = now() - interval '1 s'")
        await until(lambda: count("retrato.avatars"))

    assert len(one.pipeline.begun) == 1


async def test_severed_connections_of_the_pool_stop_nobody(replica, running, company, connection, count):
    one = replica(concurrency=2)
    one.pipeline.gate.clear()
    await company(6)

    async with running(one):
        await until(lambda: one.pipeline.at_once == 2)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and application_name = 'retrato'"
        )
        one.pipeline.gate.set()
        await until(lambda: _written(count, 6))

    assert len(one.pipeline.begun) == 6


async def test_every_permit_is_free_again_after_every_kind_of_ending(replica, running, company, connection, count):
    one = replica(concurrency=3, most_attempts=1)
    one.pipeline.errors = [
        ChainExhaustedError([DownError("502", leg="fake/one")]),
        RefusedError("not this prompt", leg="fake/one"),
        ZeroDivisionError("nobody thought of this"),
    ]
    one.jobs.outages.update(claim=1, look_before_sleep=1, retry=1)
    one.avatars.outages["write"] = 2
    one.pipeline.gate.clear()
    await company(16)

    async with running(one):
        await until(lambda: one.pipeline.at_once == 3)
        stolen = "update retrato.jobs set token = nextval('retrato.tokens') where state = 'running'"
        await connection.execute(stolen)
        await until(lambda: len(one.pipeline.cancelled) == 3)
        one.pipeline.gate.set()
        await until(lambda: _written(count, 10))  # of 16: three were stolen, three have failed
        await until(lambda: len(one.holdings) == 0)
        free = one.free_permits
        one.pipeline.gate.clear()
        await connection.execute("update public.personas set regenerate_avatar = true")
        await until(lambda: one.pipeline.at_once == 3)
        one.pipeline.gate.set()

    assert free == one.free_permits == 3
    assert one.pipeline.most_at_once == 3


async def _written(count, personas: int) -> bool:
    return await count("retrato.avatars") == personas
