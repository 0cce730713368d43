"""The application migrates its own tables: what is told, what waits, and whose picture is whose afterwards."""

import pytest
from tests.store.support import Application, claim_one, finished_for, insert_company, new_replica, queued, state_of

from retrato.domain.errors import NotMigratedError
from retrato.store import detaching, migrations
from retrato.store.avatars import Avatars
from retrato.store.chores import Chores
from retrato.store.database import Database
from retrato.store.drift import drift
from retrato.store.host import Host
from retrato.store.personas import Personas
from retrato.store.rendered import HostTables
from retrato.store.requests import Requests, Wish

SMALL = """
create table public.personas (
    id bigint generated always as identity primary key, name text, avatar_url text,
    created_at timestamptz not null default now()
)
"""


@pytest.fixture
async def app(connection):
    """The application on a database of this test's own: what it does to its tables is not undone."""
    return Application(connection, await insert_company(connection))


class Small:
    """An application whose keys are numbers, which come again after TRUNCATE … RESTART IDENTITY."""

    def __init__(self, dsn, connection, database):
        self.dsn, self.connection, self.database = dsn, connection, database
        self.jobs, self.avatars = new_replica(database), Avatars(database)

    async def insert(self, name):
        return str(await self.connection.fetchval("insert into personas (name) values ($1) returning id", name))

    async def draw(self):
        finished = finished_for(await claim_one(self.jobs))
        await self.avatars.write(finished)
        return finished

    async def forget(self):
        """What the daemons do once a minute."""
        async with self.database.connection() as connection:
            chores = Chores(self.database, await Host.read(connection))
        return await chores.forget_gone("", limit=1000)

    async def remembered(self):
        rows = await self.connection.fetch(
            "select persona_id from retrato.avatars union select persona_id from retrato.jobs"
            " union select persona_id from retrato.looks order by 1"
        )
        return [row[0] for row in rows]


@pytest.fixture
async def small(bare_dsn):
    database = Database(bare_dsn)
    async with migrations.connected(bare_dsn) as connection:
        await connection.execute(SMALL)
        await migrations.apply(bare_dsn)
        await database.open()
        yield Small(bare_dsn, connection, database)
    await database.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("alter table personas disable trigger retrato_on_update", "retrato_on_update"),
        ("alter table personas disable trigger user", "retrato_on_insert"),
        ("alter table personas enable replica trigger retrato_on_insert", "retrato_on_insert"),
        ("drop trigger retrato_on_delete on personas", "retrato_on_delete"),
        ("drop function retrato.lane_of", "lane_of is missing"),
        (
            (
                "create or replace function retrato.lane_of(asked_empresa_id text) returns smallint language sql "
                "as 'select 0::smallint'"
            ),
            "lane_of was changed",
        ),
        ("drop view retrato.persona_status", "persona_status is missing"),
        ("drop table retrato.looks", "looks is missing"),
        ("alter table personas drop column regenerate_avatar cascade", "no column regenerate_avatar"),
        ("alter table personas rename column full_name to display_name", "other host tables"),
        ("alter table personas rename to people", "no table `personas`"),
        (
            "alter table personas rename to former; create table public.personas (like former including all)",
            "another table",
        ),
    ],
)
async def test_what_is_not_as_installed_is_told(connection, change, told):
    assert await drift(connection) == []

    await connection.execute(change)

    assert told in "; ".join(await drift(connection))


async def test_detached_tables_may_be_changed_in_every_way(app, dsn):
    persona_id = await app.insert("Ana")
    await app.connection.execute("create role reader; grant select on retrato.persona_status to reader")

    await detaching.detach(dsn)
    await detaching.detach(dsn)
    states = await state_of(app.connection, persona_id)
    for change in (
        "alter table personas alter column full_name type text, drop column status",
        "alter table personas rename to people; alter table people rename to personas",
        (
            "create table public.copy as select * from personas; drop table personas cascade;"
            "alter table public.copy rename to personas"
        ),
        "alter table personas add primary key (id)",
    ):
        await app.connection.execute(change)

    assert states == "queued"
    assert await queued(app.connection) == [persona_id]
    assert "--attach" in "; ".join(await drift(app.connection))
    with pytest.raises(NotMigratedError, match="--attach"):
        (await migrations.standing(app.connection)).require()


