"""Jobs and personas of which no bell tells: the poll finds the jobs, the sweep the personas without one."""

import asyncio

import pytest
from tests.system.application import EMPRESA
from tests.system.stage import Stage, now

pytestmark = pytest.mark.timeout(180)

POLL_S = 5
POLL_SPREAD = 1.2
"""Replicas spread their polls by a fifth, so that they do not all come at once."""
SWEPT_WITHIN_S = 90


async def insert_past_the_triggers(stage: Stage, *, with_job: bool) -> str:
    """Insert a persona as a restored dump does; with its job, but without the bell, if told so."""
    job = "insert into retrato.jobs (persona_id, empresa_id) select id::text, empresa_id::text from arrival"
    (row,) = await stage.application.fetch(
        f"""
        with replica as materialized (select set_config('session_replication_role', 'replica', false)),
        arrival as (
            insert into personas (persona_code, full_name, role, genero, empresa_id)
            select 'UNHEARD', 'Ana', 'Analista', 'feminino', $1::uuid from replica
            returning id, empresa_id
        ),
        job as ({job if with_job else "select"})
        select id::text from arrival
        """,
        EMPRESA,
    )
    await stage.application.fetch("set session_replication_role = origin")
    return str(row["id"])


async def test_poll_finds_what_no_bell_told_of(stage):
    await stage.replicas.start(2, RETRATO_POLL_SECONDS=str(POLL_S), RETRATO_SWEEP="off")
    await asyncio.sleep(2)  # they have looked, and sleep

    committed_at = now()
    persona = await insert_past_the_triggers(stage, with_job=True)
    recovery_s = await stage.claimed_since(committed_at, personas=[persona])

    await stage.application.all_ready([persona])
    await stage.settle(
        "NOTIFY never delivered", recovery_s=recovery_s, limit_s=POLL_S * POLL_SPREAD, remark=f"poll {POLL_S} s"
    )


async def test_sweep_finds_personas_that_no_trigger_saw(stage):
    persona = await insert_past_the_triggers(stage, with_job=False)

    started_at = now()
    await stage.replicas.start(2, RETRATO_SWEEP="new")
    recovery_s = await stage.claimed_since(started_at, personas=[persona])

    await stage.application.all_ready([persona])
    await stage.settle("triggers bypassed", recovery_s=recovery_s, limit_s=SWEPT_WITHIN_S)
