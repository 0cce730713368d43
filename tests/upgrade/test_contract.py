"""What decision 0012 promises to the release before, read from the catalogue."""

import asyncpg
import pytest

pytestmark = pytest.mark.timeout(180)

_FUNCTIONS = """
select
    p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ') returns '
    || pg_catalog.pg_get_function_result(p.oid)
from pg_catalog.pg_proc p
where p.pronamespace = 'retrato'::regnamespace
"""
_COLUMNS = """
select c.relname || '.' || a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'retrato'::regnamespace and c.relkind in ('r', 'v')
"""
_MUST_BE_GIVEN = """
select c.relname || '.' || a.attname
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where
    c.relnamespace = 'retrato'::regnamespace
    and c.relkind = 'r'
    and c.relname = any($1)
    and a.attnotnull
    and not a.atthasdef
    and a.attidentity = ''
"""
_TABLES = "select relname from pg_catalog.pg_class where relnamespace = 'retrato'::regnamespace and relkind = 'r'"


async def first_column(dsn, sql, *args):
    connection = await asyncpg.connect(dsn)
    try:
        return {row[0] for row in await connection.fetch(sql, *args)}
    finally:
        await connection.close()


async def test_newer_schema_has_all_that_the_older_release_knows(dsn, older, newer, pair):
    tables = list(await first_column(dsn, _TABLES))
    known = [await first_column(dsn, sql) for sql in (_FUNCTIONS, _COLUMNS)]
    given = await first_column(dsn, _MUST_BE_GIVEN, tables)

    migrated = await newer.run("migrate")

    assert migrated.code == 0, migrated.err
    assert known[0] - await first_column(dsn, _FUNCTIONS) == set()
    assert known[1] - await first_column(dsn, _COLUMNS) == set()
    assert await first_column(dsn, _MUST_BE_GIVEN, tables) - given == set()
    (serves_from,) = await first_column(dsn, "select serves_from from retrato.installation")
    assert serves_from <= pair[0].schema


def test_release_with_other_functions_has_a_newer_migration(previous, current):
    assert current.functions_sha256 == previous.functions_sha256 or current.schema > previous.schema
