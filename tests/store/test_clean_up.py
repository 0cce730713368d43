from tests.store.support import BID, claim_one, finished_for, queued


async def tables(connection):
    return tuple(
        [await connection.fetchval(f"select count(*) from retrato.{table}") for table in ("jobs", "avatars")]
    )


async def test_deleted_persona_takes_job_and_versions_along(app, jobs, avatars):
    drawn, waiting, kept = await app.insert_many(3)
    await avatars.write(finished_for(await claim_one(jobs)))

    await app.connection.execute("delete from personas where id = any($1::text[]::uuid[])", [drawn, waiting])

    assert await queued(app.connection) == [kept]
    assert await tables(app.connection) == (1, 0)


async def test_deleted_company_takes_the_jobs_of_its_personas_along(app):
    other = await app.insert_company()
    await app.insert_many(3)
    kept = await app.insert_many(2, empresa_id=other)

    await app.connection.execute("delete from empresas where id = $1", app.empresa_id)

    assert await queued(app.connection) == kept


async def test_truncated_table_leaves_no_jobs_and_no_versions(app, jobs, avatars):
    await app.insert_many(3)
    await avatars.write(finished_for(await claim_one(jobs)))

    await app.connection.execute("truncate personas cascade")

    assert await tables(app.connection) == (0, 0)


async def test_attempts_outlive_the_persona_because_they_were_paid_for(app, jobs, attempts):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await attempts.begin(job, BID)

    await app.delete(persona_id)

    assert await app.connection.fetchval("select count(*) from retrato.attempts") == 1


async def test_persona_inserted_anew_under_its_old_id_is_queued(app):
    persona_id = await app.insert()

    async with app.connection.transaction():
        await app.delete(persona_id)
        await app.insert(id=persona_id)

    assert await queued(app.connection) == [persona_id]
