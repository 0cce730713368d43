import asyncio
import hashlib

import asyncpg
from tests.store.snapshot import SNAPSHOT, describe

from retrato.store import migrations, sample
from retrato.store.queries import sql_folder


async def test_migrating_twice_changes_nothing(bare_dsn):
    await sample.create_host_tables(bare_dsn)
    await migrations.apply(bare_dsn)

    again = await migrations.apply(bare_dsn)

    assert not [step for step in again if step.words.startswith("run migration")]


async def test_two_that_migrate_at_once_both_succeed(bare_dsn):
    await sample.create_host_tables(bare_dsn)

    await asyncio.gather(*(migrations.apply(bare_dsn) for _ in range(4)))

    connection = await asyncpg.connect(bare_dsn)
    assert await migrations.what_is_missing(connection) == []
    await connection.close()


async def test_migrating_enqueues_nobody_who_was_there_before(bare_dsn):
    await sample.create_host_tables(bare_dsn)
    await sample.insert_company(bare_dsn, personas=3)

    await migrations.apply(bare_dsn)

    connection = await asyncpg.connect(bare_dsn)
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0
    await connection.close()


def test_released_migrations_never_change():
    folder = sql_folder() / "migrations"

    frozen = dict(reversed(line.split()) for line in (folder / "frozen.sha256").read_text().splitlines())

    assert frozen == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.sql"))
    }


async def test_schema_is_the_sum_of_the_migrations_as_written_down(dsn):
    assert await describe(dsn) == SNAPSHOT.read_text(encoding="utf-8"), (
        "run `make snapshot` and read the difference"
    )
