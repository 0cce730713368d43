"""Wrapper functions for PostgREST: called as supabase-js calls them, by the roles that were named alone."""

import asyncio

import asyncpg
import pytest
from tests.store.support import connected

from retrato.domain.errors import ConfigError
from retrato.store import migrations, rpc, sample
from retrato.store.rpc import Exposure
from retrato.store.uninstall import uninstall

NAMES = list(rpc.NAMES)
THERE = """
select p.proname::text
from pg_proc p
where p.proname = any($1::text[]) and p.pronamespace = 'public'::regnamespace
order by 1
"""
WHO_MAY = """
select distinct pg_get_userbyid(a.grantee)::text
from pg_proc p, aclexplode(p.proacl) a
where p.proname = any($1::text[]) and p.pronamespace = 'public'::regnamespace and a.grantee <> p.proowner
"""


@pytest.fixture
async def dsn(bare_dsn):
    """Address of a database that was migrated for this test alone."""
    await sample.create_host_tables(bare_dsn)
    await migrations.apply(bare_dsn)
    return bare_dsn


@pytest.fixture
async def roles(connection):
    """Two roles of the application, which may do nothing."""
    names = ("rpc_web", 'rpc "Odd" role')
    for name in names:
        await connection.execute(f"""create role "{name.replace('"', '""')}" login password 'web'""")
    yield names
    for name in names:
        quoted = f'''"{name.replace('"', '""')}"'''
        await connection.execute(f"drop owned by {quoted}; drop role {quoted}")


@pytest.fixture
async def empresa(dsn, connection):
    """A company with two personas, nobody in the queue."""
    empresa_id = await sample.insert_company(dsn, personas=2)
    await connection.execute("delete from retrato.jobs")
    return empresa_id


@pytest.fixture
async def web(dsn, roles):
    """A session of the first role, as PostgREST has one."""
    async with connected(dsn, user="rpc_web", password="web") as opened:
        yield opened


async def test_named_role_orders_as_supabase_js_calls_it(dsn, roles, web, empresa):
    await rpc.apply(dsn, Exposure("public", roles[:1]))

    executar = await web.fetchval("select public.request_company(empresa_id => $1)", empresa)
    status = await web.fetch("select * from public.avatar_status(empresa_id => $1)", empresa)
    forced = await web.fetchval("select public.request_company(empresa_id => $1, force => true)", empresa)
    null = await web.fetchval("select public.request_company(empresa_id => $1, force => null)", empresa)

    assert (executar, forced, null) == (2, 2, 0)
    assert [tuple(row) for row in status] == [("queued", 2)]


async def test_named_role_orders_for_some_personas(dsn, roles, web, connection, empresa):
    await rpc.apply(dsn, Exposure("public", roles[:1]))
    persona_id = await connection.fetchval("select min(id::text) from personas")

    assert await web.fetchval("select public.request(persona_ids => array[$1])", persona_id) == 1


