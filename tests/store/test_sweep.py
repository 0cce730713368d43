"""The sweep: finds whom no trigger has queued, nobody whom nobody asked for, and reads little at a time."""

import asyncio
import json

import pytest
from tests import daemon_role
from tests.store.support import Application, claim_one, connected, finished_for

from retrato.store import migrations
from retrato.store.chores import Chore, Chores
from retrato.store.control import Control
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.requests import Requests, Wish

ALL_AT_ONCE = 1000
LONG_AGO = "now() - interval '1 year'"


async def open_chores(database):
    async with database.connection() as connection:
        return Chores(database, await Host.read(connection))


@pytest.fixture
async def chores(database):
    return await open_chores(database)


@pytest.fixture
def unseen(app):
    """Insert a persona that no trigger sees."""

    async def insert(*args, **columns):
        async with app.bypassing_triggers():
            return await app.insert(*args, **columns)

    return insert


async def found(chores, *, everybody=False):
    """All personas without a job that need one: missing, flagged."""
    swept = await chores.sweep("", limit=ALL_AT_ONCE, everybody=everybody)
    assert swept.position is None
    return list(swept.missing), list(swept.flagged)


async def age(app, persona_id):
    """The persona was there before the installation."""
    async with app.bypassing_triggers():
        await app.connection.execute(
            f"update personas set created_at = {LONG_AGO} where id = $1::text::uuid", persona_id
        )


async def test_persona_that_no_trigger_saw_is_found(chores, unseen):
    persona_id = await unseen()

    assert await found(chores) == ([persona_id], [])


async def test_found_persona_is_drawn_when_it_is_asked_for(app, chores, database, jobs, unseen):
    persona_id = await unseen()
    missing, _ = await found(chores)

    await Requests(database).for_personas(missing, Wish.MISSING)

    assert (await claim_one(jobs)).persona_id == persona_id
    assert await found(chores) == ([], [])


async def test_persona_from_before_the_installation_is_found_only_where_all_are_meant(app, chores, unseen):
    persona_id = await unseen()
    await age(app, persona_id)

    assert await found(chores) == ([], [])
    assert await found(chores, everybody=True) == ([persona_id], [])


async def test_persona_of_unknown_age_counts_as_old(app, chores, unseen):
    await unseen(created_at=None)

    assert await found(chores) == ([], [])


@pytest.mark.parametrize("everybody", [False, True], ids=["new", "all"])
async def test_who_needs_nothing_is_not_found(app, chores, jobs, avatars, unseen, everybody):
    await app.insert()
    await avatars.write(finished_for(await claim_one(jobs)))
    await app.connection.execute("update personas set avatar_image_url = null")
    await app.connection.execute("update personas_avatares set avatar_url = null")
    await app.insert()
    await unseen(avatar_image_url="https://cdn.example/ana.jpg")

    assert await found(chores, everybody=everybody) == ([], [])


@pytest.mark.parametrize("everybody", [False, True], ids=["new", "all"])
async def test_who_is_not_ready_is_not_found(chores, unseen, everybody):
    await unseen("[A GERAR]")
    await unseen("[A GERAR]", regenerate_avatar=True)
    await unseen(status="archived")

    assert await found(chores, everybody=everybody) == ([], [])


@pytest.mark.parametrize("everybody", [False, True], ids=["new", "all"])
async def test_failed_and_cancelled_personas_are_left_as_they_are(app, chores, database, jobs, everybody):
    _, cancelled = await app.insert_many(2)
    await jobs.retry(await claim_one(jobs), most_attempts=1, delay_s=0, fault="refused", error="no")
    await Control(database).cancel_personas([cancelled])

    assert await found(chores, everybody=everybody) == ([], [])


async def test_cancelled_forcar_is_not_found(app, chores, database, jobs, avatars):
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs)))
    await app.raise_flag(persona_id)
    await Control(database).cancel_personas([persona_id])

    assert await found(chores, everybody=True) == ([], [])


async def test_flag_that_was_raised_unseen_is_found_whatever_the_personas_age(app, chores, jobs, avatars):
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs)))
    await age(app, persona_id)

    async with app.bypassing_triggers():
        await app.raise_flag(persona_id)

    assert await found(chores) == ([], [persona_id])


async def test_flag_in_a_column_that_was_there_before_counts_only_for_new_personas(app, chores, unseen):
    await app.connection.execute("update retrato.installation set flag_is_ours = false")
    new = await unseen(regenerate_avatar=True)
    old = await unseen(regenerate_avatar=True)
    await age(app, old)

    assert await found(chores) == ([], [new])
    assert {*(await found(chores, everybody=True))[1]} == {new, old}


async def test_flag_is_ours_where_the_migration_brought_the_column(app):
    assert await app.connection.fetchval("select flag_is_ours from retrato.installation")


async def test_flag_of_a_job_that_waits_already_is_not_found(app, chores):
    persona_id = await app.insert()
    await app.raise_flag(persona_id)

    assert await found(chores) == ([], [])


async def test_steps_go_on_where_the_last_one_ended(chores, unseen):
    persona_ids = sorted([await unseen() for _ in range(5)])

    first = await chores.sweep("", limit=2, everybody=False)
    second = await chores.sweep(first.position, limit=2, everybody=False)
    third = await chores.sweep(second.position, limit=2, everybody=False)

    assert [sorted(step.missing) for step in (first, second, third)] == [
        persona_ids[:2],
        persona_ids[2:4],
        persona_ids[4:],
    ]
    assert (first.position, second.position, third.position) == (persona_ids[1], persona_ids[3], None)


