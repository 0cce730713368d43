"""
Postgres goes away and comes back; backends are terminated. Nothing is lost, taken over or paid twice, and the idle
pick-up is as fast as before.
"""

import asyncio
from datetime import datetime

import pytest
from tests.system.phases import ordered, slow_providers
from tests.system.pick_up import FAST_S, measure
from tests.system.servers import outage
from tests.system.stage import Stage, now, seconds

from retrato.store.queries import REPLICA_LOCK_CLASS

pytestmark = pytest.mark.timeout(240)

BACK_WITHIN_S = 1.0

LISTENERS = f"select pid from pg_locks where locktype = 'advisory' and classid = {REPLICA_LOCK_CLASS}"
EVERYBODY = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
BACKENDS = {"listeners": LISTENERS, "pool": f"{EVERYBODY} except {LISTENERS}", "everybody": EVERYBODY}


async def terminate(stage: Stage, whom: str) -> None:
    """End the backends whose pids the query *whom* gives."""
    await stage.application.fetch(f"select pg_terminate_backend(pid) from ({whom}) doomed")


async def test_idle_pick_up_without_any_fault(stage):
    await stage.replicas.start(2, RETRATO_CONCURRENCY="16")

    pick_up = await measure(stage.application, stage.simulator.world.ledger)

    await stage.settle("no fault", pick_up=pick_up)
    assert pick_up.p50_s <= FAST_S


@pytest.mark.parametrize("down_s", [1, 8, 40])
async def test_idle_replicas_pick_up_as_fast_as_before(stage, server, down_s):
    await stage.replicas.start(2, RETRATO_CONCURRENCY="16")

    await outage(server, down_s=down_s)
    await back_to_speed(stage, f"idle, Postgres {down_s} s down", since=now(), count=200)


@pytest.mark.parametrize("who", ["listeners", "pool", "everybody"])
async def test_terminated_backends_are_replaced(stage, who):
    await stage.replicas.start(2, RETRATO_CONCURRENCY="16")

    await terminate(stage, BACKENDS[who])
    await back_to_speed(stage, f"pg_terminate_backend: {who}", since=now(), count=50)


async def back_to_speed(stage: Stage, case: str, *, since: datetime, count: int) -> None:
    """One second after the fault's end, that is *since*, somebody listens and picks up as fast as ever."""
    await asyncio.sleep(max(0.0, BACK_WITHIN_S - seconds(now() - since)))
    pick_up = await measure(stage.application, stage.simulator.world.ledger, count=count)
    first_s, last_s = await stage.listening_since(since)

    await stage.settle(
        case,
        recovery_s=first_s,
        limit_s=BACK_WITHIN_S,
        pick_up=pick_up,
        remark=f"the last one listens after {last_s:.2f} s",
    )
    assert pick_up.p50_s <= FAST_S


@slow_providers
async def test_work_in_hand_outlives_an_outage_longer_than_its_lease(stage, server):
    await stage.replicas.start(3)
    personas = await stage.application.insert(24)
    await ordered(stage, 8)

    await outage(server, down_s=40)
    answered_at = now()
    recovery_s = await stage.claimed_since(answered_at)

    await stage.application.all_ready(personas)
    assert await stage.takeovers() == 0
    assert len(stage.simulator.world.ledger.orders()) == len(personas)
    await stage.settle("in mid-work, Postgres 40 s down", recovery_s=recovery_s, limit_s=BACK_WITHIN_S)


async def test_everybody_terminated_every_second_for_a_minute_under_load(stage):
    await stage.replicas.start(3)
    personas: list[str] = []

    for _ in range(60):
        personas += await stage.application.insert(5)
        await asyncio.sleep(1)
        await terminate(stage, EVERYBODY)
    terminated_at = now()
    personas += await stage.application.insert()
    recovery_s = await stage.claimed_since(terminated_at, personas=personas[-1:])

    await stage.application.all_ready(personas)
    await stage.settle(
        "everybody terminated each second",
        recovery_s=recovery_s,
        remark=f"{len(personas)} personas, {await stage.takeovers()} takeovers",
    )
