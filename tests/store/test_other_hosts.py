"""Host tables as they are elsewhere: other keys, other columns, missing tables, no constraints."""

import json
from dataclasses import dataclass

import asyncpg
import pytest
from tests import daemon_role
from tests.store.support import claim_one, connected, finished_for, new_replica

from retrato.domain.errors import ConfigError
from retrato.store import migrations
from retrato.store.avatars import Avatars, Outcome
from retrato.store.database import Database
from retrato.store.garbage import Garbage
from retrato.store.host import Host
from retrato.store.jobs import Jobs
from retrato.store.personas import Personas

SMALL = "create table personas (id bigint generated always as identity primary key, name text)"


@dataclass
class Elsewhere:
    connection: asyncpg.Connection
    database: Database
    jobs: Jobs
    avatars: Avatars

    async def draw(self, **changes):
        """Claim the one job that waits and write its avatar back."""
        finished = finished_for(await claim_one(self.jobs), **changes)
        return finished, await self.avatars.write(finished)

    async def read(self, persona_id):
        host = await Host.read(self.connection)
        return await Personas(self.database, host).read(persona_id)


@pytest.fixture
async def install(bare_dsn):
    """Creates the tables that it is given, and installs Retrato beside them."""
    database = Database(daemon_role.product(bare_dsn))
    async with connected(bare_dsn) as connection:

        async def install(*tables):
            for table in tables:
                await connection.execute(table)
            await migrations.apply(bare_dsn)
            await daemon_role.make_if_asked(bare_dsn)
            await database.open()
            return Elsewhere(connection, database, new_replica(database), Avatars(database))

        yield install
    await database.close()


async def test_one_small_table_with_whole_numbers_for_keys_is_enough(install):
    host = await install(SMALL)
    await host.connection.execute("insert into personas (name) values ('Ana')")

    _, outcome = await host.draw()

    row = await host.connection.fetchrow("select persona_id, empresa_id, avatar_url from retrato.persona_status")
    assert outcome is Outcome.WRITTEN
    assert (row["persona_id"], row["empresa_id"]) == ("1", "-")
    assert row["avatar_url"].startswith("https://pictures.example/")
    assert (await host.read("1")).persona.name == "Ana"


async def test_columns_of_the_consolidated_schema_are_found(install):
    host = await install(
        "create table personas (id serial primary key, nome varchar(255), cargo varchar(100), gender varchar(20), "
        "idade integer, avatar_url text)",
        "create table personas_avatares (id serial primary key, persona_id integer, avatar_url text, "
        "avatar_thumb_path text, avatar_service varchar(50), avatar_seed bigint, generated_at timestamp)",
    )
    await host.connection.execute(
        "insert into personas (nome, cargo, gender, idade) values ('Ana', 'CEO', 'f', 41)"
    )

    finished, _ = await host.draw()

    avatar = await host.connection.fetchrow("select * from personas_avatares")
    draft = await host.read("1")
    assert await host.connection.fetchval("select avatar_url from personas") == finished.image_url
    assert (avatar["avatar_thumb_path"], avatar["avatar_seed"]) == (finished.thumbnail_url, finished.seed)
    assert avatar["generated_at"] is not None
    assert (draft.persona.role, draft.persona.gender, draft.persona.age, draft.version) == ("CEO", "f", 41, 2)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("create table nothing_more ()", "update personas set avatar_url = $1"),
        (
            "create table personas_avatares (persona_id bigint, avatar_thumb_path varchar(99))",
            "insert into personas_avatares values (1, $1)",
        ),
        (
            "create table avatares_personas (persona_id bigint, ativo boolean, avatar_url text)",
            "insert into avatares_personas values (1, false, $1)",
        ),
    ],
)
async def test_picture_that_a_row_shows_is_not_collected(install, table, row):
    host = await install(f"{SMALL}; alter table personas add avatar_url text", table)
    await host.connection.execute("insert into personas (name) values ('Ana')")
    await host.connection.execute(row, "/avatars/-/1/v1-7-0123456789abcdef.jpg")
    garbage = Garbage(host.database, await Host.read(host.connection))
    await garbage.note({"-/1/v1-7-0123456789abcdef.jpg": 7, "-/1/v1-8-0123456789abcdef.jpg": 8})

    await garbage.doom(grace_s=0, limit=10, behind="")

    assert await garbage.doomed(limit=10) == ["-/1/v1-8-0123456789abcdef.jpg"]


