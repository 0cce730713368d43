"""``retrato.backlog``: what an autoscaler is told, and the role that may ask it and nothing else."""

import json

import asyncpg
import pytest
from tests.store.support import claim_one, connected

from retrato.domain.errors import ConfigError
from retrato.store.control import Control, Scope
from retrato.store.rights import backlog_role_sql

ROLE = "retrato_backlog"
ASKED = "select jobs from retrato.backlog"


@pytest.fixture
async def autoscaler(app, dsn):
    """A connection of the role that sql/backlog_role.sql makes."""
    await app.connection.execute(backlog_role_sql(ROLE))
    await app.connection.execute(f"alter role {ROLE} password 'backlog'")
    try:
        async with connected(dsn, user=ROLE, password="backlog") as connection:
            yield connection
    finally:
        await app.connection.execute(f"drop owned by {ROLE}")
        await app.connection.execute(f"drop role {ROLE}")


async def counted(connection):
    return tuple(await connection.fetchrow("select runnable, running, jobs from retrato.backlog"))


async def queue(connection, jobs):
    """Put so many jobs of personas that do not exist into the queue, known to the planner."""
    await connection.execute(
        "insert into retrato.jobs (persona_id, empresa_id) "
        "select gen_random_uuid(), 'c' || n % 50 from generate_series(1, $1) n",
        jobs,
    )
    await connection.execute("vacuum analyze retrato.jobs")


async def pages_touched(connection):
    """Pages that one look costs, as Postgres counts them."""
    [row] = await connection.fetch(f"explain (analyze, buffers, format json) {ASKED}")
    plan = json.loads(row["QUERY PLAN"])[0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


async def test_empty_queue_is_no_work(app):
    assert await counted(app.connection) == (0, 0, 0)


async def test_what_runs_counts_beside_what_may_start(app, jobs):
    await app.insert_many(3)
    await claim_one(jobs)

    assert await counted(app.connection) == (2, 1, 3)


async def test_what_failed_or_waits_for_a_later_time_needs_no_replica(app):
    await app.insert_many(4)
    await app.connection.execute(
        """
        with numbered as (select persona_id, row_number() over () as n from retrato.jobs)
        update retrato.jobs j
        set
            state = case n when 1 then 'failed' else j.state end,
            delayed = n in (2, 3),
            run_at = case n when 2 then now() + interval '1 hour' else now() end
        from numbered
        where numbered.persona_id = j.persona_id
        """
    )

    assert await counted(app.connection) == (2, 0, 2)


async def test_what_waits_while_all_is_paused_needs_no_replica(app, database, jobs):
    await app.insert_many(2)
    await claim_one(jobs)

    await Control(database).pause(Scope.ALL)

    assert await counted(app.connection) == (0, 1, 1)


async def test_asking_costs_the_same_however_long_the_queue_is(app):
    await queue(app.connection, 15_000)
    shorter = await pages_touched(app.connection)
    await queue(app.connection, 60_000)

    assert await counted(app.connection) == (10_000, 0, 10_000)
    assert await pages_touched(app.connection) <= 2 * shorter


async def test_its_role_reads_it_and_nothing_else(app, autoscaler):
    await app.insert()

    relations = await autoscaler.fetch(
        """
        select format('%s.%s', nspname, relname) as name
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where
            nspname in ('retrato', 'public')
            and relkind in ('r', 'v', 'm', 'p', 'f', 'S')
            and has_schema_privilege(n.oid, 'usage')
            and case relkind
                when 'S' then has_sequence_privilege(c.oid, 'select, usage, update')
                else has_table_privilege(c.oid, 'select, insert, update, delete, truncate, references, trigger')
                    or has_any_column_privilege(c.oid, 'select, insert, update, references')
            end
        """
    )
    functions = await autoscaler.fetch(
        """
        select proname
        from pg_proc
        where pronamespace = 'retrato'::regnamespace and has_function_privilege(oid, 'execute')
        """
    )

    assert await autoscaler.fetchval(ASKED) == 1
    assert [row["name"] for row in relations] == ["retrato.backlog"]
    assert functions == []


@pytest.mark.parametrize(
    "statement",
    [
        "select * from retrato.jobs",
        "select * from personas",
        "select retrato.request(array['x'], true)",
        "delete from retrato.backlog",
        "create table retrato.mine (id integer)",
        "create table public.mine (id integer)",
    ],
)
async def test_its_role_is_refused_all_else(autoscaler, statement):
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError)):
        await autoscaler.execute(statement)


async def test_making_the_role_twice_changes_nothing(app, autoscaler):
    await app.connection.execute(backlog_role_sql(ROLE))

    assert await autoscaler.fetchval(ASKED) == 0


def test_name_that_would_break_the_file_is_refused():
    with pytest.raises(ConfigError, match="retrato_daemon"):
        backlog_role_sql("a'b")
