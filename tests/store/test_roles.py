"""
The daemon's role: exactly what it needs, and no more.

That it is enough is shown by all other tests when they run with RETRATO_TEST_ROLE=1; here, that one whole round
works, and what it must not do.
"""

import re

import asyncpg
import pytest
from tests import daemon_role
from tests.store.support import Application, claim_one, connected, finished_for, insert_company

from retrato.domain.errors import ConfigError
from retrato.store import migrations, sample
from retrato.store.avatars import Avatars, Outcome
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.jobs import Jobs
from retrato.store.mapping import HostMapping
from retrato.store.queries import read, sql_folder
from retrato.store.rights import lacking, roles_sql
from retrato.store.versions import Versions

REPLICA = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
async def owner(bare_dsn):
    """The owner of the sample host's tables, with Retrato and the daemon's role installed."""
    await sample.create_host_tables(bare_dsn)
    await migrations.apply(bare_dsn)
    await daemon_role.make(bare_dsn)
    async with connected(bare_dsn) as connection:
        yield Application(connection, await insert_company(connection))


@pytest.fixture
async def daemon(owner, bare_dsn):
    """A connection of the daemon's role."""
    async with connected(daemon_role.as_role(bare_dsn)) as connection:
        yield connection


@pytest.fixture
async def daemons_pool(owner, bare_dsn):
    opened = Database(daemon_role.as_role(bare_dsn))
    await opened.open()
    yield opened
    await opened.close()


async def test_it_draws_and_restores(owner, daemons_pool):
    persona_id = await owner.insert()
    written = finished_for(await claim_one(Jobs(daemons_pool, replica_id=REPLICA, lease_s=30)))

    outcome = await Avatars(daemons_pool).write(written)
    restored = await Versions(daemons_pool).restore(persona_id, 1)

    assert (outcome, restored) == (Outcome.WRITTEN, 2)
    assert (await owner.persona(persona_id))["avatar_image_url"] == written.image_url


async def test_it_lacks_nothing_and_the_owner_neither(owner, daemon):
    host = await Host.read(daemon)

    assert (await lacking(daemon, host), await lacking(owner.connection, host)) == ([], [])


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("revoke update on retrato.jobs from retrato_daemon", "update on retrato.jobs"),
        ("revoke usage on sequence retrato.tokens from retrato_daemon", "usage on retrato.tokens"),
        ("revoke execute on function retrato.write_back from retrato_daemon", "execute on retrato.write_back"),
        (
            "revoke update (avatar_image_url) on personas from retrato_daemon",
            'update (avatar_image_url) on "public"."personas"',
        ),
        ("revoke select on empresas from retrato_daemon", 'select on "public"."empresas"'),
        ("revoke usage on schema retrato from retrato_daemon", "usage on retrato"),
        ("revoke select on retrato.chores from retrato_daemon", "select on retrato.chores"),
    ],
)
async def test_what_it_lacks_is_named(owner, daemon, statement, told):
    await owner.connection.execute(statement)

    assert [str(right) for right in await lacking(daemon, await Host.read(daemon))] == [told]


