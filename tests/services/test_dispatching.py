"""From the insert to the written avatar: everything is drawn, never too much at once, never before its turn."""

import asyncio
import itertools

from service_fakes import until

from retrato.store.queries import BELL_KEY


async def test_inserted_persona_is_drawn_and_written_back(replica, running, company, connection, count):
    one = replica()

    async with running(one):
        await company(1)
        await until(lambda: count("retrato.avatars"))

    written = await connection.fetchrow("select persona_id, token, leg from retrato.avatars")
    assert (written["persona_id"], written["token"]) == (
        one.pipeline.begun[0].persona_id,
        one.pipeline.begun[0].token,
    )
    assert await connection.fetchval("select avatar_url from retrato.persona_status") is not None
    assert await count("retrato.jobs") == 0
    assert len(one.holdings) == 0


async def test_each_persona_of_a_company_is_drawn_exactly_once(replica, running, company, count):
    one = replica(concurrency=3)
    await company(16)

    async with running(one):
        await until(lambda: _all_written(count, 16))

    assert len({job.persona_id for job in one.pipeline.begun}) == len(one.pipeline.begun) == 16


async def test_no_more_jobs_at_once_than_permits_and_all_permits_are_used(replica, running, company, count):
    one = replica(concurrency=3)
    one.pipeline.gate.clear()
    await company(16)

    async with running(one):
        await until(lambda: one.pipeline.at_once == 3)
        running_rows = await count("retrato.jobs", "state = 'running'")
        one.pipeline.gate.set()
        await until(lambda: _all_written(count, 16))

    assert running_rows == 3
    assert one.pipeline.most_at_once == 3


async def test_without_a_pace_one_claim_fills_all_permits(replica, running, company):
    one = replica(concurrency=4)
    one.pipeline.gate.clear()
    await company(4)

    async with running(one):
        await until(lambda: one.pipeline.at_once == 4)
        claims = one.jobs.calls.count("claim")
        one.pipeline.gate.set()

    assert claims == 1


async def test_claimed_job_begins_before_the_next_claim(replica, running, company):
    one = replica(concurrency=2)
    one.pipeline.gate.clear()
    draw = one.pipeline.draw

    async def noted(job):
        one.jobs.calls.append("draw")
        return await draw(job)

    one.pipeline.draw = noted
    await company(1)

    async with running(one):
        await until(lambda: one.jobs.calls.count("claim") >= 2 and one.pipeline.at_once == 1)
        order = [call for call in one.jobs.calls if call in {"claim", "draw"}]
        one.pipeline.gate.set()

    assert order[:3] == ["claim", "draw", "claim"]


async def test_with_a_pace_the_second_job_waits_for_its_turn(replica, running, company, connection, count):
    one = replica(pace_s=3600)
    one.pipeline.gate.clear()
    await company(3)

    async with running(one) as stop:
        await until(lambda: one.pipeline.at_once == 1)
        await until(lambda: one.jobs.calls.count("claim") >= 2)
        in_hand = await count("retrato.jobs", "state = 'running'")
        away_s = await connection.fetchval("select extract(epoch from next_at - now())::float8 from retrato.pace")
        one.pipeline.gate.set()
        stop.set()

    assert in_hand == 1
    assert 3590 < away_s <= 3600
    assert len(one.pipeline.begun) == 1


async def test_with_a_pace_jobs_start_one_by_one_a_pace_apart(replica, running, company, count):
    one = replica(pace_s=0.15)
    await company(3)

    async with running(one):
        await until(lambda: _all_written(count, 3))

    first, second, third = one.pipeline.begun_at
    assert second - first > 0.14
    assert third - second > 0.14


async def test_turn_that_has_come_by_the_servers_clock_is_taken_at_once(replica, company, connection):
    one = replica(pace_s=3600)
    await company(2)
    await one.jobs.claim(4, pace_s=3600)
    before = await one.jobs.claim(4, pace_s=3600)

    await connection.execute("update retrato.pace set next_at = now() - interval '1 s'")
    after = await one.jobs.claim(4, pace_s=3600)

    assert (len(before.jobs), len(after.jobs)) == (0, 1)
    assert before.wait_s > 3590


async def test_two_replicas_share_the_pace(replica, running, company, count):
    one, other = replica(pace_s=0.15), replica(pace_s=0.15)
    await company(4)

    async with running(one), running(other):
        await until(lambda: _all_written(count, 4))

    begun_at = sorted(one.pipeline.begun_at + other.pipeline.begun_at)
    assert min(later - earlier for earlier, later in itertools.pairwise(begun_at)) > 0.1


async def test_two_replicas_never_draw_the_same_persona(replica, running, company, count):
    one, other = replica(concurrency=2), replica(concurrency=2)
    await company(16)

    async with running(one), running(other):
        await until(lambda: _all_written(count, 16))

    begun = [job.persona_id for job in one.pipeline.begun + other.pipeline.begun]
    assert len(begun) == len(set(begun)) == 16