async def test_step_counts_whom_it_looked_at_and_not_whom_it_found(app, chores, unseen):
    await app.insert_many(6)
    await unseen()
    position, steps = "", 0

    while position is not None:
        position, steps = (await chores.sweep(position, limit=3, everybody=False)).position, steps + 1

    assert steps == 3


async def test_step_behind_a_persona_that_was_deleted_goes_on(app, chores, unseen):
    first, second = sorted([await unseen() for _ in range(2)])
    await app.delete(first)

    assert list((await chores.sweep(first, limit=2, everybody=False)).missing) == [second]


async def test_empty_table_is_swept_in_one_step(chores):
    assert await found(chores) == ([], [])


async def test_turn_is_taken_by_one_of_many(chores):
    turns = await asyncio.gather(*(chores.take(Chore.SWEEP, rest_s=60) for _ in range(5)))

    assert sorted(turns, key=str) == ["", None, None, None, None]


async def test_turn_comes_again_after_its_rest_and_goes_on_where_it_was(app, chores):
    await chores.take(Chore.SWEEP, rest_s=60)
    await chores.note(Chore.SWEEP, "somewhere")
    resting = await chores.take(Chore.SWEEP, rest_s=60)
    await chores.note(Chore.SWEEP, "elsewhere", rest_s=0)

    assert resting is None
    assert await chores.take(Chore.SWEEP, rest_s=60) == "elsewhere"


async def test_turns_of_different_chores_are_different(chores):
    await chores.take(Chore.SWEEP, rest_s=60)

    assert await chores.take(Chore.PRUNE, rest_s=60) == ""


async def test_step_reads_only_whom_it_looks_at(app, chores, connection):
    await app.insert_many(5000)
    await connection.execute("vacuum analyze personas")
    middle = await connection.fetchval("select id::text from personas order by id offset 2500 limit 1")

    sql = chores._next.replace("$1", f"'{middle}'").replace("$2", "100").replace("$3", "false")
    [row] = await connection.fetch(f"explain (analyze, format json) {sql}")

    scans = [part for part in parts_of(json.loads(row["QUERY PLAN"])[0]["Plan"]) if part.get("Alias") == "p"]
    assert [(scan["Node Type"], scan["Actual Rows"]) for scan in scans] == [("Index Scan", 100)]


def parts_of(plan):
    """The nodes of a plan."""
    return [plan, *(part for child in plan.get("Plans", ()) for part in parts_of(child))]


@pytest.fixture
async def elsewhere(bare_dsn):
    """Install Retrato beside a table of another shape, insert without triggers, and sweep in steps of two."""
    database = Database(daemon_role.product(bare_dsn))
    async with connected(bare_dsn) as connection:

        async def lap(table, insert, *, everybody):
            await connection.execute(table)
            await migrations.apply(bare_dsn)
            await daemon_role.make_if_asked(bare_dsn)
            await database.open()
            async with Application(connection, "-").bypassing_triggers():
                await connection.execute(insert)
            chores = await open_chores(database)
            position, missing = "", []
            while position is not None:
                swept = await chores.sweep(position, limit=2, everybody=everybody)
                missing += swept.missing
                position = swept.position
            return missing

        yield lap
    await database.close()


@pytest.mark.parametrize(
    ("key", "insert", "expected"),
    [
        ("bigint", "values (9, 'A'), (10, 'B'), (100, 'C')", ["9", "10", "100"]),
        ("text", """values ('b', 'A'), ('a"''\\', 'B'), ('c', 'C')""", ["a\"'\\", "b", "c"]),
        ("varchar(9)", "values ('b', 'A'), ('B', 'B'), ('10', 'C')", ["10", "b", "B"]),
    ],
    ids=["whole numbers", "texts", "short texts"],
)
async def test_keys_of_every_type_are_swept_once_each(elsewhere, key, insert, expected):
    table = f"create table personas (id {key} primary key, name text, created_at timestamptz default now())"

    missing = await elsewhere(table, f"insert into personas {insert}", everybody=False)

    assert sorted(missing) == sorted(expected)


async def test_without_a_time_of_creation_nobody_is_new(elsewhere):
    table = "create table personas (id bigint primary key, name text)"

    assert await elsewhere(table, "insert into personas values (1, 'A')", everybody=False) == []


async def test_without_a_time_of_creation_all_can_be_meant(elsewhere):
    table = "create table personas (id bigint primary key, name text)"

    assert await elsewhere(table, "insert into personas values (1, 'A')", everybody=True) == ["1"]


@pytest.mark.parametrize("kind", ["timestamp", "date", "timestamptz"])
async def test_time_of_creation_may_be_of_any_type_of_time(elsewhere, kind):
    table = f"create table personas (id bigint primary key, name text, criado_em {kind})"
    insert = "insert into personas values (1, 'A', now() + interval '1 day'), (2, 'B', now() - interval '1 day')"

    assert await elsewhere(table, insert, everybody=False) == ["1"]


@pytest.mark.parametrize("kind", ["text", "bigint"])
async def test_time_of_creation_that_is_none_tells_nothing(elsewhere, kind):
    table = f"create table personas (id bigint primary key, name text, created_at {kind})"

    assert await elsewhere(table, "insert into personas values (1, 'A', '20261231')", everybody=False) == []
