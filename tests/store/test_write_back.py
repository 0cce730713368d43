"""The write-back: the host's rows and ours together, or nothing."""

import json
from dataclasses import replace

from tests.store.support import BID, claim_one, finished_for, job_of, new_replica, state_of

from retrato.store.avatars import Outcome


async def avatar_row(app, persona_id):
    return await app.connection.fetchrow(
        "select * from personas_avatares where persona_id = $1::text::uuid", persona_id
    )


async def test_version_and_host_rows_are_written_and_the_job_is_gone(app, jobs, avatars):
    persona_id = await app.insert()
    finished = finished_for(await claim_one(jobs))

    outcome = await avatars.write(finished)

    version = await app.connection.fetchrow("select * from retrato.avatars where persona_id = $1", persona_id)
    persona, row = await app.persona(persona_id), await avatar_row(app, persona_id)
    assert outcome is Outcome.WRITTEN
    assert (version["version"], version["token"], version["seed"]) == (1, finished.token, 768726142)
    assert (version["empresa_id"], version["image_key"]) == (app.empresa_id, finished.image_key)
    assert (persona["avatar_image_url"], persona["avatar_image_prompt"]) == (finished.image_url, finished.prompt)
    assert persona["avatar_image_generated_at"] is not None
    assert (row["avatar_url"], row["avatar_thumbnail_url"]) == (finished.image_url, finished.thumbnail_url)
    assert (row["servico_usado"], row["ativo"]) == ("huggingface_FLUX.1-dev", True)
    assert await job_of(app.connection, persona_id) is None


async def test_time_without_a_zone_is_utc(app, jobs, avatars):
    persona_id = await app.insert()
    await app.connection.execute("set timezone to 'America/Sao_Paulo'")

    await avatars.write(finished_for(await claim_one(jobs)))

    age_s = await app.connection.fetchval(
        "select extract(epoch from (now() at time zone 'UTC') - avatar_image_generated_at)::float8 "
        "from personas where id = $1::text::uuid",
        persona_id,
    )
    assert -5 < age_s < 60


async def test_metadata_of_others_stays(app, jobs, avatars):
    persona_id = await app.insert()
    await app.connection.execute(
        "insert into personas_avatares (persona_id, prompt_usado, metadados) values ($1, 'p', $2)",
        persona_id,
        json.dumps({"aprovado": True, "flux_generation": {"temp_file": "x.png"}}),
    )
    finished = finished_for(await claim_one(jobs))

    await avatars.write(finished)

    row = await avatar_row(app, persona_id)
    assert json.loads(row["metadados"]) == {"aprovado": True, **finished.metadados}
    assert row["prompt_usado"] == "p"


async def test_metadata_that_is_no_object_is_replaced_by_one(app, jobs, avatars):
    persona_id = await app.insert()
    await app.connection.execute(
        "insert into personas_avatares (persona_id, metadados) values ($1, '[1, 2]')", persona_id
    )
    finished = finished_for(await claim_one(jobs))

    await avatars.write(finished)

    assert json.loads((await avatar_row(app, persona_id))["metadados"]) == finished.metadados


async def test_flag_is_lowered_with_the_new_avatar(app, jobs, avatars):
    persona_id = await app.insert()
    await app.raise_flag(persona_id)

    await avatars.write(finished_for(await claim_one(jobs)))

    assert (await app.persona(persona_id))["regenerate_avatar"] is False


