"""How a schema stands to the code that meets it: behind, the same, ahead, or too far ahead."""

import asyncpg
import pytest
from tests.store.snapshot import describe
from tests.store.support import connected

from retrato.domain.errors import NotMigratedError
from retrato.store import migrations, sample

AHEAD = (
    "insert into retrato.migrations (number, name, sha256) values (9999, '9999_next.sql', 'of the next release')"
)
TOO_FAR = f"{AHEAD}; update retrato.installation set serves_from = 9999"


@pytest.fixture
async def dsn(bare_dsn):
    """Address of a database that was migrated for this test alone."""
    await sample.create_host_tables(bare_dsn)
    await migrations.apply(bare_dsn)
    return bare_dsn


async def test_fresh_schema_is_this_releases_and_serves_the_one_before(connection):
    stands = await migrations.standing(connection)

    assert stands.schema == stands.release
    assert not stands.is_ahead
    assert 0 < stands.serves_from < stands.release
    await migrations.require(connection)


async def test_schema_of_a_newer_release_will_do(connection):
    await connection.execute(f"{AHEAD}; update retrato.installation set functions_sha256 = 'of the next release'")

    assert (await migrations.standing(connection)).is_ahead
    assert await migrations.what_is_missing(connection) == []
    await migrations.require(connection)


async def test_newer_release_s_functions_are_not_replaced_by_older_ones(dsn, connection):
    await connection.execute(AHEAD)
    await connection.execute("comment on function retrato.lane_of is 'of the next release'")
    await connection.execute("alter function retrato.lane_of parallel restricted")
    before = await describe(dsn)

    assert await migrations.plan(connection) == []
    assert await migrations.apply(dsn) == []

    assert await describe(dsn) == before


async def test_schema_that_has_left_this_release_behind_is_refused_with_the_remedy(dsn, connection):
    await connection.execute(TOO_FAR)

    for refused in (
        migrations.require(connection),
        migrations.plan(connection),
        migrations.apply(dsn),
    ):
        with pytest.raises(NotMigratedError, match=r"serves releases from schema 9999 on.*: install the release"):
            await refused


async def test_older_schema_is_to_be_migrated(connection):
    newest = await connection.fetchval(
        """
        delete from retrato.migrations
        where number = (select max(number) from retrato.migrations) returning number
        """
    )

    with pytest.raises(NotMigratedError, match=f"this release needs {newest}: run `retrato migrate`"):
        (await migrations.standing(connection)).require()
    with pytest.raises(
        NotMigratedError, match=rf"migration {newest:04}_\w+.sql has not run: run `retrato migrate`"
    ):
        await migrations.require(connection)


async def test_empty_database_is_at_schema_0(bare_dsn):
    async with connected(bare_dsn) as empty:
        assert (await migrations.standing(empty)).schema == 0


async def test_what_earlier_releases_write_when_they_migrate_is_refused(connection):
    with pytest.raises(asyncpg.GeneratedAlwaysError, match="can only be updated to DEFAULT"):
        await connection.execute("update retrato.installation set triggers_sha256 = 'of an earlier release'")


async def test_migrating_is_told_to_those_who_listen(dsn, connection):
    heard = []
    await connection.add_listener("retrato", lambda *event: heard.append(event[-1]))

    await migrations.apply(dsn)
    await connection.execute("select 1")

    assert heard == ["migrated"]
