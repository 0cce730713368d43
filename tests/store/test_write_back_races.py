"""The write-back against applications that touch the same rows at the same time."""

import asyncio
import random

import pytest
from tests import daemon_role
from tests.store.support import blocked, claim_all, claim_one, connected, failing, finished_for, job_of, queued

from retrato.domain.errors import StoreUnavailableError
from retrato.store.avatars import Avatars, Outcome
from retrato.store.database import Database


async def test_forcar_that_commits_while_the_write_back_waits_is_not_lost(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.raise_flag(persona_id)
        writing = group.create_task(avatars.write(finished_for(job)))
        await blocked(app.connection)

    assert writing.result() is Outcome.ASKED_AGAIN
    assert await queued(app.connection) == [persona_id]
    assert (await app.persona(persona_id))["regenerate_avatar"] is True


@pytest.mark.parametrize(
    "asking",
    [
        "update personas set regenerate_avatar = true where id = $1::text::uuid",
        "select retrato.request(array[$1::text], true)",
    ],
    ids=["flag", "request"],
)
async def test_forcar_between_the_statements_of_the_write_back_waits_and_is_not_lost(
    app, other_app, jobs, avatars, dsn, asking
):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    async with connected(dsn) as holder, asyncio.TaskGroup() as group, holder.transaction():
        await holder.execute("select from retrato.jobs for update")  # the second statement waits here
        writing = group.create_task(avatars.write(finished_for(job)))
        await blocked(other_app.connection)
        group.create_task(app.connection.execute(asking, persona_id))
        await blocked(other_app.connection, 2)

    assert writing.result() is Outcome.WRITTEN
    row = await job_of(app.connection, persona_id)
    assert (row["state"], row["generation"]) == ("queued", 1)


@pytest.fixture
async def cautious(dsn, connection):
    """The same database where every transaction would keep its first snapshot."""
    name = await connection.fetchval("select quote_ident(current_database())")
    await connection.execute(f"alter database {name} set default_transaction_isolation to 'repeatable read'")
    opened = Database(daemon_role.product(dsn))
    await opened.open()
    yield opened
    await opened.close()
    await connection.execute(f"alter database {name} reset default_transaction_isolation")


async def test_forcar_is_not_lost_where_the_default_is_another_isolation(app, jobs, cautious):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.raise_flag(persona_id)
        writing = group.create_task(Avatars(cautious).write(finished_for(job)))
        await blocked(app.connection)

    assert writing.result() is Outcome.ASKED_AGAIN
    assert await queued(app.connection) == [persona_id]


async def test_row_that_an_application_holds_for_long_does_not_hold_a_connection(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    async with app.connection.transaction():
        await app.update(persona_id, role="CEO")

        with pytest.raises(StoreUnavailableError, match="lock timeout"):
            await avatars.write(finished_for(job))

    assert await avatars.write(finished_for(job)) is Outcome.WRITTEN


async def test_application_that_comes_from_the_other_side_is_never_the_victim(app, jobs, avatars):
    persona_id = await app.insert()
    await app.connection.execute("insert into personas_avatares (persona_id) values ($1)", persona_id)
    job = await claim_one(jobs)
    await app.connection.execute("set deadlock_timeout to '800ms'")
    async with app.connection.transaction():
        await app.connection.execute("update personas_avatares set prompt_usado = 'p'")
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(failing(avatars.write(finished_for(job))))
            await blocked(app.connection)
            await app.update(persona_id, role="CEO")  # holds the other row and waits for ours: a circle

    assert isinstance(writing.result(), StoreUnavailableError)
    assert await avatars.write(finished_for(job)) is Outcome.WRITTEN


async def test_row_that_an_application_inserts_at_this_very_moment_is_updated(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.connection.execute(
            "insert into personas_avatares (persona_id, estilo) values ($1, 'corporate')", persona_id
        )
        writing = group.create_task(avatars.write(finished_for(job)))
        await blocked(app.connection)

    row = await app.connection.fetchrow("select avatar_url, estilo from personas_avatares")
    assert writing.result() is Outcome.WRITTEN
    assert tuple(row) == (finished_for(job).image_url, "corporate")


async def test_bulk_updates_and_write_backs_never_deadlock(app, dsn, jobs, avatars):
    persona_ids = await app.insert_many(40)
    done = asyncio.Event()
    outcomes = []

    async def update_in_bulk(connection, personas, rng):
        while not done.is_set():
            async with connection.transaction():
                for persona_id in rng.sample(personas, 8):
                    await connection.execute(
                        "update personas set role = role || '.', regenerate_avatar = not regenerate_avatar "
                        "where id = $1::text::uuid",
                        persona_id,
                    )

    async def write_back():
        while not done.is_set():
            for job in await claim_all(jobs, limit=4):
                await jobs.heartbeat({job.token: job.persona_id}, lock_key=1, locks=True, version="0.1")
                outcomes.append(await failing(avatars.write(finished_for(job, version=job.token))))
                await jobs.release(job)

    async with connected(dsn) as one, connected(dsn) as two, asyncio.TaskGroup() as group:
        group.create_task(update_in_bulk(one, persona_ids[:20], random.Random(1)))
        group.create_task(update_in_bulk(two, persona_ids[20:], random.Random(2)))
        group.create_task(write_back())
        group.create_task(write_back())
        await asyncio.sleep(1.5)
        done.set()

    assert not [outcome for outcome in outcomes if "deadlock" in str(outcome)]
    assert len([outcome for outcome in outcomes if isinstance(outcome, Outcome)]) > 20