async def test_attaching_brings_everything_back_and_the_sweep_finds_who_came_meanwhile(app, dsn, database):
    await app.connection.execute("create role app_reader; grant select on retrato.persona_status to app_reader")
    await detaching.detach(dsn)
    meanwhile = await app.insert("Bia")
    before = await queued(app.connection)

    await migrations.apply(dsn)

    host = await Host.read(app.connection)
    swept = await Chores(database, host).sweep("", limit=10, everybody=False)
    await Requests(database, host).for_found(swept.missing, Wish.MISSING)
    after = await app.insert("Eva")
    assert before == []
    assert set(await queued(app.connection)) == {meanwhile, after}
    assert await drift(app.connection) == []
    assert await app.connection.fetchval(
        "select has_table_privilege('app_reader', 'retrato.persona_status', 'select')"
    )
    await app.connection.execute("drop owned by app_reader; drop role app_reader")


async def test_sweep_queues_by_new_names_before_anybody_has_migrated(app, database):
    tables = HostTables(database, await Host.read(app.connection))
    chores, requests = Chores(database, tables), Requests(database, tables)
    await app.connection.execute(
        "drop view retrato.persona_status; alter table personas rename column full_name to name;"
        "alter table personas rename column status to standing"
    )
    persona_id = await app.connection.fetchval(
        "insert into personas (persona_code, name, role, empresa_id)"
        " values ('x', 'Ana', 'CEO', $1) returning id::text",
        app.empresa_id,
    )
    missed = await queued(app.connection)

    swept = await chores.sweep("", limit=10, everybody=False)
    await requests.for_found(swept.missing, Wish.MISSING)

    draft = await Personas(database, tables).read(persona_id)
    assert (missed, await queued(app.connection)) == ([], [persona_id])
    assert draft.persona.name == "Ana"


async def test_flag_whose_request_did_not_reach_the_queue_is_found(app, database):
    persona_id = await app.insert("Ana")
    await Avatars(database).write(finished_for(await claim_one(new_replica(database))))
    await app.raise_flag(persona_id)
    await app.connection.execute("update retrato.jobs set new_face = false")

    swept = await Chores(database, await Host.read(app.connection)).sweep("", limit=10, everybody=False)

    assert list(swept.flagged) == [persona_id]


@pytest.mark.parametrize(
    "emptied",
    [
        "truncate personas restart identity",
        "delete from personas; alter sequence personas_id_seq restart",
    ],
)
async def test_key_that_comes_again_brings_no_former_face(small, emptied):
    former = await small.insert("Ana")
    await small.draw()
    await small.connection.execute(
        f"alter table personas disable trigger user; {emptied}; insert into personas (name) values ('Bia');"
        "alter table personas enable trigger user"
    )

    _, forgotten = await small.forget()

    assert (former, forgotten) == ("1", 1)
    assert await state_of(small.connection, "1") == "missing"


async def test_rows_that_went_unseen_are_forgotten_and_the_others_are_not(small):
    kept = await small.insert("Ana")
    await small.draw()
    gone = await small.insert("Bia")
    waiting = await small.insert("Eva")
    await small.connection.execute(
        f"alter table personas disable trigger user; delete from personas where id = {gone};"
        "alter table personas enable trigger user"
    )

    await small.forget()

    assert await small.remembered() == [kept, waiting]


async def test_picture_that_the_application_took_away_by_itself_is_not_forgotten(small):
    await small.insert("Ana")
    await small.draw()
    await small.connection.execute("update personas set avatar_url = null")
    await small.connection.execute("vacuum full personas")

    await small.forget()

    assert await state_of(small.connection, "1") == "ready"


async def test_table_that_was_swapped_shows_nothing_of_the_former_one(small):
    await small.insert("Ana")
    await small.draw()
    await small.insert("Bia")
    await small.connection.execute(
        f"alter table personas rename to former;{SMALL}; insert into personas (name) values ('Eva'), ('Ida')"
    )

    with pytest.raises(NotMigratedError, match="another table"):
        await migrations.require(small.connection)
    await migrations.apply(small.dsn)

    assert await small.remembered() == []
    assert {await state_of(small.connection, "1"), await state_of(small.connection, "2")} == {"missing"}


async def test_table_that_was_copied_and_swapped_keeps_its_pictures(small):
    persona_id = await small.insert("Ana")
    await small.draw()
    await small.connection.execute(
        "create table public.copy (like personas including all); insert into public.copy overriding system value "
        "select * from personas; alter table personas rename to former; alter table public.copy rename to personas"
    )

    await migrations.apply(small.dsn)

    assert await small.remembered() == [persona_id]
    assert await state_of(small.connection, persona_id) == "ready"


async def test_keys_of_a_former_type_are_forgotten(small):
    await small.insert("Ana")
    await small.draw()
    await detaching.detach(small.dsn)
    await small.connection.execute(
        "alter table personas drop column id; alter table personas add column id uuid primary key"
        " default gen_random_uuid()"
    )

    await migrations.apply(small.dsn)

    assert await small.remembered() == []
    assert await drift(small.connection) == []
