"""An old version comes back as the newest one, in the host's tables as in ours, and nothing else is touched."""

import asyncio
import json

import pytest
from tests.store.support import blocked, claim_one, connected, finished_for, job_of, state_of

from retrato.domain.errors import ConfigError, NotFoundError
from retrato.domain.picture import Drawn, Order, Picture
from retrato.generation.pipeline import metadados
from retrato.store.avatars import Outcome
from retrato.store.versions import Versions

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def versions(database):
    return Versions(database)


@pytest.fixture
def draw(app, jobs, avatars):
    """Draws the next version of the one persona that is queued; returns what was written."""

    async def draw(**changes):
        written = finished_for(await claim_one(jobs), **changes)
        assert await avatars.write(written) is Outcome.WRITTEN
        return written

    return draw


@pytest.fixture
async def drawn_twice(app, draw):
    """A persona with two versions; its id and what was written."""
    persona_id = await app.insert()
    first = await draw()
    await app.raise_flag(persona_id)
    return persona_id, first, await draw(version=2, prompt="A portrait of Ana, anew")


async def avatar_of(connection, persona_id):
    return await connection.fetchrow(
        "select * from personas_avatares where persona_id = $1::text::uuid", persona_id
    )


async def test_old_version_comes_back_as_the_newest(app, versions, drawn_twice):
    persona_id, first, _ = drawn_twice

    restored = await versions.restore(persona_id, 1)

    persona, avatar = await app.persona(persona_id), await avatar_of(app.connection, persona_id)
    assert restored == 3
    assert persona["avatar_image_url"] == avatar["avatar_url"] == first.image_url
    assert avatar["avatar_thumbnail_url"] == first.thumbnail_url
    assert persona["avatar_image_prompt"] == first.prompt
    assert avatar["servico_usado"] == first.service
    assert await app.connection.fetchval("select avatar_url from retrato.persona_status") == first.image_url


async def test_copy_names_its_origin_and_cost_nothing(app, versions, drawn_twice):
    persona_id, first, _ = drawn_twice

    await versions.restore(persona_id, 1)

    row = await app.connection.fetchrow("select * from retrato.avatars where version = 3")
    assert (row["restored_from"], row["cost_usd"], row["attempts"]) == (1, 0, 0)
    assert (row["image_key"], row["sha256"], row["prompt"]) == (first.image_key, first.sha256, first.prompt)
    assert row["token"] > first.token


async def test_versions_are_listed_newest_first(versions, drawn_twice):
    persona_id, first, second = drawn_twice
    await versions.restore(persona_id, 1)

    listed = await versions.list(persona_id)

    assert [(one.version, one.restored_from) for one in listed] == [(3, 1), (2, None), (1, None)]
    assert [one.image_url for one in listed] == [first.image_url, second.image_url, first.image_url]


async def test_metadata_have_every_key_of_the_pipelines_and_those_of_others_stay(app, versions, drawn_twice):
    persona_id, first, _ = drawn_twice
    await app.connection.execute("update personas_avatares set metadados = metadados || '{\"aprovado\": true}'")

    await versions.restore(persona_id, 1)

    told = json.loads((await avatar_of(app.connection, persona_id))["metadados"])
    picture = Picture(image=b"", thumbnail=b"", width=1024, height=1024, sha256=first.sha256)
    as_drawn = metadados(
        Drawn(
            picture=picture,
            provider=first.provider,
            leg=first.leg,
            model=first.model,
            order=Order(prompt=first.prompt, seed=first.seed),
            redraw=0,
            attempts=1,
            seed=first.seed,
            steps=first.steps,
            guidance=first.guidance,
            cost_usd=first.cost_usd,
        ),
        version=3,
    )["flux_generation"]
    drawn_at = await app.connection.fetchval("select created_at from retrato.avatars where version = 1")
    assert told["aprovado"] is True
    assert told["flux_generation"] == {
        **as_drawn,
        "generated_at": drawn_at.isoformat(timespec="microseconds"),
        "file_size_kb": "234.56",
    }


