"""A job whose persona cannot be drawn ends, but never against an application that has just made it ready."""

import asyncio

from tests.store.support import blocked, claim_one, job_of, queued


async def test_job_of_a_persona_that_is_not_ready_ends_and_its_flag_stays_up(app, jobs):
    persona_id = await app.insert()
    await app.update(persona_id, full_name="[A GERAR]", regenerate_avatar=True)
    job = await claim_one(jobs)

    assert await jobs.drop(job)

    assert await job_of(app.connection, persona_id) is None
    assert (await app.persona(persona_id))["regenerate_avatar"] is True


async def test_job_of_a_deleted_persona_has_ended_with_it(app, jobs):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.delete(persona_id)

    assert await jobs.drop(job)


async def test_persona_that_became_ready_meanwhile_goes_back_into_the_queue(app, jobs):
    persona_id = await app.insert()
    await app.update(persona_id, status="inactive")
    job = await claim_one(jobs)
    await app.update(persona_id, status="active")  # sees the job, so nothing is queued

    dropped = await jobs.drop(job)

    assert not dropped
    assert await queued(app.connection) == [persona_id]


async def test_flag_raised_while_the_worker_drops_the_job_is_not_lost(app, jobs):
    persona_id = await app.insert()
    await app.update(persona_id, status="inactive")
    job = await claim_one(jobs)
    async with asyncio.TaskGroup() as group, app.connection.transaction():
        await app.update(persona_id, status="active", regenerate_avatar=True)
        dropping = group.create_task(jobs.drop(job))
        await blocked(app.connection)

    assert dropping.result() is False
    assert await queued(app.connection) == [persona_id]


async def test_persona_that_becomes_ready_behind_the_drop_is_queued_anew(app, other_app, jobs, database):
    persona_id = await app.insert()
    await app.update(persona_id, status="inactive")
    job = await claim_one(jobs)
    async with asyncio.TaskGroup() as group:
        async with database.transaction() as dropping:
            await dropping.execute("delete from retrato.jobs where persona_id = $1", job.persona_id)
            naming = group.create_task(other_app.update(persona_id, status="active"))
            await blocked(app.connection)
        await naming

    assert await queued(app.connection) == [persona_id]
