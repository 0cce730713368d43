"""gc's decision against everybody who may still name a picture, at each step of the picture's life."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.store.support import BID, blocked, claim_one, connected, finished_for

from retrato.domain.job import Job
from retrato.storage.keys import picture_keys, picture_of
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Outcome
from retrato.store.database import Database
from retrato.store.garbage import Garbage
from retrato.store.host import Host
from retrato.store.queries import host_query, query

SHA256 = "ab" * 32
DOOM = host_query("doom_garbage", {"addresses": "select null::text as address"})


def keys_for(job: Job, *, version: int = 1):
    return picture_keys(
        empresa_id=job.empresa_id, persona_id=job.persona_id, version=version, token=job.token, sha256=SHA256
    )


def finished(job: Job, image_key: str | None = None):
    keys = keys_for(job)
    return finished_for(job, image_key=image_key or keys.image, thumbnail_key=keys.thumbnail, sha256=SHA256)


@pytest.fixture
async def drawn(app, jobs, attempts) -> Job:
    """A job whose call has succeeded and whose pictures are stored; nobody has noted that yet."""
    await app.insert()
    job = await claim_one(jobs)
    attempt_id = await attempts.begin(job, BID)
    await attempts.succeed(attempt_id, cost_usd=0.025, seed=1)
    return job


async def noted_long_ago(app, image_key: str) -> None:
    await app.connection.execute(
        "insert into retrato.garbage (image_key, token, noted_at) values ($1, $2, now() - interval '8 days')",
        image_key,
        picture_of(image_key)[1],
    )


async def note(attempts: AttemptLog, job: Job) -> None:
    keys = keys_for(job)
    await attempts.note_picture(job, image_key=keys.image, thumbnail_key=keys.thumbnail, sha256=SHA256)


async def is_doomed(garbage: Garbage, image_key: str) -> bool:
    await garbage.doom(grace_s=7 * 86400, limit=10, behind="")
    return image_key in await garbage.doomed(limit=10)


@asynccontextmanager
async def deciding(dsn: str) -> AsyncIterator[None]:
    """Gc has decided, and its commit is still to come."""
    async with connected(dsn) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            DOOM.replace("$1::float8", "0").replace("$2::integer", "10").replace("$3::text", "''")
        )
        yield
        await transaction.commit()


async def test_picture_that_is_stored_and_not_noted_yet_stays(app, garbage, drawn):
    await noted_long_ago(app, keys_for(drawn).image)

    assert not await is_doomed(garbage, keys_for(drawn).image)


async def test_picture_that_waits_for_its_write_back_stays(app, garbage, attempts, drawn):
    await noted_long_ago(app, keys_for(drawn).image)
    await note(attempts, drawn)

    assert not await is_doomed(garbage, keys_for(drawn).image)


async def test_picture_that_a_successor_may_complete_stays(app, garbage, jobs, attempts, drawn):
    await note(attempts, drawn)
    await jobs.release(drawn, delay_s=0, reason="stopping")
    await noted_long_ago(app, keys_for(drawn).image)

    assert not await is_doomed(garbage, keys_for(drawn).image)


async def test_picture_of_a_failed_job_stays_since_somebody_may_ask_again(app, garbage, jobs, attempts, drawn):
    await note(attempts, drawn)
    await jobs.retry(drawn, most_attempts=0, delay_s=0, fault="storage", error="-")
    await noted_long_ago(app, keys_for(drawn).image)

    assert not await is_doomed(garbage, keys_for(drawn).image)


async def test_picture_whose_write_back_is_not_committed_stays(app, garbage, avatars, drawn, dsn):
    await noted_long_ago(app, keys_for(drawn).image)
    async with connected(dsn) as application, asyncio.TaskGroup() as group, application.transaction():
        # The write-back waits inside its transaction.
        await application.execute("lock retrato.avatars in share mode")
        writing = group.create_task(avatars.write(finished(drawn)))
        await blocked(app.connection)

        doomed = await is_doomed(garbage, keys_for(drawn).image)

    assert not doomed
    assert writing.result() is Outcome.WRITTEN


async def test_written_picture_stays_and_leaves_the_list(app, garbage, avatars, drawn):
    await noted_long_ago(app, keys_for(drawn).image)
    await avatars.write(finished(drawn))

    assert not await is_doomed(garbage, keys_for(drawn).image)
    assert await app.connection.fetchval("select count(*) from retrato.garbage") == 0


async def test_restored_picture_stays(app, garbage, avatars, drawn):
    await avatars.write(finished(drawn))
    await app.connection.execute("select retrato.restore($1, 1)", drawn.persona_id)
    await app.connection.execute("delete from retrato.avatars where version = 1")
    await noted_long_ago(app, keys_for(drawn).image)

    assert not await is_doomed(garbage, keys_for(drawn).image)


async def test_picture_of_a_deleted_persona_goes_after_the_grace_time(app, garbage, avatars, drawn):
    image_key = keys_for(drawn).image
    await avatars.write(finished(drawn))
    await app.delete(drawn.persona_id)
    await garbage.note({image_key: drawn.token})

    early = await is_doomed(garbage, image_key)
    await app.connection.execute("update retrato.garbage set noted_at = now() - interval '8 days'")
    late = await is_doomed(garbage, image_key)

    assert (early, late) == (False, True)


async def test_doomed_picture_is_offered_to_no_later_job(app, garbage, jobs, attempts, drawn):
    await note(attempts, drawn)
    await app.connection.execute("delete from retrato.jobs")
    await noted_long_ago(app, keys_for(drawn).image)
    doomed = await is_doomed(garbage, keys_for(drawn).image)

    await app.raise_flag(drawn.persona_id)
    pending = await attempts.pending(await claim_one(jobs), version=1)

    assert doomed
    assert pending is not None
    assert pending.image_key is None


async def test_late_note_of_a_doomed_picture_is_refused(app, garbage, jobs, attempts, drawn):
    await jobs.release(drawn, delay_s=0, reason="suspended for days")
    await noted_long_ago(app, keys_for(drawn).image)
    doomed = await is_doomed(garbage, keys_for(drawn).image)

    await note(attempts, drawn)

    assert doomed
    assert await app.connection.fetchval("select image_key from retrato.attempts") is None


async def test_late_note_during_the_decision_waits_and_is_refused(app, jobs, attempts, drawn, dsn):
    await jobs.release(drawn, delay_s=0, reason="suspended for days")
    await noted_long_ago(app, keys_for(drawn).image)

    async with asyncio.TaskGroup() as group, deciding(dsn):
        group.create_task(note(attempts, drawn))
        await blocked(app.connection)

    assert await app.connection.fetchval("select image_key from retrato.attempts") is None
    assert await app.connection.fetchval("select doomed_at is not null from retrato.garbage")


async def test_decision_during_a_late_note_waits_and_lets_the_picture_live(
    app, garbage, jobs, attempts, drawn, dsn
):
    await jobs.release(drawn, delay_s=0, reason="suspended for days")
    keys = keys_for(drawn)
    await noted_long_ago(app, keys.image)
    async with connected(dsn) as replica, asyncio.TaskGroup() as group, replica.transaction():
        await replica.execute(
            query("note_picture"), drawn.persona_id, drawn.token, keys.image, keys.thumbnail, SHA256
        )
        group.create_task(garbage.doom(grace_s=0, limit=10, behind=""))
        await blocked(app.connection)

    assert await garbage.doomed(limit=10) == []
    assert await app.connection.fetchval("select image_key from retrato.attempts") == keys.image


async def test_decision_during_an_adoption_waits_and_lets_the_picture_live(
    app, garbage, database, attempts, drawn, dsn
):
    await note(attempts, drawn)
    await app.connection.execute("delete from retrato.jobs")
    image_key = keys_for(drawn).image
    await noted_long_ago(app, image_key)
    async with connected(dsn) as replica, asyncio.TaskGroup() as group, replica.transaction():
        await replica.execute("update retrato.attempts set token = token + 1000")  # as pending_attempt.sql does
        group.create_task(garbage.doom(grace_s=0, limit=10, behind=""))
        await blocked(app.connection)

    assert await garbage.doomed(limit=10) == []
    assert await app.connection.fetchval("select image_key from retrato.attempts") == image_key


async def test_adoption_during_the_decision_waits_and_finds_no_picture(app, jobs, attempts, drawn, dsn):
    await note(attempts, drawn)
    await app.connection.execute("delete from retrato.jobs")
    await noted_long_ago(app, keys_for(drawn).image)
    async with asyncio.TaskGroup() as group, deciding(dsn):
        await app.raise_flag(drawn.persona_id)
        successor = await claim_one(jobs)
        adopting = group.create_task(attempts.pending(successor, version=1))
        await blocked(app.connection)

    pending = adopting.result()
    assert pending is not None
    assert pending.image_key is None


async def test_two_decisions_at_once_agree(app, database, garbage, drawn, dsn):
    await app.connection.execute("delete from retrato.jobs")
    await noted_long_ago(app, keys_for(drawn).image)
    async with asyncio.TaskGroup() as group, deciding(dsn):
        group.create_task(garbage.doom(grace_s=0, limit=10, behind=""))
        await blocked(app.connection)

    assert await garbage.doomed(limit=10) == [keys_for(drawn).image]


async def test_looking_tells_unnamed_pictures_and_which_are_due(app, garbage, avatars, attempts, drawn):
    await avatars.write(finished(drawn))
    lost, older = "acme/ana/v1-900000001-0123456789abcdef.jpg", "acme/ana/v1-900000002-0123456789abcdef.jpg"
    await noted_long_ago(app, older)

    found = await garbage.find({keys_for(drawn).image: drawn.token, lost: 900000001, older: 900000002}, grace_s=60)

    assert {(one.image_key, one.is_due) for one in found} == {(lost, False), (older, True)}


async def test_noting_again_keeps_the_first_time(app, garbage):
    key = "acme/ana/v1-900000001-0123456789abcdef.jpg"
    await noted_long_ago(app, key)

    await garbage.note({key: 900000001})

    assert await app.connection.fetchval("select noted_at < now() - interval '7 days' from retrato.garbage")


async def test_copy_of_the_database_is_another_one(postgres, migrated_template):
    names = []
    for copy in ("copy_1", "copy_2"):
        async with connected(postgres.dsn) as owner:
            await owner.execute(f"create database {copy} template {migrated_template}")
        database = Database(postgres.dsn_for(copy))
        await database.open()
        async with database.connection() as connection:
            garbage = Garbage(database, await Host.read(connection))
        names += [(await garbage.identity()).name, (await garbage.identity()).name]
        await database.close()

    assert names[0] == names[1] != names[2] == names[3]
