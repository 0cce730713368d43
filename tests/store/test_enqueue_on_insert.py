import pytest
from tests.store.support import job_of, queued

FILLERS = (
    "https://api.dicebear.com/7.x/avataaars/svg?seed=Ana",
    "https://ui-avatars.com/api/?name=Ana",
    "https://images.unsplash.com/photo-1",
    "/avatares/temp_17.jpg",
    "",
    "  ",
)


async def test_inserted_persona_is_queued_for_its_company(app):
    persona_id = await app.insert()

    job = await job_of(app.connection, persona_id)
    assert (job["state"], job["empresa_id"], job["generation"]) == ("queued", app.empresa_id, 1)


async def test_one_insert_rings_one_bell(app, bell):
    await app.insert()

    assert await bell.rings() == 1


async def test_five_thousand_personas_in_one_statement_ring_one_bell(app, bell):
    await app.insert_many(5000)

    assert await bell.rings() == 1
    assert len(await queued(app.connection)) == 5000


async def test_personas_of_one_statement_are_served_in_the_order_of_insertion(app):
    persona_ids = await app.insert_many(50)

    assert await queued(app.connection) == persona_ids


async def test_placeholder_waits_for_its_name(app, bell):
    for name in ("[A GERAR]", "[POSIÇÃO VAGA]", "", "   ", " \t\r\n", " [A GERAR]"):
        await app.insert(name)

    assert await queued(app.connection) == []
    assert await bell.rings() == 0


async def test_persona_that_is_not_active_waits(app):
    for status in ("inactive", "archived"):
        await app.insert(status=status)

    assert await queued(app.connection) == []


async def test_persona_with_a_real_picture_is_not_queued(app):
    await app.insert(avatar_image_url="https://cdn.example/ana.jpg")

    assert await queued(app.connection) == []


async def test_persona_with_a_filler_instead_of_a_picture_is_queued(app):
    persona_ids = [await app.insert(avatar_image_url=url) for url in FILLERS]

    assert await queued(app.connection) == persona_ids


async def test_flag_that_is_up_at_insert_counts_as_raised(app):
    persona_id = await app.insert(avatar_image_url="https://cdn.example/ana.jpg", regenerate_avatar=True)

    assert await job_of(app.connection, persona_id) is not None


async def test_rollback_leaves_neither_job_nor_bell(app, bell):
    transaction = app.connection.transaction()
    await transaction.start()
    await app.insert_many(3)
    await transaction.rollback()

    assert await queued(app.connection) == []
    assert await bell.rings() == 0


async def test_savepoint_that_is_rolled_back_takes_only_its_own_along(app, bell):
    async with app.connection.transaction():
        before = await app.insert()
        savepoint = app.connection.transaction()
        await savepoint.start()
        await app.insert()
        await savepoint.rollback()
        after = await app.insert()

    assert await queued(app.connection) == [before, after]
    assert await bell.rings() == 1


async def test_bell_of_a_rolled_back_savepoint_is_rung_by_the_next_insert(app, bell):
    async with app.connection.transaction():
        savepoint = app.connection.transaction()
        await savepoint.start()
        await app.insert()
        await savepoint.rollback()
        kept = await app.insert()

    assert await queued(app.connection) == [kept]
    assert await bell.rings() == 1


@pytest.mark.parametrize("action", ["nothing", "update set full_name = excluded.full_name, role = excluded.role"])
async def test_upsert_that_changes_nothing_asks_for_nothing(app, bell, action):
    await app.insert(persona_code="P01")
    await app.connection.execute("delete from retrato.jobs")
    await bell.rings()

    await app.connection.execute(
        f"""
        insert into personas (persona_code, full_name, role, empresa_id)
        values ('P01', 'Ana Souza', 'Analista', $1)
        on conflict (persona_code) do {action}
        """,
        app.empresa_id,
    )

    assert await queued(app.connection) == []
    assert await bell.rings() == 0


async def test_statement_without_rows_does_nothing(app, bell):
    await app.insert_many(0)

    assert await bell.rings() == 0