async def test_flag_raised_meanwhile_stays_up_and_the_persona_is_queued_again(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.raise_flag(persona_id)

    outcome = await avatars.write(finished_for(job))

    row = await job_of(app.connection, persona_id)
    assert outcome is Outcome.ASKED_AGAIN
    assert (row["state"], row["attempts"], row["token"], row["version"]) == ("queued", 0, None, None)
    assert (await app.persona(persona_id))["regenerate_avatar"] is True
    assert await app.connection.fetchval("select count(*) from retrato.avatars") == 1


async def test_second_drawing_answers_both_requests(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.raise_flag(persona_id)
    await avatars.write(finished_for(job))

    outcome = await avatars.write(finished_for(await claim_one(jobs), version=2))

    assert outcome is Outcome.WRITTEN
    assert await state_of(app.connection, persona_id) == "ready"
    assert (await app.persona(persona_id))["regenerate_avatar"] is False


async def test_repeated_write_is_found_by_its_fence(app, jobs, avatars):
    persona_id = await app.insert()
    finished = finished_for(await claim_one(jobs))
    await avatars.write(finished)  # the reply to the COMMIT got lost
    await app.update(persona_id, avatar_image_prompt="edited by hand")

    outcome = await avatars.write(finished)

    assert outcome is Outcome.WRITTEN
    assert (await app.persona(persona_id))["avatar_image_prompt"] == "edited by hand"


async def test_persona_that_was_deleted_gets_nothing(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.delete(persona_id)

    outcome = await avatars.write(finished_for(job))

    assert outcome is Outcome.GONE
    assert await app.connection.fetchval("select count(*) from retrato.avatars") == 0


async def test_pictures_of_a_job_that_was_taken_over_and_completed_are_still_wanted(app, jobs, avatars):
    await app.insert()
    lost = finished_for(await claim_one(jobs))
    await app.connection.execute("update retrato.jobs set token = token + 1000")
    during = await avatars.write(lost)
    await avatars.write(replace(lost, token=lost.token + 1000))

    after = await avatars.write(lost)

    assert (during, after) == (Outcome.LOST, Outcome.LOST)


async def test_persona_that_was_deleted_without_triggers_gets_nothing(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    async with app.connection.transaction():
        await app.connection.execute("set local session_replication_role = replica")
        await app.delete(persona_id)

    outcome = await avatars.write(finished_for(job))

    assert outcome is Outcome.LOST
    assert await app.connection.fetchval("select count(*) from retrato.avatars") == 0


async def test_avatar_whose_cost_and_settings_are_unknown_is_written(app, jobs, avatars):
    await app.insert()
    unknown = dict.fromkeys(("seed", "steps", "guidance", "cost_usd"))

    await avatars.write(finished_for(await claim_one(jobs), **unknown))

    row = await app.connection.fetchrow("select seed, steps, guidance, cost_usd from retrato.avatars")
    assert dict(row) == unknown


async def test_flag_raised_while_the_persona_was_not_ready_stays_up(app, jobs, avatars):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.update(persona_id, full_name="[A GERAR]")
    await app.raise_flag(persona_id)

    outcome = await avatars.write(finished_for(job))

    assert outcome is Outcome.ASKED_AGAIN
    assert (await app.persona(persona_id))["regenerate_avatar"] is True


async def test_order_of_an_earlier_request_does_not_answer_a_later_one(app, database, jobs, avatars, attempts):
    persona_id = await app.insert()
    first = await claim_one(jobs)
    await attempts.succeed(await attempts.begin(first, BID), cost_usd=0.02, seed=None)
    await attempts.note_picture(first, image_key="k", thumbnail_key="t", sha256="ab" * 32)
    await app.raise_flag(persona_id)
    await jobs.release(first)

    second = await claim_one(new_replica(database))
    pending = await attempts.pending(second, version=1)
    outcome = await avatars.write(finished_for(second, image_key="k", generation=pending.generation))

    assert outcome is Outcome.ASKED_AGAIN
    assert (await app.persona(persona_id))["regenerate_avatar"] is True


async def test_write_back_that_queues_the_job_again_rings(app, jobs, avatars, bell):
    persona_id = await app.insert()
    job = await claim_one(jobs)
    await app.raise_flag(persona_id)
    await bell.rings()

    await avatars.write(finished_for(job))

    assert await bell.rings() == 1
