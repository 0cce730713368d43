"""The housekeeper: what no trigger saw is found, in turns shared by all replicas, and no failure ends it."""

import asyncio

import pytest
from service_fakes import Flaky, until

from retrato.services import housekeeper
from retrato.services.housekeeper import Housekeeper
from retrato.store.chores import Chores
from retrato.store.requests import Requests
from retrato.supervise import supervise

OLD = "now() - interval '500 days'"


@pytest.fixture(autouse=True)
async def rested(connection):
    """All chores may be done now, from the beginning."""
    await connection.execute("update retrato.chores set next_at = default, position = default")


@pytest.fixture
def chores(database, host):
    return Flaky(Chores(database, host))


@pytest.fixture
def keep_house(database, chores):
    """Build a housekeeper."""

    def build(*, sweep="new", keep_attempts_days=400, every_s=0.05) -> Housekeeper:
        return Housekeeper(
            chores, Requests(database), sweep=sweep, keep_attempts_days=keep_attempts_days, every_s=every_s
        )

    return build


@pytest.fixture
def keeping(keep_house):
    """Run a housekeeper until what is waited for has come true."""

    async def run(promise, **options):
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(supervise([keep_house(**options)], stop=stop, limit_s=5))
            try:
                await until(promise)
            finally:
                stop.set()

    return run


@pytest.fixture
def unseen(company, connection):
    """The sample company, so many of whose personas no trigger has seen; installed before or after them."""

    async def insert(personas, *, installed="now() - interval '1 hour'"):
        await company(personas)
        await connection.execute("delete from retrato.jobs")
        await connection.execute(f"update retrato.installation set installed_at = {installed}")

    return insert


@pytest.fixture
def attempts(connection):
    """Write so many old attempts."""

    async def insert(count):
        await connection.execute(
            f"""
            insert into retrato.attempts (
                persona_id, empresa_id, version, token, provider, leg, model, seed, redraw, state, started_at
            )
            select 'p' || n, 'c', 1, n, 'a', 'a/1', 'm', 7, 0, 'succeeded', {OLD}
            from generate_series(1, {count}) n
            """
        )

    return insert


async def test_personas_that_no_trigger_saw_are_queued(keeping, unseen, count, logged):
    await unseen(3)

    await keeping(lambda: count("retrato.jobs", "state = 'queued'"))

    assert await count("retrato.jobs", "state = 'queued'") == 3
    [line] = [line for line in logged if line["event"] == "sweep.found"]
    assert (line["queued"], line["log_level"]) == (3, "warning")


async def test_who_was_found_is_bulk_work_however_few_they_are(keep_house, unseen, connection, count):
    await unseen(2)
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update personas set regenerate_avatar = true where id = (select id from personas limit 1)"
        )

    await keep_house().sweep(asyncio.Event())

    assert await count("retrato.jobs", "lane = 1") == 2


async def test_unseen_flag_is_answered_though_there_is_an_avatar(keep_house, unseen, connection, count):
    await unseen(1)
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update public.personas set regenerate_avatar = true, avatar_image_url = 'https://cdn.example/1.jpg'"
        )

    queued = await keep_house().sweep(asyncio.Event())

    assert queued == await count("retrato.jobs", "state = 'queued'") == 1


async def test_personas_from_before_the_installation_are_left_alone(keep_house, unseen):
    await unseen(3, installed="now() + interval '1 hour'")

    assert await keep_house(sweep="new").sweep(asyncio.Event()) == 0


async def test_all_means_those_from_before_the_installation_too(keep_house, unseen):
    await unseen(3, installed="now() + interval '1 hour'")

    assert await keep_house(sweep="all").sweep(asyncio.Event()) == 3


async def test_off_means_that_nobody_looks(keep_house, unseen, chores):
    await unseen(3)

    assert await keep_house(sweep="off").sweep(asyncio.Event()) == 0
    assert chores.calls == []


async def test_lap_of_many_steps_finds_everybody_and_the_next_begins_with_the_next_turn(
    keep_house, unseen, connection, monkeypatch
):
    monkeypatch.setattr(housekeeper, "_PERSONAS_A_STEP", 2)
    await unseen(5)

    queued = await keep_house(every_s=60).sweep(asyncio.Event())

    chore = await connection.fetchrow(
        "select position, next_at < now() + interval '1 minute' as is_soon "
        "from retrato.chores where chore = 'sweep'"
    )
    assert queued == 5
    assert tuple(chore) == ("", True)


