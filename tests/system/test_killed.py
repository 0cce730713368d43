"""
SIGKILL in every phase of one persona's way, each held open until the replica has been shot in it.

    claimed ─▶ attempt written ─▶ order sent ─▶ provider's id noted ─▶ picture stored ─▶ written back
"""

import asyncio
import random

import asyncpg
import pytest
from tests.system.phases import held_before_its_write_back, ordered, slow_providers
from tests.system.stage import Stage, now

from retrato.supervise import wait_for_any

pytestmark = pytest.mark.timeout(120)

LIMIT_S = 6


async def shot(stage: Stage, persona: str) -> float:
    """Kill whoever works on *persona*; seconds until somebody else works on it."""
    holder = await stage.replicas.holder(persona)
    killed_at = now()
    await holder.kill()
    return await stage.claimed_since(killed_at, personas=[persona])


async def test_after_the_claim(stage):
    await stage.replicas.start(2)
    lock = await asyncpg.connect(stage.application.dsn)
    await lock.execute("begin; lock table retrato.attempts in share mode")  # nobody gets as far as the next phase

    (persona,) = await stage.application.insert()
    holder = await stage.replicas.holder(persona)
    killed_at = now()
    await holder.kill()
    await lock.close()
    recovery_s = await stage.claimed_since(killed_at, personas=[persona])

    await stage.application.all_ready([persona])
    assert len(stage.simulator.world.ledger.orders()) == 1
    await stage.settle("SIGKILL after the claim", recovery_s=recovery_s, limit_s=LIMIT_S)


async def test_between_the_attempts_row_and_the_call(stage):
    replicas = await stage.replicas.start(2, wired=True)
    written = [replica.wires.pool.lose_commit("into retrato.attempts", then_cut=False) for replica in replicas]

    (persona,) = await stage.application.insert()
    await wait_for_any(*written, timeout_s=30)
    assert not stage.simulator.world.ledger.orders()
    for replica in replicas:
        replica.wires.pool.loses = None
    recovery_s = await shot(stage, persona)

    await stage.application.all_ready([persona])
    assert len(stage.simulator.world.ledger.orders()) == 1
    await stage.settle("SIGKILL before the call", recovery_s=recovery_s, limit_s=LIMIT_S)


async def test_while_the_provider_has_not_answered_the_order(stage):
    stage.simulator.world.script("fal-ai", ["delay:60"])
    await stage.replicas.start(2)

    (persona,) = await stage.application.insert()
    async with asyncio.timeout(30):
        while not stage.simulator.world.ledger.orders():  # noqa: ASYNC110 - another process orders
            await asyncio.sleep(0.01)
    recovery_s = await shot(stage, persona)

    await stage.application.all_ready([persona])
    await stage.settle("SIGKILL, order not answered", recovery_s=recovery_s, limit_s=LIMIT_S)


@slow_providers
async def test_while_the_provider_draws(stage):
    await stage.replicas.start(2)

    (persona,) = await stage.application.insert()
    await ordered(stage, 1)
    recovery_s = await shot(stage, persona)

    await stage.application.all_ready([persona])
    assert len(stage.simulator.world.ledger.orders()) == 1
    await stage.settle("SIGKILL while the provider draws", recovery_s=recovery_s, limit_s=LIMIT_S)


async def test_with_the_picture_stored(stage):
    await stage.replicas.start(2)
    persona, host = await held_before_its_write_back(stage)

    recovery_s = await shot(stage, persona)
    await host.close()

    await stage.application.all_ready([persona])
    assert len(stage.simulator.world.ledger.orders()) == 1
    assert sum(replica.said("avatar.completed") for replica in stage.replicas.running) == 1
    await stage.settle("SIGKILL with the picture stored", recovery_s=recovery_s, limit_s=LIMIT_S)


async def test_written_back_without_having_heard_it(stage):
    replicas = await stage.replicas.start(2, wired=True)
    written = [replica.wires.pool.lose_commit("retrato.write_back(", then_cut=False) for replica in replicas]

    personas = await stage.application.insert()
    await wait_for_any(*written, timeout_s=30)
    for replica, one in zip(replicas, written, strict=True):
        if one.is_set():
            await replica.kill()

    await stage.application.all_ready(personas)
    assert len(stage.simulator.world.ledger.orders()) == 1
    await stage.settle("SIGKILL after the unheard COMMIT")


@slow_providers
async def test_all_that_a_replica_holds_at_once(stage):
    await stage.replicas.start(3, RETRATO_CONCURRENCY="8")
    personas = await stage.application.insert(16)
    await ordered(stage, 16)

    victim = await stage.replicas.holder(personas[0])
    killed_at, jobs = now(), await stage.jobs_of(victim)
    await victim.kill()
    recovery_s = await stage.claimed_since(killed_at, personas=jobs)

    await stage.application.all_ready(personas)
    assert len(stage.simulator.world.ledger.orders()) == 16
    await stage.settle(
        "SIGKILL with many in hand", recovery_s=recovery_s, limit_s=LIMIT_S, remark=f"{len(jobs)} jobs taken over"
    )


async def test_at_random_moments(stage):
    moments = random.Random(20261122)
    await stage.replicas.start(3)
    personas: list[str] = []
    slowest_s = 0.0

    for _ in range(5):
        personas += await stage.application.insert(10)
        await asyncio.sleep(moments.uniform(0.1, 2.0))
        victim = moments.choice(stage.replicas.running)
        killed_at = now()
        await victim.kill()
        jobs = await stage.jobs_of(victim)
        slowest_s = max(slowest_s, await stage.claimed_since(killed_at, personas=jobs) if jobs else 0.0)
        await stage.replicas.start()

    await stage.application.all_ready(personas)
    await stage.settle("SIGKILL at five random moments", recovery_s=slowest_s, limit_s=LIMIT_S)