@pytest.mark.parametrize(
    "statement",
    [
        "update personas set full_name = 'somebody else'",
        "update personas set empresa_id = gen_random_uuid()",
        "update personas_avatares set persona_id = gen_random_uuid()",
        "update personas_avatares set prompt_usado = 'mine'",
        "update empresas set nome = 'mine'",
        "insert into personas (persona_code, full_name, role) values ('x', 'y', 'z')",
        "insert into personas_avatares (persona_id, prompt_image) values (gen_random_uuid(), 'mine')",
        "delete from personas",
        "delete from personas_avatares",
        "truncate personas",
        "drop trigger retrato_on_insert on personas",
        "alter table personas add column mine text",
        "insert into retrato.jobs (persona_id, empresa_id) values ('x', 'y')",
        "select retrato.enqueue(array['x'], array['y'], 0::smallint, true)",
        "delete from retrato.avatars",
        "update retrato.avatars set image_url = 'mine'",
        "update retrato.migrations set sha256 = 'mine'",
        "update retrato.installation set flag_is_ours = true",
        "insert into retrato.pauses (scope) values ('all')",
        "delete from retrato.budget",
        "create table retrato.mine (id integer)",
        "create table public.mine (id integer)",
        "create role mine",
    ],
)
async def test_it_may_do_nothing_else(daemon, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await daemon.execute(statement)


async def test_it_may_not_migrate_and_is_told_so(owner, bare_dsn):
    with pytest.raises(ConfigError, match="may not migrate"):
        await migrations.apply(daemon_role.as_role(bare_dsn))


async def test_running_it_twice_changes_nothing(owner, bare_dsn, daemon):
    asked = (
        "select relname, relacl::text, (select array_agg(attacl::text) from pg_attribute where attrelid = c.oid) "
    )
    asked += "from pg_class c where relacl is not null and relnamespace <> 'pg_catalog'::regnamespace order by 1"
    before = await owner.connection.fetch(asked)

    await daemon_role.make(bare_dsn)

    assert await owner.connection.fetch(asked) == before


async def test_rows_behind_row_level_security_are_reached_by_the_daemon_alone(owner, bare_dsn, daemons_pool):
    for table in ("personas", "personas_avatares", "empresas"):
        await owner.connection.execute(f"alter table {table} enable row level security")
    await daemon_role.make(bare_dsn)
    await owner.connection.execute("create role stranger login password 'stranger'")
    persona_id = await owner.insert()
    try:
        await owner.connection.execute("grant select on personas to stranger")
        async with connected(bare_dsn, user="stranger", password="stranger") as stranger:
            seen_by_stranger = await stranger.fetchval("select count(*) from personas")
    finally:
        await owner.connection.execute("drop owned by stranger")
        await owner.connection.execute("drop role stranger")

    written = finished_for(await claim_one(Jobs(daemons_pool, replica_id=REPLICA, lease_s=30)))
    outcome = await Avatars(daemons_pool).write(written)

    avatar = await owner.connection.fetchval("select avatar_url from personas_avatares")
    assert seen_by_stranger == 0
    assert outcome is Outcome.WRITTEN
    assert avatar == (await owner.persona(persona_id))["avatar_image_url"] == written.image_url


SEVERAL_ROWS = """
create table personas (id bigserial primary key, name text, avatar_url text);
create table avatares_personas (
    id serial primary key, persona_id bigint, avatar_url varchar not null, prompt_usado text not null,
    servico_usado text, versao integer, ativo boolean, metadados jsonb
)
"""
ONE_TABLE = "create table personas (id text primary key, name text, avatar_url text, avatar_metadata jsonb)"
ODD_NAMES = """
create schema "O Banco";
create table "O Banco".people ("the ""key" text primary key, name text, "photo, small" text)
"""
ODD = HostMapping(
    personas='"O Banco".people', columns={"id": 'the "key', "avatar_url": "photo, small"}, avatares=""
)


@pytest.mark.parametrize(
    ("tables", "mapping", "insert"),
    [
        (SEVERAL_ROWS, HostMapping(), "insert into personas (name) values ('Ana')"),
        (ONE_TABLE, HostMapping(), "insert into personas values ('p1', 'Ana')"),
        (ODD_NAMES, ODD, "insert into \"O Banco\".people values ('p1', 'Ana')"),
    ],
    ids=["several rows a persona, numbered by a sequence", "one table", "odd names"],
)
async def test_it_draws_and_restores_in_other_shapes(bare_dsn, tables, mapping, insert):
    async with connected(bare_dsn) as owner:
        await owner.execute(tables)
        await migrations.apply(bare_dsn, mapping)
        await daemon_role.make(bare_dsn, mapping)
        await owner.execute(insert)
        host = await Host.read(owner, mapping)
    daemon = Database(daemon_role.as_role(bare_dsn))
    await daemon.open()
    try:
        job = await claim_one(Jobs(daemon, replica_id=REPLICA, lease_s=30))

        outcome = await Avatars(daemon).write(finished_for(job))
        restored = await Versions(daemon).restore(job.persona_id, 1)

        async with daemon.connection() as connection:
            missing = await lacking(connection, host)
    finally:
        await daemon.close()
    assert (outcome, restored, missing) == (Outcome.WRITTEN, 2, [])


def test_every_function_that_the_product_calls_is_granted():
    statements = [*sql_folder().glob("queries/*.sql"), *(sql_folder().parent / "daemon").rglob("store/*.py")]
    called = {name for path in statements for name in re.findall(r"retrato\.([a-z_]+)\(", path.read_text())}
    granted = set(re.findall(r"^grant execute on function retrato\.([a-z_]+) ", read("roles.sql"), re.MULTILINE))

    assert called <= granted


@pytest.mark.parametrize("role", ["", "x" * 64, "a'b", 'a"b', "a$do$b", "a b", "a%b", "a;b"])
async def test_name_that_would_break_the_file_is_refused(owner, role):
    with pytest.raises(ConfigError, match="retrato_daemon"):
        roles_sql(await Host.read(owner.connection), role)


async def test_every_word_is_replaced(owner):
    assert re.findall(r"\{[a-z_]+\}", roles_sql(await Host.read(owner.connection), "x")) == []