async def test_next_turn_goes_on_where_the_last_one_ended_whosever_it_is(
    keep_house, unseen, connection, monkeypatch
):
    monkeypatch.setattr(housekeeper, "_PERSONAS_A_STEP", 2)
    monkeypatch.setattr(housekeeper, "_STEPS_A_TURN", 1)
    await unseen(5)

    queued = [await keep_house(every_s=0).sweep(asyncio.Event()) for _ in range(3)]

    assert queued == [2, 2, 1]


async def test_ten_replicas_do_no_more_than_one(keep_house, unseen, chores):
    await unseen(5)

    queued = await asyncio.gather(*(keep_house(every_s=60).sweep(asyncio.Event()) for _ in range(10)))

    assert sorted(queued) == [0] * 9 + [5]
    assert chores.calls.count("sweep") == 1


async def test_sweep_ends_between_two_steps_when_it_is_time_to_stop(keep_house, unseen, monkeypatch):
    monkeypatch.setattr(housekeeper, "_PERSONAS_A_STEP", 2)
    await unseen(5)
    stop = asyncio.Event()
    stop.set()

    assert await keep_house(every_s=0).sweep(stop) == 2
    assert await keep_house(every_s=0).sweep(asyncio.Event()) == 3


async def test_turn_that_broke_off_is_made_up_for(keeping, unseen, chores, count, logged):
    chores.outages.update(take=1, sweep=2, note=1)
    await unseen(3)

    await keeping(lambda: _all_queued(count, 3))

    assert [line["log_level"] for line in logged if line["event"] == "housekeeper.put_off"] == ["warning"] * 4


async def test_tables_that_cannot_be_swept_do_not_end_the_daemon(keeping, unseen, chores, count, attempts, logged):
    chores.refusals["sweep"] = 1
    await unseen(3)
    await attempts(1)

    await keeping(lambda: _all_queued(count, 3))

    assert await count("retrato.attempts") == 0
    assert [line["log_level"] for line in logged if line["event"] == "housekeeper.failed"] == ["error"]


async def test_old_attempts_are_forgotten_step_by_step(keep_house, attempts, count, logged, monkeypatch):
    monkeypatch.setattr(housekeeper, "_ATTEMPTS_A_STEP", 2)
    await attempts(5)

    pruned = await keep_house().prune(asyncio.Event())

    assert pruned == 5
    assert await count("retrato.attempts") == 0
    assert [line["attempts"] for line in logged if line["event"] == "attempts.pruned"] == [5]


async def test_no_more_is_forgotten_in_one_turn_than_was_agreed(keep_house, attempts, count, monkeypatch):
    monkeypatch.setattr(housekeeper, "_ATTEMPTS_A_STEP", 2)
    monkeypatch.setattr(housekeeper, "_MOST_PRUNED", 4)
    await attempts(7)

    assert await keep_house().prune(asyncio.Event()) == 4


async def test_attempts_are_kept_for_ever_where_that_was_asked_for(keep_house, attempts, chores, count):
    await attempts(2)

    pruned = await keep_house(keep_attempts_days=0).prune(asyncio.Event())

    assert pruned == 0
    assert await count("retrato.attempts") == 2
    assert "close_unfinished" in chores.calls


async def test_attempts_are_pruned_by_one_of_many_and_not_again_for_an_hour(keep_house, attempts, connection):
    await attempts(2)

    pruned = await asyncio.gather(*(keep_house().prune(asyncio.Event()) for _ in range(5)))

    assert sorted(pruned) == [0, 0, 0, 0, 2]
    assert await connection.fetchval(
        "select next_at > now() + interval '59 minutes' from retrato.chores where chore = 'prune'"
    )


async def test_stop_ends_the_wait_for_the_next_turn(keep_house):
    stop = asyncio.Event()
    async with asyncio.timeout(5):
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_house(every_s=3600).run(stop))
            stop.set()


async def _all_queued(count, personas):
    return await count("retrato.jobs", "state = 'queued'") == personas
