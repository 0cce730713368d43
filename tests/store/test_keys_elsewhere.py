"""Keys of all kinds: each is refused with its name and the reason, or works the whole way."""

from uuid import UUID

import pytest
from tests.store.support import claim_one, connected, finished_for, new_replica
from tests.store.types import CITEXT

from retrato.domain.errors import ConfigError, NotFoundError
from retrato.store import migrations
from retrato.store.avatars import Avatars, Outcome
from retrato.store.chores import Chores
from retrato.store.control import Control
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.mapping import HostMapping
from retrato.store.personas import Personas
from retrato.store.requests import Requests, Wish
from retrato.store.versions import Versions

ODD = 'O\'Hara "x\\y" %s {id} ; -- ação\t\u2192'

WORKING = {
    "uuid": ("", "uuid", str(UUID(int=7))),
    "smallint": ("", "smallint", "7"),
    "integer": ("", "integer", "-7"),
    "bigint": ("", "bigint", "9007199254740993"),
    "numeric": ("", "numeric(20, 2)", "7.10"),
    "char": ("", "char(12)", "ab"),
    "varchar": ("", "varchar(40)", "ab "),
    "text": ("", "text", ODD),
    "empty text": ("", "text", ""),
    "name": ("", "name", "ab"),
    "citext elsewhere": (CITEXT, "extensions.citext", "Ana"),
    "domain over uuid": (
        "create domain persona_id as uuid check (value is not null)",
        "persona_id",
        str(UUID(int=7)),
    ),
    "domain over a domain": (
        (
            "create schema app; create domain app.code as varchar(9) check (value ~ '^p'); "
            "create domain app.c2 as app.code"
        ),
        "app.c2",
        "p-7",
    ),
    "enum": ("create schema app; create type app.who as enum ('Bia', 'Ana')", "app.who", "Ana"),
    "enum with an odd name": ('create type "O\'Who ""x""" as enum (\'Bia\', \'Ana\')', '"O\'Who ""x"""', "Ana"),
    "text in our order": ("", 'text collate "C"', "Ana"),
}


@pytest.fixture
async def owner(bare_dsn):
    async with connected(bare_dsn) as connection:
        yield connection


@pytest.fixture
async def pool(bare_dsn):
    database = Database(bare_dsn)
    yield database
    await database.close()


@pytest.mark.parametrize("avatares", [False, True], ids=["one table", "two tables"])
@pytest.mark.parametrize(("before", "kind", "value"), WORKING.values(), ids=WORKING)
async def test_key_of_this_type_works_the_whole_way(owner, pool, bare_dsn, before, kind, value, avatares):
    await owner.execute(f"{before}; create table personas (id {kind} primary key, name text, avatar_url text)")
    if avatares:
        await owner.execute(
            f"create table personas_avatares (persona_id {kind} references personas on delete cascade unique, "
            "avatar_url text, metadados jsonb, prompt_usado text)"
        )
    await migrations.apply(bare_dsn)
    await migrations.apply(bare_dsn)
    await pool.open()
    host = await Host.read(owner)
    insert = f"insert into personas (id, name) values ($1::text::{kind.partition(' collate')[0]}, 'Ana')"
    jobs, avatars = new_replica(pool), Avatars(pool)
    personas, requests = Personas(pool, host), Requests(pool)

    await owner.execute(insert, value)
    persona_id = await owner.fetchval("select persona_id from retrato.persona_status")
    cancelled = await Control(pool).cancel_personas([persona_id])
    asked = await requests.for_personas([persona_id], Wish.MISSING)
    draft = await personas.read(persona_id)
    outcome = await avatars.write(finished_for(await claim_one(jobs)))
    await owner.execute("update personas set regenerate_avatar = true")
    second = finished_for(await claim_one(jobs), version=2)
    await avatars.write(second)
    restored = await Versions(pool).restore(persona_id, 1)
    await owner.execute(
        "delete from retrato.avatars; delete from retrato.jobs; update personas set avatar_url = null"
    )
    if avatares:
        await owner.execute("update personas_avatares set avatar_url = null")
        await owner.execute("update personas_avatares set prompt_usado = 'Ana at her desk'")
        await owner.execute("delete from retrato.jobs")
    chores = Chores(pool, host)
    swept = [
        (await chores.sweep(position, limit=9, everybody=True)).missing for position in ("", persona_id or "-")
    ]

    assert persona_id == value
    assert (cancelled, asked, draft.persona.name, outcome) == (1, 1, "Ana", Outcome.WRITTEN)
    assert (restored, swept[0]) == (3, [persona_id])
    await owner.execute("delete from personas")
    assert await owner.fetchval("select count(*) from retrato.jobs") == 0