async def test_duplicates_in_a_table_without_unique_are_all_brought_up_to_date(install):
    host = await install(
        SMALL, "create table personas_avatares (persona_id bigint, avatar_url text, metadados json)"
    )
    await host.connection.execute("insert into personas (name) values ('Ana')")
    await host.connection.execute(
        "insert into personas_avatares values (1, null, null), (1, 'temp_1.png', '{\"aprovado\": true}')"
    )

    finished, _ = await host.draw()

    rows = await host.connection.fetch("select avatar_url, metadados from personas_avatares")
    assert {row["avatar_url"] for row in rows} == {finished.image_url}
    metadados = [json.loads(row["metadados"]) for row in rows]
    assert sorted(metadados, key=len) == [finished.metadados, {"aprovado": True, **finished.metadados}]


async def test_table_of_avatars_without_any_known_column_is_left_alone(install):
    host = await install(SMALL, "create table personas_avatares (persona_id bigint, estilo text not null)")
    await host.connection.execute("insert into personas (name) values ('Ana')")

    _, outcome = await host.draw()

    assert outcome is Outcome.WRITTEN
    assert await host.connection.fetchval("select count(*) from personas_avatares") == 0


async def test_key_may_be_held_as_text_elsewhere(install):
    host = await install(
        "create table personas (id uuid primary key default gen_random_uuid(), name text)",
        "create table personas_avatares (persona_id text unique, avatar_url text, prompt_usado text)",
    )
    persona_id = await host.connection.fetchval("insert into personas (name) values ('Ana') returning id::text")

    finished, _ = await host.draw()

    row = await host.connection.fetchrow("select persona_id, avatar_url from personas_avatares")
    assert tuple(row) == (persona_id, finished.image_url)
    assert (await host.read(persona_id)).persona.ready_prompt is None


async def test_company_may_be_an_empty_text(install):
    host = await install("create table personas (id serial primary key, name text, empresa_id text)")

    await host.connection.execute("insert into personas (name, empresa_id) values ('Ana', ''), ('Bia', null)")

    companies = await host.connection.fetch("select distinct empresa_id from retrato.jobs")
    assert [row["empresa_id"] for row in companies] == ["-"]


async def test_tables_in_a_schema_with_an_odd_name_are_found_by_the_search_path(install, bare_dsn):
    database = "current_database()"
    host = await install(
        "create schema \"O 'App'\"",
        f"do $$ begin execute format('alter database %I set search_path to \"O ''App''\"', {database}); end $$",
        "set search_path to \"O 'App'\"",
        'create table personas (id serial primary key, name text, "genero" text)',
    )
    await host.connection.execute("insert into personas (name, genero) values ('Ana', 'feminino')")

    _, outcome = await host.draw()

    assert outcome is Outcome.WRITTEN


async def test_long_prompt_is_cut_to_what_the_column_holds(install):
    host = await install(SMALL, "alter table personas add avatar_image_prompt varchar(20)")
    await host.connection.execute("insert into personas (name) values ('Ana')")

    await host.draw(prompt="A portrait of Ana, 41, in an office")

    assert await host.connection.fetchval("select avatar_image_prompt from personas") == "A portrait of Ana, 4"


@pytest.mark.parametrize(
    ("obstacle", "named"),
    [
        ("alter table personas add avatar_url varchar(12)", "too long"),
        ("create table personas_avatares (persona_id bigint, avatar_url text, prompt text not null)", "prompt"),
        (
            "create table personas_avatares (persona_id bigint, servico_usado text check (servico_usado = 'x'))",
            "servico_usado",
        ),
    ],
    ids=["address that does not fit", "column that we do not know", "list of services"],
)
async def test_table_that_cannot_take_the_avatar_is_named_and_nothing_is_written(install, obstacle, named):
    host = await install(SMALL, obstacle)
    await host.connection.execute("insert into personas (name) values ('Ana')")

    with pytest.raises(ConfigError, match=named):
        await host.draw()

    assert await host.connection.fetchval("select state from retrato.jobs") == "running"
    assert await host.connection.fetchval("select count(*) from retrato.avatars") == 0


async def test_column_that_was_dropped_while_the_daemon_runs_is_named(install):
    host = await install(SMALL, "alter table personas add avatar_image_prompt text")
    await host.connection.execute("insert into personas (name) values ('Ana')")
    await host.connection.execute("alter table personas drop column avatar_image_prompt")

    with pytest.raises(ConfigError, match="avatar_image_prompt"):
        await host.draw()


async def test_hosts_trigger_that_refuses_the_row_is_named(install):
    host = await install(
        SMALL,
        "create function refuse() returns trigger language plpgsql as $$ begin raise 'only on weekdays'; end $$",
        "create trigger refuse before update on personas for each row execute function refuse()",
    )
    await host.connection.execute("insert into personas (name) values ('Ana')")

    with pytest.raises(ConfigError, match="only on weekdays"):
        await host.draw()
