"""What the application does to its own table, and what the queue makes of it."""

import asyncio

import asyncpg
import pytest

RAISE = "update personas set regenerate_avatar = true where id = $1::text::uuid"
STATE = "select state from retrato.persona_status where persona_id = $1"


@pytest.fixture
async def bells(dsn):
    """A counter of bells: call it to let everything arrive that was rung, then to count."""
    rung: list[str] = []
    listening = await asyncpg.connect(dsn)
    await listening.add_listener("retrato", lambda *_: rung.append("ring"))

    async def count() -> int:
        arrived = asyncio.Event()
        await listening.add_listener("arrived", lambda *_: arrived.set())
        await listening.execute("notify arrived")
        await asyncio.wait_for(arrived.wait(), 10)
        return len(rung)

    yield count
    await listening.close()


async def queued(connection) -> int:
    return await connection.fetchval("select count(*) from retrato.jobs where state = 'queued'")


async def test_inserted_persona_is_queued_in_the_same_transaction(connection, insert):
    transaction = connection.transaction()
    await transaction.start()
    await insert()
    inside = await queued(connection)
    await transaction.rollback()

    assert inside == 1
    assert await queued(connection) == 0


async def test_thousands_in_one_statement_ring_once(connection, empresa, bells):
    await connection.execute(
        """
        insert into personas (persona_code, full_name, role, empresa_id)
        select 'B' || n, 'Persona ' || n, 'Analista', $1::text::uuid from generate_series(1, 5000) n
        """,
        empresa,
    )

    assert await queued(connection) == 5000
    assert await bells() == 1


@pytest.mark.parametrize("name", ["[A GERAR]", "[POSIÇÃO VAGA]", "", "   ", "\t [x]"])
async def test_placeholder_waits(connection, insert, bells, name):
    persona_id = await insert(name)

    assert await connection.fetchval(STATE, persona_id) == "waiting"
    assert await bells() == 0


@pytest.mark.parametrize("status", ["inactive", "archived"])
async def test_persona_out_of_service_waits_and_is_queued_when_it_comes_back(connection, insert, status):
    persona_id = await insert(status=status)
    before = await queued(connection)

    await connection.execute("update personas set status = 'active' where id = $1::text::uuid", persona_id)

    assert (before, await queued(connection)) == (0, 1)


async def test_placeholder_that_gets_its_name_is_queued(connection, insert, bells):
    persona_id = await insert("[A GERAR]")

    await connection.execute("update personas set full_name = 'Ana' where id = $1::text::uuid", persona_id)

    assert await queued(connection) == 1
    assert await bells() == 1


async def test_changes_that_do_not_matter_change_nothing(connection, insert, bells):
    persona_id = await insert()
    await connection.execute("delete from retrato.jobs")
    rung = await bells()

    await connection.execute(
        "update personas set role = 'Chefe', full_name = 'Bia', genero = 'f' where id = $1::text::uuid",
        persona_id,
    )

    assert await queued(connection) == 0
    assert await bells() == rung


async def test_upsert_of_the_same_team_makes_no_storm(connection, insert, empresa, bells):
    await insert("Ana", persona_code="X1")
    before = await connection.fetchrow("select * from retrato.jobs")
    rung = await bells()

    for _ in range(5):
        await connection.execute(
            """
            insert into personas (persona_code, full_name, role, empresa_id)
            values ('X1', 'Ana', 'Analista', $1::text::uuid)
            on conflict (persona_code) do update set full_name = excluded.full_name, role = excluded.role
            """,
            empresa,
        )

    assert await connection.fetchrow("select * from retrato.jobs") == before
    assert await bells() == rung


async def test_raised_flag_asks_once_more_and_touching_it_is_nothing(connection, insert):
    persona_id = await insert()
    await connection.execute(RAISE, persona_id)
    raised = await connection.fetchval("select generation from retrato.jobs")

    await connection.execute(RAISE, persona_id)

    assert raised == 2
    assert await connection.fetchval("select generation from retrato.jobs") == 2


async def test_flag_raised_on_a_placeholder_is_honoured_when_it_is_ready(connection, insert):
    persona_id = await insert("[A GERAR]")
    await connection.execute(RAISE, persona_id)
    before = await queued(connection)

    await connection.execute("update personas set full_name = 'Ana' where id = $1::text::uuid", persona_id)

    assert (before, await queued(connection)) == (0, 1)


async def test_flag_of_a_failed_persona_queues_it_anew(connection, insert):
    persona_id = await insert()
    await connection.execute("update retrato.jobs set state = 'failed', attempts = 5")

    await connection.execute(RAISE, persona_id)

    job = await connection.fetchrow("select state, attempts, lane from retrato.jobs")
    assert tuple(job) == ("queued", 0, 0)


async def test_forcar_for_a_few_is_urgent_and_for_many_is_bulk_work(connection, insert):
    for number in range(12):
        await insert(f"Persona {number}")
    await connection.execute("delete from retrato.jobs")

    await connection.execute("update personas set regenerate_avatar = true")

    lanes = await connection.fetch("select lane, count(*) from retrato.jobs group by lane order by lane")
    assert [tuple(row) for row in lanes] == [(0, 5), (1, 7)]


