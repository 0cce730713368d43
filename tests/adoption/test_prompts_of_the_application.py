"""Prompts that the application writes, told apart from those that Retrato leaves in the same tables."""

from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from tests.adoption.hosts import CRM, A, B, C
from tests.adoption.places import opened
from tests.adoption.variants import FRESH, case
from tests.store.support import connected

from retrato.domain.picture import Drawn, Picture
from retrato.generation.pipeline import Pipeline
from retrato.generation.wording import Wording
from retrato.storage.location import open_store
from retrato.store import migrations
from retrato.store.attempts import AttemptLog
from retrato.store.avatars import Outcome
from retrato.store.host import Host as HostTables
from retrato.store.looks import Looks
from retrato.store.personas import Personas

THEIRS = "Professional headshot of a woman in her 30s, soft light"
WRITE = {
    "a": """
        insert into personas_avatares (persona_id, prompt_usado) values ($1::text::uuid, $2)
        on conflict (persona_id) do update set prompt_usado = excluded.prompt_usado
    """,
    "b": """
        insert into avatares_personas (persona_id, avatar_url, prompt_usado)
        values ($1::text::bigint, 'https://ui-avatars.com/api/?name=Ana', $2)
    """,
    "c": "insert into personas_avatares (persona_id, prompt_image) values ($1::text::uuid, $2)",
    "crm": 'insert into "Sales CRM".faces (owner_no, wish) values ($1::text::bigint, $2)',
}


class Easel:
    """Stands in for the chain: every order becomes a picture at once."""

    async def draw(self, _job, *, order_for, redraw, **_):
        order = order_for(redraw)
        picture = Picture(image=b"picture", thumbnail=b"small", width=1024, height=1024, sha256="ab" * 32)
        return Drawn(
            picture=picture,
            provider="fake",
            leg="fake/one",
            model="fake/model",
            order=order,
            redraw=redraw,
            attempts=1,
            seed=order.seed,
            steps=None,
            guidance=None,
            cost_usd=None,
        )


class Studio:
    """A place, and the pipeline that draws there."""

    def __init__(self, place, tables):
        self.place = place
        self.personas = Personas(place.database, tables)
        self._pipeline = Pipeline(
            self.personas,
            AttemptLog(place.database),
            Easel(),
            open_store("memory://", public_url="https://pictures.example"),
            prompt_for=Wording(Looks(place.database)).prompt_for,
        )

    async def write_prompt(self, persona_id, prompt=THEIRS):
        """As script 05a does it."""
        await self.place.connection.execute(WRITE[self.place.host.name], persona_id, prompt)

    async def draw(self):
        """Draw the one job; returns the prompt, and whether Forçar has asked for a new face."""
        job = await self.place.claim()
        finished = await self._pipeline.draw(job)
        assert finished is not None
        assert await self.place.avatars.write(finished) is Outcome.WRITTEN
        return finished.prompt, job.new_face


@pytest.fixture(params=[case(A), case(B), case(C), case(CRM)])
def host(request):
    return request.param


@pytest.fixture
def variant():
    return FRESH


@pytest.fixture
async def studio(place, host):
    """The application with Retrato moved in as it comes."""
    return await _studio(place, host.mapping)


@pytest.fixture
async def set_up(bare, host):
    """Moves Retrato into a database of the test's own under other settings."""
    async with AsyncExitStack() as stack:

        async def set_up(**settings):
            mapping = replace(host.mapping, **settings)
            await migrations.apply(bare.dsn, mapping)
            return await _studio(await stack.enter_async_context(opened(host, bare)), mapping)

        yield set_up


async def _studio(place, mapping):
    async with connected(place.address.dsn) as connection:
        return Studio(place, await HostTables.read(connection, mapping))


async def test_persona_waits_for_the_applications_prompt_and_is_drawn_with_it_every_time(set_up):
    studio = await set_up(ready_when="prompt")
    persona_id = await studio.place.insert()
    before = await studio.place.state(persona_id)

    await studio.write_prompt(persona_id)
    first, _ = await studio.draw()
    await studio.place.force(persona_id)
    second, _ = await studio.draw()

    assert before == "waiting"
    assert (first, second) == (THEIRS, THEIRS)


async def test_prompt_that_retrato_composed_is_not_read_back_as_the_applications(studio):
    persona_id = await studio.place.insert()
    first, _ = await studio.draw()

    draft = await studio.personas.read(persona_id)
    await studio.place.force(persona_id)
    second, _ = await studio.draw()

    assert draft.persona.ready_prompt is None
    assert first != second


async def test_prompt_that_comes_after_the_first_picture_is_that_of_the_next(studio):
    persona_id = await studio.place.insert()
    await studio.draw()

    await studio.write_prompt(persona_id)
    state = await studio.place.state(persona_id)
    await studio.place.force(persona_id)
    prompts = [(await studio.draw())[0]]
    await studio.place.force(persona_id)
    prompts.append((await studio.draw())[0])

    assert state == "ready"
    assert prompts == [THEIRS, THEIRS]


@pytest.mark.parametrize("host", [case(B), case(C)])
async def test_of_several_prompts_the_one_that_was_written_last_counts(studio):
    persona_id = await studio.place.insert()
    await studio.write_prompt(persona_id, "Z is what was wished for first")
    await studio.write_prompt(persona_id, "A is what is wished for now")

    prompt, _ = await studio.draw()

    assert prompt == "A is what is wished for now"


@pytest.mark.parametrize("host", [case(A), case(CRM)])
async def test_change_of_the_row_is_drawn_with_the_same_face_and_forcar_with_a_new_one(set_up):
    studio = await set_up(regenerate_on_change=True)
    place = studio.place
    persona_id = await place.insert()
    await studio.draw()
    looks = Looks(place.database)
    first = await looks.kept(persona_id)

    await place.update(persona_id, place.host.name_column, "Ana Souza Lima")
    _, new_face_on_change = await studio.draw()
    changed = await looks.kept(persona_id)
    await place.update(persona_id, place.host.name_column, "Ana Souza Lima")
    unchanged = await place.state(persona_id)
    await place.force(persona_id)
    _, new_face_on_force = await studio.draw()
    forced = await looks.kept(persona_id)

    assert (new_face_on_change, unchanged, new_face_on_force) == (False, "ready", True)
    assert changed == first
    assert forced.fingerprint != first.fingerprint
