"""The view that pages, commands and applications read."""

import pytest
from tests.store.support import claim_one, finished_for, state_of

from retrato.store.status import Status


@pytest.fixture
def status(database):
    return Status(database)


async def test_new_persona_is_queued_then_running_then_ready(app, jobs, avatars):
    persona_id = await app.insert()
    states = [await state_of(app.connection, persona_id)]

    job = await claim_one(jobs)
    states.append(await state_of(app.connection, persona_id))
    await avatars.write(finished_for(job))
    states.append(await state_of(app.connection, persona_id))

    assert states == ["queued", "running", "ready"]


async def test_persona_that_is_not_ready_to_be_drawn_is_waiting(app):
    assert await state_of(app.connection, await app.insert("[A GERAR]")) == "waiting"


async def test_persona_that_was_there_before_is_missing(app):
    persona_id = await app.insert()
    await app.connection.execute("delete from retrato.jobs")

    assert await state_of(app.connection, persona_id) == "missing"


async def test_persona_with_a_picture_of_its_own_is_ready(app):
    by_row = await app.insert(avatar_image_url="https://cdn.example/ana.jpg")
    by_table = await app.insert("[A GERAR]")
    await app.connection.execute(
        "insert into personas_avatares (persona_id, avatar_url) values ($1, 'https://cdn.example/eva')", by_table
    )

    assert await state_of(app.connection, by_row) == "ready"
    assert await state_of(app.connection, by_table) == "ready"


async def test_failed_run_is_retrying_until_the_last_one_has_failed(app, jobs):
    persona_id = await app.insert()
    await jobs.retry(await claim_one(jobs), most_attempts=2, delay_s=-1, fault="transient", error="HTTP 500")
    first = await state_of(app.connection, persona_id)

    await jobs.claim(1, pace_s=0)  # puts the due job into the index
    await jobs.retry(await claim_one(jobs), most_attempts=2, delay_s=0, fault="transient", error="HTTP 502")

    assert (first, await state_of(app.connection, persona_id)) == ("retrying", "failed")


async def test_old_avatar_is_shown_while_the_new_one_is_drawn(app, jobs, avatars, status):
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs), image_url="https://pictures.example/1.jpg"))
    await app.raise_flag(persona_id)

    [row] = await status.personas(persona_ids=[persona_id])

    assert (row.state, row.avatar_url, row.version) == ("queued", "https://pictures.example/1.jpg", 1)


async def test_row_tells_what_became_of_the_persona(app, jobs, avatars, status):
    persona_id = await app.insert("Ana Souza")
    await jobs.retry(await claim_one(jobs), most_attempts=5, delay_s=60, fault="transient", error="HTTP 500")

    [row] = await status.personas(persona_ids=[persona_id])

    assert (row.name, row.empresa_id, row.state) == ("Ana Souza", app.empresa_id, "retrying")
    assert (row.attempts, row.last_error, row.avatar_url) == (1, "HTTP 500", None)
    assert row.run_at is not None


async def test_newest_version_is_the_avatar(app, jobs, avatars, status):
    persona_id = await app.insert()
    await avatars.write(finished_for(await claim_one(jobs)))
    await app.raise_flag(persona_id)
    await avatars.write(finished_for(await claim_one(jobs), version=2, provider="pollinations", seed=7))

    [row] = await status.personas(persona_ids=[persona_id])

    assert (row.version, row.provider, row.seed, row.took_s) == (2, "pollinations", 7, pytest.approx(4.2))


async def test_personas_are_counted_by_company_and_state(app, jobs, status):
    other = await app.insert_company()
    await app.insert_many(3)
    await app.insert_many(2, empresa_id=other)
    await jobs.claim(1, pace_s=0, empresa_id=other)

    counts = await status.counts()
    of_other = await status.counts(other)

    assert counts == {app.empresa_id: {"queued": 3}, other: {"queued": 1, "running": 1}}
    assert of_other == {other: {"queued": 1, "running": 1}}


async def test_personas_are_listed_by_state_and_by_name(app, jobs, status):
    for name in ("Carla", "Ana", "[A GERAR]", "Bia"):
        await app.insert(name)

    rows = await status.personas(empresa_id=app.empresa_id, states=["queued"], limit=2)

    assert [row.name for row in rows] == ["Ana", "Bia"]