async def test_wrappers_are_closed_to_everybody_else_whatever_the_schema_gives_away(dsn, roles, web, connection):
    await connection.execute(
        f'alter default privileges in schema public grant all on functions to "{roles[0]}", public'
    )

    await rpc.apply(dsn, Exposure("public", roles[1:]))

    for call in ("request_company('x')", "request('{}')", "avatar_status('x')"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.fetch(f"select public.{call}")
    assert [row[0] for row in await connection.fetch(WHO_MAY, NAMES)] == [roles[1]]


async def test_wrappers_run_with_an_empty_search_path_and_give_no_other_right(dsn, roles, web, connection):
    await rpc.apply(dsn, Exposure("public", roles[:1]))

    guarded = await connection.fetch("select prosecdef, proconfig from pg_proc where proname = any($1)", NAMES[:1])

    assert [tuple(row) for row in guarded] == [(True, ['search_path=""'])]
    for statement in ("select retrato.request('{}', false)", "select * from retrato.persona_status"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute(statement)


async def test_repeated_it_does_nothing_and_another_role_takes_the_place_of_the_first(dsn, roles, connection):
    first = await rpc.apply(dsn, Exposure("public", roles[:1]))
    again = await rpc.apply(dsn, Exposure("public", roles[:1]))
    await rpc.apply(dsn, Exposure("public", roles[1:]))
    who = [row[0] for row in await connection.fetch(WHO_MAY, NAMES)]
    both = await rpc.apply(dsn, Exposure("public", roles))

    assert (len(first), again) == (4, [])
    assert who == [roles[1]]
    assert both


async def test_many_at_once_come_one_after_the_other(dsn, roles):
    done = await asyncio.gather(*(rpc.apply(dsn, Exposure("public", roles)) for _ in range(6)))

    assert sorted(len(steps) for steps in done) == [0, 0, 0, 0, 0, 4]


async def test_schema_with_an_odd_name_is_served(dsn, roles, connection, empresa):
    await connection.execute("""create schema "api's ""v1"" $do$"; """)

    await rpc.apply(dsn, Exposure("""api's "v1" $do$""", roles))

    assert await connection.fetchval("""select "api's ""v1"" $do$".request_company($1)""", empresa) == 2


@pytest.mark.parametrize(
    ("schema", "role", "named"),
    [
        ("nowhere", "rpc_web", "'nowhere'"),
        ("public", "nobody_at_all", "nobody_at_all"),
        ("public", "public", "public"),
        ("public; drop table personas", "rpc_web", "drop table"),
        ("retrato", "rpc_web", "'retrato'"),
        ("pg_catalog", "rpc_web", "'pg_catalog'"),
        ("information_schema", "rpc_web", "'information_schema'"),
    ],
)
async def test_unknown_schema_or_role_is_refused_by_its_name(dsn, roles, connection, schema, role, named):
    with pytest.raises(ConfigError, match=named):
        await rpc.apply(dsn, Exposure(schema, [role]))

    assert await connection.fetch(THERE, NAMES) == []


async def test_function_of_the_application_is_neither_replaced_nor_dropped(dsn, roles, connection):
    await connection.execute("create function public.request(persona_ids text[]) returns integer return 7")

    with pytest.raises(ConfigError, match=r"public\.request\(persona_ids text\[\]\) is there already"):
        await rpc.apply(dsn, Exposure("public", roles))
    await uninstall(dsn)

    assert await connection.fetchval("select public.request('{}')") == 7


async def test_role_that_may_not_write_there_is_refused(dsn, roles):
    theirs = f"postgresql://rpc_web:web@{dsn.rpartition('@')[2]}"

    with pytest.raises(ConfigError, match="may not write functions there"):
        await rpc.apply(theirs, Exposure("public", roles))


async def test_migrating_again_keeps_them_and_writes_old_ones_anew(dsn, roles, web, connection, empresa):
    await rpc.apply(dsn, Exposure("public", roles[:1]))
    await migrations.apply(dsn)
    kept = await web.fetchval("select public.request_company($1)", empresa)
    await connection.execute(
        "create or replace function public.request_company(empresa_id text, force boolean default false)"
        " returns integer language sql as 'select -1'; grant execute on function public.request to public"
    )
    missing = await rpc.what_is_missing(connection)
    await rpc.apply(dsn)

    assert kept == 2
    assert len(missing) == 2
    assert await rpc.what_is_missing(connection) == []
    assert await web.fetchval("select public.request_company($1, true)", empresa) == 2
    assert [row[0] for row in await connection.fetch(WHO_MAY, NAMES)] == [roles[0]]


async def test_uninstalling_takes_them_away_from_every_schema(dsn, roles, connection):
    await connection.execute("create schema api")
    await rpc.apply(dsn, Exposure("public", roles))
    await rpc.apply(dsn, Exposure("api", roles))

    steps = await uninstall(dsn)

    assert sum(step.words.startswith("drop the function ") for step in steps) == 6
    assert await connection.fetchval("select count(*) from pg_proc where proname = any($1)", NAMES) == 0


async def test_without_them_nothing_is_planned_and_nothing_missing(dsn, connection):
    assert await rpc.plan(connection) == []
    assert await rpc.what_is_missing(connection) == []
