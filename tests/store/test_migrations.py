import asyncio
import hashlib

import asyncpg
import pytest
from tests.store.snapshot import SNAPSHOT, describe
from tests.store.support import blocked, connected, insert_company, new_replica

from retrato.domain.errors import ConfigError, NotMigratedError, StoreUnavailableError
from retrato.store import migrations, sample
from retrato.store.database import Database
from retrato.store.queries import sql_folder


@pytest.fixture
async def host(bare_dsn):
    """A connection to the application's database, in which Retrato was never installed."""
    await sample.create_host_tables(bare_dsn)
    async with connected(bare_dsn) as connection:
        yield connection


@pytest.fixture
async def dsn(bare_dsn, host):
    """Address of a database that was migrated for this test alone."""
    await migrations.apply(bare_dsn)
    return bare_dsn


async def is_installed(connection):
    return await connection.fetchval("select to_regnamespace('retrato') is not null")


async def test_schema_is_what_the_snapshot_says(dsn):
    assert await describe(dsn) == SNAPSHOT.read_text(encoding="utf-8"), "run `make snapshot` and read the diff"


def test_released_migrations_never_change():
    folder = sql_folder() / "migrations"

    frozen = dict(reversed(line.split()) for line in (folder / "frozen.sha256").read_text().splitlines())

    assert frozen == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.sql"))
    }


async def test_migrating_twice_changes_nothing(dsn):
    again = await migrations.apply(dsn)

    assert not [step for step in again if step.words.startswith("run migration")]
    assert await describe(dsn) == SNAPSHOT.read_text(encoding="utf-8")


async def test_those_that_migrate_at_once_all_succeed(bare_dsn, host):
    await asyncio.gather(*(migrations.apply(bare_dsn) for _ in range(4)))

    assert await migrations.what_is_missing(host) == []


async def test_migrating_enqueues_nobody_who_was_there_before(bare_dsn, host):
    await sample.insert_company(bare_dsn, personas=3)

    await migrations.apply(bare_dsn)

    assert await host.fetchval("select count(*) from retrato.jobs") == 0


async def test_plan_tells_what_would_be_done_and_does_nothing(host):
    steps = await migrations.plan(host)

    words = [step.words for step in steps]
    assert words[0] == "run migration 0001_queue.sql"
    assert 'add the column regenerate_avatar (boolean, false) to "public"."personas"' in words
    assert [step.touches_host for step in steps].count(True) == 6
    assert not await is_installed(host)


async def test_plan_of_a_migrated_database_only_replaces_functions_and_triggers(connection):
    steps = await migrations.plan(connection)

    assert {step.words.partition(" (")[0] for step in steps} == {
        "create or replace functions",
        'create or replace triggers on "public"."personas"',
        'create or replace triggers on "public"."personas_avatares"',
    }


async def test_table_in_use_is_waited_for_with_pauses(bare_dsn, host):
    async with asyncio.TaskGroup() as group, connected(bare_dsn) as watching:
        async with host.transaction():
            await insert_company(host)
            await host.execute("lock table personas in row exclusive mode")
            migrating = group.create_task(migrations.apply(bare_dsn, lock_timeout_s=0.1))
            await blocked(watching)
            await passed(watching)
        await migrating

    assert await migrations.what_is_missing(host) == []


async def test_application_that_has_inserted_is_not_caught_between_two_locks(dsn, connection, monkeypatch):
    ours = migrations.migrations()
    wide = migrations.Migration(9999, "9999_wide.sql", "alter table retrato.jobs add column remark text")
    monkeypatch.setattr(migrations, "migrations", lambda: [*ours, wide])
    async with asyncio.TaskGroup() as group, connected(dsn) as watching:
        async with connection.transaction():
            # Whoever looks first for a deadlock is shot: let it be the application.
            await connection.execute("set local deadlock_timeout = '50ms'")
            await connection.execute("lock table personas in row exclusive mode")
            migrating = group.create_task(migrations.apply(dsn, lock_timeout_s=5))
            await blocked(watching)
            # Its trigger writes into the queue, which the migration is going to lock.
            empresa_id = await insert_company(connection)
            await connection.execute(
                "insert into personas (persona_code, full_name, role, empresa_id) values ('A', 'Ana', '-', $1)",
                empresa_id,
            )
        await migrating

    assert await connection.fetchval("select count(*) from retrato.jobs where remark is null") == 1