async def test_flag_raised_while_drawing_is_drawn_once_more(replica, running, company, connection, count, logged):
    one = replica()
    one.pipeline.gate.clear()
    await company(1)

    async with running(one) as stop:
        await until(lambda: one.pipeline.begun)
        await connection.execute("update public.personas set regenerate_avatar = true")
        stop.set()
        one.pipeline.gate.set()

    assert [line["asked_again"] for line in logged if line["event"] == "avatar.finished"] == [True]
    assert await count("retrato.jobs", "state = 'queued'") == 1
    assert await connection.fetchval("select regenerate_avatar from public.personas")


async def test_persona_that_is_not_ready_any_more_is_dropped_from_the_queue(
    replica, running, company, connection, count, logged
):
    one = replica()
    one.pipeline.gone = True
    one.pipeline.gate.clear()
    await company(1)

    async with running(one) as stop:
        await until(lambda: one.pipeline.begun)
        await connection.execute("update public.personas set status = 'archived'")
        stop.set()
        one.pipeline.gate.set()

    assert await count("retrato.jobs") == 0
    assert await count("retrato.avatars") == 0
    assert "job.dropped" in [line["event"] for line in logged]


async def test_persona_that_is_ready_again_meanwhile_stays_in_the_queue(replica, company, job_row, logged):
    one = replica()
    one.pipeline.gone = True  # as the pipeline saw it
    await company(1)
    [job] = await one.claim()

    await one.worker.work(job)

    assert (await job_row())["state"] == "queued"
    assert logged == []


async def test_only_the_asked_companys_personas_are_drawn(replica, running, company, connection, count):
    empresa_id = await company(2)
    await connection.execute("insert into public.empresas (codigo, nome, descricao) values ('B', 'B', 'B')")
    await connection.execute(
        "insert into public.personas (persona_code, full_name, role, empresa_id) "
        "select 'B1', 'Bia', 'CEO', id from public.empresas where codigo = 'B'"
    )
    one = replica(empresa_id=empresa_id)

    async with running(one):
        await until(lambda: _all_written(count, 2))
        await until(lambda: one.jobs.calls[-2:] == ["look_before_sleep", "claim"])

    assert {job.empresa_id for job in one.pipeline.begun} == {empresa_id}
    assert await count("retrato.jobs") == 1


async def test_bell_wakes_a_sleeping_dispatcher(replica, running, company, count):
    one = replica(poll_s=60)

    async with running(one, ("dispatcher", "keeper", "listener")):
        await until(one.listener.connected.is_set)
        await until(lambda: one.jobs.calls.count("look_before_sleep") >= 1)
        await asyncio.sleep(0.1)  # asleep by now; if not, the test is easier than it should be, never wrong
        await company(1)
        await until(lambda: count("retrato.avatars"), within_s=3)


async def test_poll_finds_what_nobody_rang_for(replica, running, company, count):
    one = replica(poll_s=0.1)

    async with running(one):
        await until(lambda: "look_before_sleep" in one.jobs.calls)
        await company(1)
        await until(lambda: count("retrato.avatars"))


async def test_delayed_job_is_taken_when_it_is_due_not_at_the_next_poll(
    replica, running, company, connection, count
):
    one = replica(poll_s=60)
    await company(1)
    await connection.execute("update retrato.jobs set delayed = true, run_at = clock_timestamp() + '0.2 s'")

    async with running(one):
        await until(lambda: count("retrato.avatars"), within_s=3)


async def test_while_somebody_is_enqueuing_the_dispatcher_looks_again_soon(replica, running, other_connection):
    one = replica(poll_s=60)
    async with other_connection.transaction():
        await other_connection.execute(f"select pg_advisory_xact_lock_shared({BELL_KEY})")
        async with running(one):
            await until(lambda: one.jobs.calls.count("look_before_sleep") >= 3)


async def _all_written(count, personas: int) -> bool:
    return await count("retrato.avatars") == personas


async def test_persona_asked_for_once_more_is_drawn_again_without_bell_or_poll(
    replica, running, company, connection, count
):
    one = replica(poll_s=60, concurrency=2)
    one.pipeline.gate.clear()
    await company(1)

    async with running(one):
        await until(lambda: one.pipeline.begun)
        await until(lambda: "look_before_sleep" in one.jobs.calls)
        await connection.execute("update public.personas set regenerate_avatar = true")
        one.pipeline.gate.set()
        await until(lambda: _all_written(count, 2))

    assert await count("retrato.jobs") == 0


async def test_dispatcher_that_was_woken_sleeps_again(replica, running):
    one = replica(poll_s=60)

    async with running(one):
        await until(lambda: "look_before_sleep" in one.jobs.calls)
        one.wake.set()
        await until(lambda: one.jobs.calls.count("look_before_sleep") >= 2)
        await asyncio.sleep(0.1)

    assert one.jobs.calls.count("look_before_sleep") == 2


async def test_next_is_drawn_while_the_last_is_written_back_but_no_more_than_that(
    replica, running, company, connection
):
    one = replica(concurrency=1)
    await company(4)

    application = connection.transaction()
    await application.start()
    await connection.execute("select from personas for update")  # nothing can be written back
    async with running(one):
        await until(lambda: len(one.pipeline.begun) == 2)
        await asyncio.sleep(0.1)
        begun = len(one.pipeline.begun)
        await application.rollback()
        await until(lambda: len(one.pipeline.begun) == 4)

    assert begun == 2