async def test_job_that_waits_and_raised_flag_are_left_alone(app, versions, drawn_twice):
    persona_id, *_ = drawn_twice
    await app.raise_flag(persona_id)
    before = await job_of(app.connection, persona_id)

    await versions.restore(persona_id, 1)

    assert await job_of(app.connection, persona_id) == before
    assert (await app.persona(persona_id))["regenerate_avatar"] is True


async def test_restoring_queues_nothing_and_raises_no_flag(app, versions, drawn_twice):
    persona_id, *_ = drawn_twice

    await versions.restore(persona_id, 1)

    assert await state_of(app.connection, persona_id) == "ready"
    assert await job_of(app.connection, persona_id) is None
    assert (await app.persona(persona_id))["regenerate_avatar"] is False


async def test_version_that_was_under_way_meanwhile_is_written_behind_the_restored_one(
    app, versions, jobs, avatars, drawn_twice
):
    persona_id, *_ = drawn_twice
    await app.raise_flag(persona_id)
    under_way = finished_for(await claim_one(jobs), version=3)

    await versions.restore(persona_id, 1)
    outcome = await avatars.write(under_way)

    told = json.loads((await avatar_of(app.connection, persona_id))["metadados"])["flux_generation"]
    assert outcome is Outcome.WRITTEN
    assert [one.version for one in await versions.list(persona_id)] == [4, 3, 2, 1]
    assert (await app.persona(persona_id))["avatar_image_url"] == under_way.image_url
    assert told["version"] == 4


async def test_two_who_restore_at_once_come_one_after_the_other(app, versions, drawn_twice):
    persona_id, *_ = drawn_twice

    restored = await asyncio.gather(versions.restore(persona_id, 1), versions.restore(persona_id, 2))

    assert sorted(restored) == [3, 4]


async def test_application_that_holds_the_row_goes_first(app, dsn, versions, drawn_twice):
    persona_id, first, _ = drawn_twice

    async with connected(dsn) as watching, asyncio.TaskGroup() as group:
        async with app.connection.transaction():
            await app.update(persona_id, role="Diretora")
            restoring = group.create_task(versions.restore(persona_id, 1))
            await blocked(watching)

        assert await restoring == 3

    persona = await app.persona(persona_id)
    assert (persona["role"], persona["avatar_image_url"]) == ("Diretora", first.image_url)


async def test_persona_that_moved_takes_its_restored_version_along(app, versions, drawn_twice):
    persona_id, *_ = drawn_twice
    elsewhere = await app.insert_company()
    await app.update(persona_id, empresa_id=elsewhere)

    await versions.restore(persona_id, 1)

    row = await app.connection.fetchrow("select empresa_id from retrato.avatars where version = 3")
    assert row["empresa_id"] == elsewhere


@pytest.mark.parametrize("persona_id", [NOBODY, "not a uuid"])
async def test_unknown_persona_is_said(versions, persona_id):
    with pytest.raises(NotFoundError, match=persona_id):
        await versions.restore(persona_id, 1)


async def test_unknown_version_is_said_and_nothing_is_written(versions, drawn_twice):
    persona_id, *_ = drawn_twice

    with pytest.raises(NotFoundError, match="has no version 7"):
        await versions.restore(persona_id, 7)

    assert [one.version for one in await versions.list(persona_id)] == [2, 1]


async def test_tables_that_do_not_take_it_leave_everything_as_it_was(app, versions, drawn_twice):
    persona_id, _, second = drawn_twice
    await app.connection.execute(
        "alter table personas add constraint fixed check (avatar_image_url not like '%.jpg') not valid"
    )
    try:
        with pytest.raises(ConfigError, match="fixed"):
            await versions.restore(persona_id, 1)
    finally:
        await app.connection.execute("alter table personas drop constraint fixed")

    assert (await app.persona(persona_id))["avatar_image_url"] == second.image_url
    assert [one.version for one in await versions.list(persona_id)] == [2, 1]
