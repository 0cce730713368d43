"""
Django, whose ``save()`` writes all columns back: also those that Retrato has written since the row was loaded.

An object that is older than the picture must not take it off the page, nor order a second one.
"""

import asyncio
from urllib.parse import urlsplit

import pytest
from tests.adoption.hosts import A, C
from tests.adoption.places import on_page
from tests.adoption.variants import FRESH, case

pytest.importorskip("django", reason="Django is not installed: its habits are not replayed")
pytest.importorskip("psycopg", reason="psycopg is not installed: Django has no way to Postgres")
from tests.adoption.django_app import Avatar, Persona, PersonaOfC, connection


@pytest.fixture(params=[case(A)])
def host(request):
    return request.param


@pytest.fixture
def variant():
    return FRESH


@pytest.fixture
def django(address):
    """Runs a function in a thread of Django's own, as its workers do."""
    parts = urlsplit(address.dsn)

    async def run(work, *args):
        def in_thread():
            connection.settings_dict.update(
                NAME=parts.path[1:],
                USER=parts.username,
                PASSWORD=parts.password,
                HOST=parts.hostname,
                PORT=str(parts.port),
            )
            try:
                return work(*args)
            finally:
                connection.close()

        return await asyncio.to_thread(in_thread)

    return run


@pytest.fixture
async def drawn(place):
    """A persona with its first picture."""
    await place.insert()
    return await place.draw()


async def load(django, persona_id, model=Persona):
    return await django(lambda: model.objects.get(pk=persona_id))


async def shown_url(place, persona_id):
    [row] = await place.shown(persona_id)
    return on_page(row)


async def test_created_persona_is_queued_and_a_saved_one_not_again(place, django):
    persona_id = await place.insert("[A GERAR]")
    persona = await load(django, persona_id)

    persona.full_name = "Ana Souza"
    await django(persona.save)
    persona.role = "CEO"
    await django(persona.save)

    job = await place.claim()
    assert (job.persona_id, job.generation) == (persona_id, 1)


async def test_object_older_than_the_picture_does_not_take_it_away(place, django):
    persona_id = await place.insert()
    old = await load(django, persona_id)
    finished = await place.draw()

    old.role = "CEO"
    await django(old.save)

    url = await place.connection.fetchval("select avatar_image_url from personas where id = $1", persona_id)
    assert url == finished.image_url
    assert await place.connection.fetchval("select role from personas where id = $1", persona_id) == "CEO"


@pytest.mark.parametrize("host", [case(C)])
async def test_object_older_than_the_picture_does_not_take_it_away_where_the_persona_alone_has_it(place, django):
    persona_id = await place.insert()
    await place.update(persona_id, "avatar_url", None)
    old = await load(django, persona_id, PersonaOfC)
    finished = await place.draw()

    old.cargo = "CEO"
    await django(old.save)

    [row] = await place.shown(persona_id)
    assert (row["avatar_url"], row["cargo"]) == (finished.image_url, "CEO")


async def test_object_that_was_loaded_while_the_flag_was_up_is_forcar_but_keeps_the_newest_picture(
    place, django, drawn
):
    await place.force(drawn.persona_id)
    old = await load(django, drawn.persona_id)
    second = await place.draw()

    old.role = "CEO"
    await django(old.save)

    # Nobody can tell it from a person who asks: docs/adopting.md says what to do about it.
    assert await place.state(drawn.persona_id) == "queued"
    url = await place.connection.fetchval("select avatar_image_url from personas where id = $1", drawn.persona_id)
    assert url == second.image_url


async def test_object_that_only_raises_the_flag_orders_one_more(place, django, drawn):
    persona = await load(django, drawn.persona_id)

    persona.regenerate_avatar = True
    await django(persona.save)

    assert await place.state(drawn.persona_id) == "queued"


async def test_saving_named_columns_touches_nothing_of_ours(place, django):
    persona_id = await place.insert()
    old = await load(django, persona_id)
    finished = await place.draw()

    old.role = "CEO"
    await django(lambda: old.save(update_fields=["role"]))

    assert await shown_url(place, persona_id) == finished.image_url
    assert await place.state(persona_id) == "ready"


async def test_avatar_row_older_than_the_picture_does_not_take_it_away(place, django):
    persona_id = await place.insert()
    await place.connection.execute(
        "insert into personas_avatares (persona_id, prompt_usado) values ($1, 'Ana at her desk')", persona_id
    )
    old = await django(lambda: Avatar.objects.get(persona_id=persona_id))
    finished = await place.draw()

    old.prompt_usado = "Ana in the garden"
    await django(old.save)

    [row] = await place.shown(persona_id)
    assert on_page(row) == finished.image_url
    assert row["prompt_usado"] == "Ana in the garden"


async def test_restored_version_stays_where_an_object_older_than_it_is_saved(place, django, drawn):
    await place.force(drawn.persona_id)
    await place.draw()
    old = await load(django, drawn.persona_id)
    restored = await place.database_value("select retrato.restore($1, 1)", drawn.persona_id)
    [row] = await place.shown(drawn.persona_id)

    await django(old.save)

    url = await place.connection.fetchval("select avatar_image_url from personas where id = $1", drawn.persona_id)
    assert restored == 3
    assert on_page(row) == url == drawn.image_url


async def test_object_that_is_saved_again_and_again_does_not_wear_the_picture_down(place, django):
    persona_id = await place.insert()
    copies = [await load(django, persona_id) for _ in range(3)]
    finished = await place.draw()

    for copy in copies:
        await django(copy.save)

    persona = await load(django, persona_id)
    assert persona.avatar_image_url == finished.image_url
    assert persona.avatar_image_prompt == finished.prompt
    assert persona.avatar_image_generated_at is not None


async def test_picture_that_somebody_takes_away_on_purpose_stays_away(place, django, drawn):
    def take_away():
        Persona.objects.filter(pk=drawn.persona_id).update(avatar_image_url=None)

    await django(take_away)

    assert (
        await place.connection.fetchval("select avatar_image_url from personas where id = $1", drawn.persona_id)
        is None
    )


async def test_picture_of_the_applications_own_stays(place, django, drawn):
    persona = await load(django, drawn.persona_id)

    persona.avatar_image_url = "https://cdn.example/upload.jpg"
    await django(persona.save)

    url = await place.connection.fetchval("select avatar_image_url from personas where id = $1", drawn.persona_id)
    assert url == "https://cdn.example/upload.jpg"
