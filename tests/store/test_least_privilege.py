"""An application's role that may write personas and nothing else: not even see that there is a schema retrato."""

import asyncpg
import pytest
from tests.store.support import Application, connected, job_of, queued, state_of


@pytest.fixture
async def humble(dsn, app):
    role = f"humble_{app.empresa_id.replace('-', '')}"
    await app.connection.execute(f"create role {role} login password 'humble'")
    await app.connection.execute(f"grant select, insert, update, delete on personas, personas_avatares to {role}")
    try:
        async with connected(dsn, user=role, password="humble") as connection:
            yield Application(connection, app.empresa_id)
    finally:
        await app.connection.execute(f"drop owned by {role}")
        await app.connection.execute(f"drop role {role}")


async def test_humble_role_queues_by_inserting(app, humble):
    persona_id = await humble.insert()

    assert await queued(app.connection) == [persona_id]


async def test_humble_role_queues_by_naming_a_placeholder(app, humble):
    persona_id = await humble.insert("[A GERAR]")

    await humble.update(persona_id, full_name="Carla Dias")

    assert await queued(app.connection) == [persona_id]


async def test_humble_role_queues_by_raising_the_flag(app, humble):
    persona_id = await humble.insert()

    await humble.raise_flag(persona_id)

    assert (await job_of(app.connection, persona_id))["generation"] == 2


async def test_humble_role_cleans_up_by_deleting(app, humble):
    persona_id = await humble.insert()

    await humble.delete(persona_id)

    assert await queued(app.connection) == []


@pytest.mark.parametrize(
    "statement",
    [
        "select retrato.request(array['x'], true)",
        "select retrato.request_company('x', true)",
        "select retrato.request_in_lane(array['x'], true, 0::smallint)",
        "select retrato.enqueue(array['x'], array['y'], 0::smallint, true)",
        "insert into retrato.jobs (persona_id, empresa_id) values ('x', 'y')",
        "select * from retrato.persona_status",
    ],
)
async def test_humble_role_cannot_start_paid_work_by_itself(humble, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await humble.connection.execute(statement)


async def test_no_function_may_be_executed_by_everybody_who_sees_the_schema(app, humble):
    role = await humble.connection.fetchval("select current_user")
    await app.connection.execute(f"grant usage on schema retrato to {role}")

    allowed = await humble.connection.fetch(
        """
        select proname
        from pg_proc
        where pronamespace = 'retrato'::regnamespace and has_function_privilege(oid, 'execute')
        """
    )

    assert allowed == []


async def test_reader_of_the_view_needs_no_other_right(app, humble):
    role = await humble.connection.fetchval("select current_user")
    await app.connection.execute(f"grant usage on schema retrato to {role}")
    await app.connection.execute(f"grant select on retrato.persona_status to {role}")
    await app.connection.execute(f"revoke all on personas, personas_avatares from {role}")
    persona_id = await app.insert()

    assert await state_of(humble.connection, persona_id) == "queued"


async def test_role_that_was_given_the_function_may_ask(app, humble):
    role = await humble.connection.fetchval("select current_user")
    await app.connection.execute(f"grant usage on schema retrato to {role}")
    await app.connection.execute(f"grant execute on function retrato.request(text[], boolean) to {role}")
    persona_id = await humble.insert(avatar_image_url="https://cdn.example/ana.jpg")

    enqueued = await humble.connection.fetchval("select retrato.request(array[$1], true)", persona_id)

    assert enqueued == 1
