"""Moving in itself: what `--plan` tells, and that nobody who is there is queued or changed."""

import pytest
from tests.adoption.hosts import CRM, HOSTS, A, B, C
from tests.adoption.places import opened
from tests.adoption.variants import LEAN, POOLED, WITH_DATA, case
from tests.store.support import connected

from retrato.domain.errors import ConfigError
from retrato.store import migrations
from retrato.store.host import Host as HostTables
from retrato.store.mapping import HostMapping


@pytest.fixture(params=[case(host) for host in HOSTS])
def host(request):
    return request.param


@pytest.fixture(params=[WITH_DATA])
def variant(request):
    return request.param


def test_plan_does_nothing_and_tells_what_migrating_does(move):
    assert move.planned_nothing_done
    assert [step.words for step in move.plan] == [step.words for step in move.done]
    assert any(step.touches_host for step in move.plan)


def test_nobody_who_is_there_is_queued_or_changed(move):
    assert move.queued == 0
    assert len(move.rows_before) == 4
    assert move.rows_after == move.rows_before
    assert move.states == {
        "Com Foto": "ready",
        "Sem Foto": "missing",
        "Com Dicebear": "missing",
        "[A GERAR]": "waiting",
    }


async def test_executar_asks_for_those_who_have_no_picture_or_only_a_placeholder(place):
    company = await place.database_value("select empresa_id from retrato.persona_status where name = 'Com Foto'")

    await place.database.execute("select retrato.request_company($1)", company)

    rows = await place.database.fetch(
        """
        select s.name
        from retrato.jobs j
        join retrato.persona_status s using (persona_id)
        where s.empresa_id = $1
        """,
        company,
    )
    assert {row["name"] for row in rows} == {"Sem Foto", "Com Dicebear"}


@pytest.mark.parametrize("variant", [WITH_DATA, LEAN])
async def test_generation_is_found_from_the_catalogue(address, host, variant):
    async with connected(address.dsn) as connection:
        found = await HostTables.read(connection, host.mapping)

    # What tells A from C is a column that may be missing too; they differ in nothing else then.
    assert found.generation == ("c" if variant == LEAN and host.generation == "a" else host.generation)


@pytest.mark.parametrize(("host", "variant"), [case(C, POOLED)])
async def test_migrating_may_go_through_a_pooler(address, host):
    steps = await migrations.apply(address.pool_dsn, host.mapping)

    assert steps
    async with connected(address.dsn) as connection:
        assert await migrations.what_is_missing(connection, host.mapping) == []


@pytest.mark.parametrize("host", [case(CRM)])
async def test_column_that_does_not_exist_is_refused_by_name(bare, host):
    mapping = HostMapping(personas=host.people, columns={"id": "person_no", "name": "Dysplay Name"}, avatares="")

    async with connected(bare.dsn) as connection:
        with pytest.raises(ConfigError, match="Dysplay Name"):
            await migrations.plan(connection, mapping)


@pytest.mark.parametrize("host", [case(A), case(B), case(C)])
async def test_preset_single_leaves_the_table_of_avatars_alone(bare, host):
    await migrations.apply(bare.dsn, HostMapping(preset="single"))

    async with opened(host, bare) as place:
        persona_id = await place.insert()
        await place.draw()

        state = await place.state(persona_id)
        rows = await place.connection.fetchval(f"select count(*) from {host.tables[-1]}")
    assert (state, rows) == ("ready", 0)


@pytest.mark.parametrize("host", [case(C)])
async def test_change_of_the_mapping_takes_the_triggers_along(bare, host):
    await migrations.apply(bare.dsn, host.mapping)

    steps = await migrations.apply(bare.dsn, HostMapping(preset="single"))

    async with connected(bare.dsn) as owner:
        triggers = await owner.fetch(
            "select tgname from pg_trigger where tgname like 'retrato%' and tgrelid = $1::text::regclass",
            "personas_avatares",
        )
    assert triggers == []
    assert any("drop the trigger" in step.words for step in steps)