@pytest.mark.parametrize("kind", ["varchar(3)", "char(3)", "numeric(4, 0)", "integer", "uuid"])
async def test_what_is_no_key_there_finds_nobody_else(owner, pool, bare_dsn, kind):
    value = str(UUID(int=7)) if kind == "uuid" else "123"
    await owner.execute(f"create table personas (id {kind} primary key, name text)")
    await migrations.apply(bare_dsn)
    await pool.open()
    await owner.execute(f"insert into personas values ('{value}', '[A GERAR]')")
    await owner.execute("update personas set name = 'Ana'")
    await owner.execute("delete from retrato.jobs")

    async def ask(persona_id):
        try:
            return await Requests(pool).for_personas([persona_id], Wish.MISSING)
        except NotFoundError:
            return 0

    assert [await ask(f"{value}4"), await ask(f"{value}.4"), await ask("x")] == [0, 0, 0]
    assert await ask(value) == 1


UNIQUE = {
    "composite tenant key": (
        "create table personas (tenant_id int, id int, name text, primary key (tenant_id, id))",
        r"personas_pkey is on \(tenant_id, id\)",
    ),
    "composite the other way round": (
        "create table personas (tenant_id int, id int, name text, primary key (id, tenant_id))",
        r"personas_pkey is on \(id, tenant_id\)",
    ),
    "no key": ("create table personas (id int not null, name text)", "no unique index is on it"),
    "index that is not unique": (
        "create table personas (id int not null, name text); create index on personas (id)",
        "no unique index is on it",
    ),
    "partial": (
        "create table personas (id int not null, name text); create unique index ours on personas (id) where id<9",
        "ours is partial",
    ),
    "expression": (
        "create table personas (id text not null, name text); create unique index ours on personas (lower(id))",
        r"ours is on \(lower\(id\)\)",
    ),
    "deferrable": (
        "create table personas (id int primary key deferrable, name text)",
        "personas_pkey is deferrable",
    ),
    "deferred": (
        "create table personas (id int not null unique deferrable initially deferred, name text)",
        "personas_id_key is deferrable",
    ),
    "invalid": (
        (
            "create table personas (id int not null, name text); create unique index ours on personas (id);"
            "update pg_index set indisvalid = false where indexrelid = 'ours'::regclass"
        ),
        "ours is not valid",
    ),
    "nullable": ("create table personas (id int unique, name text)", "may be null"),
    "partitioned by tenant": (
        (
            "create table personas (tenant_id int, id int, name text, primary key (tenant_id, id)) "
            "partition by list (tenant_id)"
        ),
        r"personas_pkey is on \(tenant_id, id\)",
    ),
}
TYPES = [
    "bytea",
    "timestamptz",
    "date",
    "interval",
    "float8",
    "real",
    "money",
    "int[]",
    "int4range",
    "inet",
    "jsonb",
]


@pytest.mark.parametrize(("table", "told"), UNIQUE.values(), ids=UNIQUE)
async def test_key_that_may_stand_for_several_rows_is_refused_by_name(owner, bare_dsn, table, told):
    await owner.execute(table)

    with pytest.raises(ConfigError, match=told) as refused:
        await migrations.apply(bare_dsn)

    assert '"public"."personas", "id",' in str(refused.value)
    assert await owner.fetchval("select to_regnamespace('retrato')") is None


@pytest.mark.parametrize("kind", TYPES)
async def test_key_that_is_another_text_in_another_session_is_refused_by_its_type(owner, bare_dsn, kind):
    await owner.execute(f"create table personas (id {kind} primary key, name text)")

    with pytest.raises(ConfigError, match="which is not the same text everywhere"):
        await migrations.apply(bare_dsn)


async def test_composite_type_is_refused_as_key(owner, bare_dsn):
    await owner.execute(
        "create type pair as (a int, b int); create table personas (id pair primary key, name text)"
    )

    with pytest.raises(ConfigError, match=r"public\.pair"):
        await migrations.apply(bare_dsn)


async def test_key_in_an_order_of_its_own_is_refused(owner, bare_dsn):
    await owner.execute('create table personas (id text collate "POSIX" primary key, name text)')

    with pytest.raises(ConfigError, match='has the collation "POSIX"'):
        await migrations.apply(bare_dsn)


async def test_company_may_have_an_order_of_its_own(owner, pool, bare_dsn):
    await owner.execute(
        'create table empresas (id text collate "POSIX" primary key, nome text collate "POSIX");'
        'create table personas (id int primary key, name text collate "POSIX", empresa_id text collate "POSIX")'
    )
    await migrations.apply(bare_dsn)
    await pool.open()
    await owner.execute("insert into empresas values ('a', 'ARVA'); insert into personas values (1, 'Ana', 'a')")

    asked = await Requests(pool).for_company("a", Wish.ALL)
    outcome = await Avatars(pool).write(finished_for(await claim_one(new_replica(pool))))

    assert (asked, outcome) == (1, Outcome.WRITTEN)


