"""Leaving again: nothing of ours stays in the database but the flag's column, nothing of the host's is touched."""

import asyncio

import asyncpg
import pytest
from tests.store.support import blocked, connected

from retrato.domain.errors import ConfigError, StoreUnavailableError
from retrato.store import migrations, sample
from retrato.store.uninstall import flags_left, plan, uninstall


@pytest.fixture
async def dsn(bare_dsn):
    """Address of a database that was migrated for this test alone."""
    await sample.create_host_tables(bare_dsn)
    await migrations.apply(bare_dsn)
    return bare_dsn


OURS = """
select count(*)
from pg_depend d
where d.refclassid = 'pg_namespace'::regclass and d.refobjid = to_regnamespace('retrato')
"""
TRIGGERS = "select count(*) from pg_trigger where tgname like 'retrato%'"


async def test_nothing_of_ours_stays_and_the_hosts_rows_do(dsn, connection):
    await sample.insert_company(dsn, personas=3)
    before = await connection.fetch("select * from personas order by id")

    await uninstall(dsn)

    assert await connection.fetchval("select to_regnamespace('retrato')") is None
    assert (await connection.fetchval(OURS), await connection.fetchval(TRIGGERS)) == (0, 0)
    assert await connection.fetch("select * from personas order by id") == before


async def test_application_works_on_without(dsn, connection):
    await uninstall(dsn)

    await sample.insert_company(dsn, personas=2)
    await connection.execute("update personas set regenerate_avatar = true")
    await connection.execute("delete from personas")


async def test_uninstalling_twice_does_nothing_the_second_time(dsn):
    await uninstall(dsn)

    assert await uninstall(dsn) == []


async def test_it_can_be_installed_again(dsn, connection):
    await uninstall(dsn)

    await migrations.apply(dsn)

    assert await migrations.what_is_missing(connection) == []


async def test_plan_tells_it_and_does_nothing(dsn, connection):
    planned = await plan(connection)

    assert await migrations.what_is_missing(connection) == []
    assert planned == await uninstall(dsn)
    assert planned[-1].sql == "drop schema retrato"
    assert 'drop the trigger retrato_on_insert on "public"."personas"' in [step.words for step in planned]


async def test_column_of_the_flag_is_told_if_it_is_ours(dsn, connection):
    [ours] = await flags_left(connection)
    await connection.execute("update retrato.installation set flag_is_ours = false")
    theirs = await flags_left(connection)
    await uninstall(dsn)
    await connection.execute(ours)

    assert ours == 'alter table "public"."personas" drop column regenerate_avatar'
    assert (theirs, await flags_left(connection)) == ([], [])


@pytest.mark.parametrize(
    "built_on_ours",
    [
        "create view public.faces as select * from retrato.persona_status",
        "create view public.faces as select * from retrato.avatars",
    ],
)
async def test_what_others_have_built_on_ours_is_not_torn_down(dsn, connection, built_on_ours):
    await connection.execute(built_on_ours)

    with pytest.raises(ConfigError, match="view faces depends on"):
        await uninstall(dsn)

    assert await connection.fetchval("select count(*) from faces") == 0
    assert await migrations.what_is_missing(connection) == []


async def test_table_in_use_is_waited_for_with_pauses(dsn, connection):
    async with asyncio.TaskGroup() as group, connected(dsn) as watching:
        async with connection.transaction():
            await connection.execute("lock table personas in row exclusive mode")
            leaving = group.create_task(uninstall(dsn, lock_timeout_s=0.1))
            await blocked(watching)
        await leaving

    assert await connection.fetchval("select to_regnamespace('retrato')") is None


async def test_table_that_is_never_free_leaves_everything_installed(dsn, connection):
    async with connection.transaction():
        await connection.execute("lock table personas in row exclusive mode")

        with pytest.raises(StoreUnavailableError, match="quieter time"):
            await uninstall(dsn, lock_timeout_s=0.02, tries=2)

    assert await migrations.what_is_missing(connection) == []


async def test_role_without_the_right_is_told_so(dsn, connection):
    await connection.execute("create role passer_by login password 'passer_by'")
    try:
        address = dsn.rpartition("@")[2]
        with pytest.raises(ConfigError, match="may not uninstall"):
            await uninstall(f"postgresql://passer_by:passer_by@{address}")
    finally:
        await connection.execute("drop role passer_by")

    assert await migrations.what_is_missing(connection) == []


async def test_names_that_need_quotes_are_quoted(bare_dsn):
    async with connected(bare_dsn) as connection:
        await connection.execute('create schema "O Banco"; set search_path = "O Banco"')
        await connection.execute('create table "personas" (id integer primary key, name text)')
        await connection.execute(f'alter database "{bare_dsn.rpartition("/")[2]}" set search_path = "O Banco"')
    await migrations.apply(bare_dsn)

    await uninstall(bare_dsn)

    async with connected(bare_dsn) as connection:
        with pytest.raises(asyncpg.InvalidSchemaNameError):
            await connection.execute("comment on schema retrato is 'gone'")