async def test_deleted_persona_takes_job_and_versions_along(connection, insert):
    persona_id = await insert()

    await connection.execute("delete from personas where id = $1::text::uuid", persona_id)

    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_company_that_goes_takes_everything_along(connection, insert, empresa):
    await insert()

    await connection.execute("delete from empresas")

    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_truncated_table_leaves_no_jobs(connection, insert):
    await insert()

    await connection.execute("truncate personas cascade")

    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_persona_that_comes_with_a_real_picture_is_not_drawn_over(connection, insert):
    real = await insert(avatar_image_url="https://cdn.example/ana.jpg")
    filled = await insert(avatar_image_url="https://api.dicebear.com/7.x/avataaars/svg?seed=Ana")

    assert await connection.fetchval(STATE, real) == "ready"
    assert await connection.fetchval(STATE, filled) == "queued"


async def test_bell_is_silent_while_somebody_is_expected_to_look(insert, bells):
    await insert()
    await insert()

    assert await bells() == 1


async def test_bell_rings_again_when_nothing_waits(connection, insert, bells):
    await insert()
    await connection.execute("delete from retrato.jobs")

    await insert()

    assert await bells() == 2


async def test_bell_rings_always_where_the_snapshot_is_old(connection, insert, bells):
    await insert()

    async with connection.transaction(isolation="repeatable_read"):
        await insert()

    assert await bells() == 2


async def test_hint_that_a_silent_transaction_withholds_is_seen_before_sleep(dsn, connection, insert, jobs):
    """DESIGN 5: a transaction sees J waiting and stays silent; J is claimed; the worker finds nothing more."""
    first = await insert()
    application = await asyncpg.connect(dsn)
    transaction = application.transaction()
    await transaction.start()
    await application.execute("update personas set regenerate_avatar = true where id <> $1::text::uuid", first)
    await application.execute(
        """
        insert into personas (persona_code, full_name, role, empresa_id)
        select 'later', 'Bia', 'Analista', id from empresas
        """
    )
    await jobs.claim(10, pace_s=0)

    while_open = await jobs.look_before_sleep()
    nothing = await jobs.claim(10, pace_s=0)
    await transaction.commit()
    something = await jobs.claim(10, pace_s=0)
    afterwards = await jobs.look_before_sleep()
    await application.close()

    assert (while_open.enqueuing, nothing.jobs) == (True, ())
    assert len(something.jobs) == 1
    assert afterwards.enqueuing is False


async def test_application_without_any_right_on_our_schema_can_insert_flag_and_delete(dsn, connection, empresa):
    role = f"app_{abs(hash(dsn))}"
    await connection.execute(f"create role {role}")
    await connection.execute(f"grant select, insert, update, delete on personas to {role}")
    try:
        await connection.execute(f"set role {role}")
        persona_id = await connection.fetchval(
            """
            insert into personas (persona_code, full_name, role, empresa_id)
            values ('A', '[A GERAR]', 'Analista', $1::text::uuid) returning id::text
            """,
            empresa,
        )
        await connection.execute("update personas set full_name = 'Ana' where id = $1::text::uuid", persona_id)
        await connection.execute(RAISE, persona_id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select retrato.request(array[$1::text], true)", persona_id)
        await connection.execute("reset role")
        state = await connection.fetchval(STATE, persona_id)
        await connection.execute(f"set role {role}")
        await connection.execute("delete from personas where id = $1::text::uuid", persona_id)
    finally:
        await connection.execute("reset role")
        await connection.execute(f"drop owned by {role}")
        await connection.execute(f"drop role {role}")

    assert state == "queued"
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_reader_of_the_view_needs_no_function(dsn, connection, insert):
    persona_id = await insert()
    role = f"reader_{abs(hash(dsn))}"
    await connection.execute(f"create role {role}")
    await connection.execute(f"grant usage on schema retrato to {role}")
    await connection.execute(f"grant select on retrato.persona_status to {role}")
    try:
        await connection.execute(f"set role {role}")
        state = await connection.fetchval(STATE, persona_id)
    finally:
        await connection.execute("reset role")
        await connection.execute(f"drop owned by {role}")
        await connection.execute(f"drop role {role}")

    assert state == "queued"


async def test_executar_queues_what_is_missing_or_failed_and_nothing_else(connection, insert, empresa):
    missing, failed, waiting, placeholder = [await insert(name) for name in ("Ana", "Bia", "Caio", "[A GERAR]")]
    await connection.execute("delete from retrato.jobs where persona_id = $1", missing)
    await connection.execute("update retrato.jobs set state = 'failed' where persona_id = $1", failed)

    enqueued = await connection.fetchval("select retrato.request_company($1, false)", empresa)

    states = {
        row[0]: row[1] for row in await connection.fetch("select persona_id, state from retrato.persona_status")
    }
    assert enqueued == 2
    assert states == {missing: "queued", failed: "queued", waiting: "queued", placeholder: "waiting"}


async def test_forcar_for_a_company_queues_all_that_are_ready(connection, insert, empresa):
    for name in ("Ana", "Bia", "[A GERAR]"):
        await insert(name)

    assert await connection.fetchval("select retrato.request_company($1, true)", empresa) == 2


async def test_request_for_nobody_enqueues_nobody(connection, insert):
    await insert()

    for asked in ([], ["00000000-0000-4000-8000-000000000000"]):
        assert await connection.fetchval("select retrato.request($1::text[], true)", asked) == 0
    assert await connection.fetchval("select retrato.request_company('nobody', true)") == 0