async def test_another_column_may_be_the_key(owner, bare_dsn):
    await owner.execute(
        "create table personas (tenant_id int, id int, code text not null unique, name text, "
        "primary key (tenant_id, id))"
    )

    assert await migrations.apply(bare_dsn, HostMapping(columns={"id": "code"}))


@pytest.mark.parametrize(
    "more",
    ["include (name)", ", primary key (tenant_id, id)"],
)
async def test_unique_index_beside_others_is_enough(owner, bare_dsn, more):
    unique = f"unique (id) {more}" if more.startswith("include") else f"unique (id){more}"
    await owner.execute(f"create table personas (tenant_id int, id int not null, name text, {unique})")

    assert await migrations.apply(bare_dsn)


async def test_uuid_of_a_partitioned_table_is_as_unique_as_it_can_be(owner, bare_dsn):
    await owner.execute(
        "create table personas (id uuid default gen_random_uuid(), name text, born date, primary key (id, born)) "
        "partition by range (born); create table now partition of personas default"
    )

    assert await migrations.apply(bare_dsn)


KINDS = {
    "view": (
        "create table people (id int primary key, name text); create view personas as table people",
        "a view",
    ),
    "materialized view": (
        "create table people (id int primary key, name text); create materialized view personas as table people",
        "a materialized view",
    ),
    "foreign table": (
        (
            "create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere; "
            "create foreign table personas (id int, name text) server nowhere"
        ),
        "a foreign table",
    ),
    "inherited table": (
        "create table personas (id int primary key, name text); create table vips () inherits (personas)",
        r"inherit from .*personas.* \(vips\)",
    ),
    "view of avatars": (
        (
            "create table personas (id int primary key, name text); "
            "create table faces (persona_id int, avatar_url text);"
            "create view personas_avatares as table faces"
        ),
        '"personas_avatares" is a view',
    ),
    "flag that is a text": (
        "create table personas (id int primary key, name text, regenerate_avatar text)",
        "regenerate_avatar that is of type text",
    ),
    "flag that is computed": (
        (
            "create table personas (id int primary key, name text, "
            "regenerate_avatar boolean generated always as (name is null) stored)"
        ),
        "computed by the database",
    ),
    "address that is no text": (
        "create table personas (id int primary key, name text, avatar_url jsonb)",
        '"avatar_url" of .*type jsonb',
    ),
}


@pytest.mark.parametrize(("tables", "told"), KINDS.values(), ids=KINDS)
async def test_what_is_no_fit_table_is_refused_by_name(owner, bare_dsn, tables, told):
    await owner.execute(tables)

    with pytest.raises(ConfigError, match=told):
        await migrations.apply(bare_dsn)


async def test_companies_may_be_a_view(owner, pool, bare_dsn):
    await owner.execute(
        "create table personas (id int primary key, name text, company_id int);"
        "create table firms (id int, nome text);"
        "create view empresas as table firms; insert into firms values (1, 'ARVA')"
    )
    await migrations.apply(bare_dsn)
    await owner.execute("insert into personas values (1, 'Ana', 1)")
    await pool.open()

    draft = await Personas(pool, await Host.read(owner)).read("1")

    assert draft.persona.empresa_name == "ARVA"


@pytest.mark.parametrize("table", ["companies", "company", "organizations", "tenants", "empresa"])
async def test_tables_with_english_names_are_found(owner, table):
    column = {"organizations": "organization_id", "tenants": "tenant_id"}.get(table, "company_id")
    await owner.execute(
        f"create table {table} (id int primary key, name text);"
        f"create table persona (id int primary key, name text, {column} int references {table})"
    )

    host = await Host.read(owner)

    assert (host.personas.name, host.empresas.name) == ('"public"."persona"', f'"public"."{table}"')
    assert host.key("empresa_id") == column


async def test_of_several_tables_that_of_the_foreign_key_is_the_companies(owner):
    await owner.execute(
        "create table companies (id int primary key, name text);"
        "create table tenants (id int primary key, name text);"
        "create table personas (id int primary key, name text, tenant_id int references tenants)"
    )

    assert (await Host.read(owner)).empresas.name == '"public"."tenants"'


async def test_tables_that_might_have_been_meant_are_named(owner):
    await owner.execute('create table "Persona" (id text primary key); create table characters (id int)')

    with pytest.raises(ConfigError, match='but has "Persona", characters'):
        await Host.read(owner)