async def passed(watching):
    """Wait until nobody waits for a lock: the migration has let the others pass."""
    async with asyncio.timeout(10):
        while await watching.fetchval(
            "select count(*) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
        ):
            pass


async def test_table_that_is_never_free_leaves_nothing_half_done(bare_dsn, host):
    async with host.transaction():
        await host.execute("lock table personas in row exclusive mode")

        with pytest.raises(StoreUnavailableError, match="quieter time"):
            await migrations.apply(bare_dsn, lock_timeout_s=0.02, tries=2)

    assert not await is_installed(host)


async def test_migration_that_ran_with_another_content_is_refused(dsn, connection):
    await connection.execute("update retrato.migrations set sha256 = 'of another build'")

    with pytest.raises(NotMigratedError, match=r"0001_queue\.sql ran here with another content"):
        await migrations.apply(dsn)
    with pytest.raises(NotMigratedError, match="another build"):
        await migrations.what_is_missing(connection)


async def test_database_without_personas_is_named_as_the_wrong_one(bare_dsn):
    with pytest.raises(ConfigError, match="is RETRATO_DATABASE_URL the application's database"):
        await migrations.apply(bare_dsn)

    async with connected(bare_dsn) as connection:
        assert not await is_installed(connection)


async def test_view_called_personas_is_not_taken_for_the_table(bare_dsn):
    async with connected(bare_dsn) as connection:
        await connection.execute("create view personas as select 1 as id, 'Ana' as name")

    with pytest.raises(ConfigError, match="no table `personas`"):
        await migrations.apply(bare_dsn)


async def test_role_without_the_right_is_told_so(bare_dsn, host):
    await host.execute("create role visitor login password 'visitor'")
    try:
        async with connected(bare_dsn, user="visitor", password="visitor") as visitor:
            address = visitor._addr
        dsn = f"postgresql://visitor:visitor@{address[0]}:{address[1]}/{bare_dsn.rpartition('/')[2]}"

        with pytest.raises(ConfigError, match="may not migrate: permission denied"):
            await migrations.apply(dsn)
    finally:
        await host.execute("drop role visitor")


async def test_error_inside_a_migration_is_not_blamed_on_a_missing_migration(bare_dsn, host, monkeypatch):
    broken = migrations.Migration(1, "0001_broken.sql", "select no_such_function()")
    monkeypatch.setattr(migrations, "migrations", lambda: [broken])

    with pytest.raises(asyncpg.UndefinedFunctionError, match="no_such_function"):
        await migrations.apply(bare_dsn)


async def test_what_is_missing_is_told_in_words(bare_dsn, host):
    told = [await migrations.what_is_missing(host)]
    await migrations.apply(bare_dsn)
    for damage in (
        "create table put_aside as table retrato.migrations; delete from retrato.migrations",
        "insert into retrato.migrations table put_aside",
        "alter table personas drop column regenerate_avatar cascade",
        "alter table personas add regenerate_avatar bool; update retrato.installation set functions_sha256 = ''",
    ):
        await host.execute(damage)
        told.append(await migrations.what_is_missing(host))

    assert told == [
        ["schema retrato is not installed"],
        [f"migration {migration.name} has not run" for migration in migrations.migrations()],
        [],
        ['"public"."personas" has no column regenerate_avatar'],
        ["functions and triggers were made by another release or for other host tables"],
    ]


async def test_changed_host_table_is_noticed_and_mended_by_migrating(dsn, connection):
    await connection.execute("alter table personas add avatar_url text")
    before = await migrations.what_is_missing(connection)

    await migrations.apply(dsn)

    assert len(before) == 1
    assert await migrations.what_is_missing(connection) == []


async def test_work_on_a_database_that_was_never_migrated_names_the_command(bare_dsn, host):
    database = Database(bare_dsn)
    await database.open()

    with pytest.raises(NotMigratedError, match="retrato migrate"):
        await new_replica(database).claim(1, pace_s=0)

    await database.close()
