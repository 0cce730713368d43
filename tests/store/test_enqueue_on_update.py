import pytest
from tests.store.support import claim_one, finished_for, job_of, queued


async def test_named_placeholder_is_queued(app, bell):
    persona_id = await app.insert("[A GERAR]")

    await app.update(persona_id, full_name="Carla Dias")

    assert await queued(app.connection) == [persona_id]
    assert await bell.rings() == 1


async def test_persona_that_becomes_active_again_is_queued(app):
    persona_id = await app.insert(status="inactive")

    await app.update(persona_id, status="active")

    assert await queued(app.connection) == [persona_id]


async def test_renaming_a_ready_persona_asks_for_nothing(app):
    persona_id = await app.insert(avatar_image_url="https://cdn.example/ana.jpg")

    await app.update(persona_id, full_name="Ana Maria Souza")

    assert await job_of(app.connection, persona_id) is None


async def test_ordinary_updates_ask_for_nothing(app, bell):
    persona_id = await app.insert()
    await app.connection.execute("delete from retrato.jobs")
    await bell.rings()

    await app.update(persona_id, role="CEO", descricao_fisica="alta", avatar_image_url=None, status="active")

    assert await job_of(app.connection, persona_id) is None
    assert await bell.rings() == 0


async def test_raised_flag_queues_a_persona_that_has_its_avatar(app, bell):
    persona_id = await app.insert(avatar_image_url="https://cdn.example/ana.jpg")

    await app.raise_flag(persona_id)

    assert (await job_of(app.connection, persona_id))["state"] == "queued"
    assert await bell.rings() == 1


async def test_raised_flag_asks_once_more_for_a_persona_that_is_queued(app):
    persona_id = await app.insert()

    await app.raise_flag(persona_id)

    assert (await job_of(app.connection, persona_id))["generation"] == 2


async def test_raised_flag_lets_a_running_job_run_on_and_asks_once_more(app, jobs):
    persona_id = await app.insert()
    claimed = await claim_one(jobs)

    await app.raise_flag(persona_id)

    job = await job_of(app.connection, persona_id)
    assert (job["state"], job["token"], job["generation"]) == ("running", claimed.token, claimed.generation + 1)


@pytest.mark.parametrize("flag", [True, False])
async def test_touching_a_flag_without_raising_it_does_nothing(app, flag):
    persona_id = await app.insert()
    await app.raise_flag(persona_id)
    before = await job_of(app.connection, persona_id)

    await app.update(persona_id, regenerate_avatar=flag)

    assert await job_of(app.connection, persona_id) == before


async def test_flag_that_is_lowered_and_raised_again_asks_once_more(app):
    persona_id = await app.insert()

    for flag in (True, False, True):
        await app.update(persona_id, regenerate_avatar=flag)

    assert (await job_of(app.connection, persona_id))["generation"] == 3


async def test_flag_of_a_persona_that_is_not_ready_waits_and_is_honoured_later(app):
    persona_id = await app.insert("[A GERAR]", avatar_image_url="https://cdn.example/old.jpg")
    await app.raise_flag(persona_id)
    waited = await job_of(app.connection, persona_id) is None

    await app.update(persona_id, full_name="Carla Dias")

    assert waited
    assert (await job_of(app.connection, persona_id))["state"] == "queued"


async def test_raised_flag_goes_before_bulk_work(app, jobs):
    await app.insert_many(3)
    persona_id = await app.insert(avatar_image_url="https://cdn.example/ana.jpg")
    await app.raise_flag(persona_id)

    claimed = await claim_one(jobs)

    assert claimed.persona_id == persona_id


async def test_sixth_flag_of_one_company_is_bulk_work(app):
    await app.insert_many(7)

    await app.connection.execute("update personas set regenerate_avatar = true")

    lanes = [row["lane"] for row in await app.connection.fetch("select lane from retrato.jobs order by lane")]
    assert lanes == [0, 0, 0, 0, 0, 1, 1]


async def test_flags_raised_in_one_statement_ring_one_bell(app, bell):
    await app.insert_many(20)
    await app.connection.execute("delete from retrato.jobs")
    await bell.rings()

    await app.connection.execute("update personas set regenerate_avatar = true")

    assert len(await queued(app.connection)) == 20
    assert await bell.rings() == 1


async def test_raised_flag_gives_a_failed_job_all_its_attempts_again(app, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=1, delay_s=0, fault="refused", error="no such face")

    await app.raise_flag(persona_id)

    job = await job_of(app.connection, persona_id)
    assert (job["state"], job["attempts"], job["last_error"], job["delayed"]) == ("queued", 0, None, False)


async def test_raised_flag_ends_the_wait_for_the_next_run(app, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=3600, fault="transient", error="HTTP 500")

    await app.raise_flag(persona_id)

    assert (await claim_one(jobs)).persona_id == persona_id


async def test_new_name_does_not_retry_what_has_failed(app, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=1, delay_s=0, fault="refused", error="no such face")

    await app.update(persona_id, full_name="[A GERAR]")
    await app.update(persona_id, full_name="Bruna Lima")

    assert (await job_of(app.connection, persona_id))["state"] == "failed"


async def test_own_write_back_asks_for_nothing(app, bell, jobs, avatars):
    persona_id = await app.insert()
    await app.raise_flag(persona_id)
    await bell.rings()

    await avatars.write(finished_for(await claim_one(jobs)))

    assert await job_of(app.connection, persona_id) is None
    assert (await app.persona(persona_id))["regenerate_avatar"] is False
    assert await bell.rings() == 0


async def test_flag_that_is_rolled_back_asks_for_nothing(app, bell):
    persona_id = await app.insert(avatar_image_url="https://cdn.example/ana.jpg")

    transaction = app.connection.transaction()
    await transaction.start()
    await app.raise_flag(persona_id)
    await transaction.rollback()

    assert await job_of(app.connection, persona_id) is None
    assert await bell.rings() == 0
