"""One persona's whole life, with every application that is known and in every state that its database may have."""

import pytest
from tests.adoption.places import on_page, words_beside
from tests.adoption.variants import CELLS, DUPLICATES, LEAN, case


def _cells(*without):
    return pytest.mark.parametrize(
        ("host", "variant"), [case(host, variant) for host, variant in CELLS if variant not in without]
    )


@_cells()
async def test_inserted_persona_is_queued_drawn_and_shown(place, variant):
    persona_id = await place.insert()
    for _ in range(2 if variant == DUPLICATES else 0):
        await place.connection.execute(place.host.duplicate, persona_id)
    assert await place.state(persona_id) == "queued"

    finished = await place.draw()

    shown = await place.shown(persona_id)
    assert {on_page(row) for row in shown} == {finished.image_url}
    assert len(shown) == (1 if place.host.keeps_versions or variant != DUPLICATES else 2)
    assert await place.state(persona_id) == "ready"


@pytest.mark.parametrize(
    ("host", "variant"),
    [case(host, variant) for host, variant in CELLS if variant != LEAN and host.keeps_metadata],
)
async def test_words_of_the_application_beside_the_avatar_survive(place):
    persona_id = await place.insert()
    await place.connection.execute(place.host.note, persona_id)

    finished = await place.draw()

    [row] = await place.shown(persona_id)
    assert words_beside(row)["aprovado_por"] == "Rita"
    assert words_beside(row)["flux_generation"] == finished.metadados["flux_generation"]


@_cells()
async def test_forced_persona_keeps_its_picture_until_the_new_one_is_there(place):
    persona_id = await place.insert()
    first = await place.draw()

    await place.force(persona_id)
    between = await place.shown(persona_id)
    second = await place.draw()

    after = await place.shown(persona_id)
    assert {on_page(row) for row in between} == {first.image_url}
    assert {on_page(row) for row in after} == {second.image_url}
    assert second.version == 2
    assert not await place.flag(persona_id)


@_cells()
async def test_placeholder_is_queued_when_it_gets_its_name(place):
    persona_id = await place.insert("[POSIÇÃO VAGA]")
    before = await place.state(persona_id)

    await place.update(persona_id, place.host.name_column, "Bruno Lima")

    assert (before, await place.state(persona_id)) == ("waiting", "queued")


@_cells()
async def test_executar_and_forcar_for_the_company_count_the_right_ones(place):
    drawn = await place.insert()
    await place.draw()
    waiting = await place.insert("Bia")
    request = "select retrato.request_company($1, $2)"

    missing = await place.database_value(request, place.company, False)
    everybody = await place.database_value(request, place.company, True)

    assert (missing, everybody) == (0, 2)  # the one that waits already is asked for once more by Forçar
    assert [await place.state(drawn), await place.state(waiting)] == ["queued", "queued"]


@_cells()
async def test_deleted_persona_leaves_nothing_behind(place):
    persona_id = await place.insert()
    await place.draw()
    await place.force(persona_id)

    await place.delete(persona_id)

    left = await place.database_value(
        """
        select (select count(*) from retrato.jobs where persona_id = $1)
            + (select count(*) from retrato.avatars where persona_id = $1)
        """,
        persona_id,
    )
    assert left == 0
    assert await place.state(persona_id) is None
