"""SIGSTOP and SIGCONT, shorter and longer than the lease; SIGTERM with work in hand."""

import asyncio
import signal

import pytest
from tests.system.phases import SHORT_LEASE, SHORT_LEASE_S, held_before_its_write_back, ordered, slow_providers
from tests.system.stage import now, seconds

pytestmark = pytest.mark.timeout(120)

SWEEP_S = 3
"""What comes on top of a lease: the next look at expired leases, and the claim."""
HELD_TRANSACTION_S = 15
"""After so long Postgres itself ends the transaction of a replica that does not go on."""


@slow_providers
async def test_shorter_than_the_lease_costs_nothing(stage):
    await stage.replicas.start(2, **SHORT_LEASE)
    (persona,) = await stage.application.insert()
    await ordered(stage, 1)
    holder = await stage.replicas.holder(persona)

    holder.send(signal.SIGSTOP)
    await asyncio.sleep(SHORT_LEASE_S / 2)
    holder.send(signal.SIGCONT)
    woken_at = now()

    await stage.application.all_ready([persona])
    assert await stage.takeovers() == 0
    assert holder.said("avatar.finished") == 1
    recovery_s = seconds(now() - woken_at)
    await stage.settle("SIGSTOP for half a lease", recovery_s=recovery_s, limit_s=SWEEP_S)


@slow_providers
async def test_longer_than_the_lease_leaves_a_zombie_that_writes_nothing(stage):
    await stage.replicas.start(2, **SHORT_LEASE)
    (persona,) = await stage.application.insert()
    await ordered(stage, 1)
    zombie = await stage.replicas.holder(persona)

    stopped_at = now()
    zombie.send(signal.SIGSTOP)
    recovery_s = await stage.claimed_since(stopped_at, personas=[persona])
    await stage.application.all_ready([persona])
    zombie.send(signal.SIGCONT)
    await zombie.daemon.said("job.lost")

    assert zombie.said("avatar.finished") == 0
    assert len(stage.simulator.world.ledger.orders()) == 1
    # It is a replica like any other again.
    (other,) = (replica for replica in stage.replicas.running if replica is not zombie)
    await other.kill()
    await stage.application.all_ready(await stage.application.insert())
    await stage.settle(
        "SIGSTOP for longer than the lease",
        recovery_s=recovery_s,
        limit_s=SHORT_LEASE_S + SWEEP_S,
        remark="lease 10 s",
    )


async def test_in_the_middle_of_the_write_back_holds_nobody_up_for_long(stage):
    await stage.replicas.start(2, **SHORT_LEASE)
    persona, host = await held_before_its_write_back(stage)
    zombie = await stage.replicas.holder(persona)

    stopped_at = now()
    zombie.send(signal.SIGSTOP)
    await host.close()
    await stage.application.all_ready([persona])
    recovery_s = seconds(now() - stopped_at)
    zombie.send(signal.SIGCONT)
    await asyncio.sleep(SWEEP_S)

    await stage.settle(
        "SIGSTOP in mid-write-back",
        recovery_s=recovery_s,
        limit_s=max(SHORT_LEASE_S, HELD_TRANSACTION_S) + SWEEP_S,
        remark="to the avatar's row; lease 10 s",
    )


async def test_sigterm_hands_the_work_back_and_burns_no_attempt(stage):
    stage.simulator.world.script("fal-ai", ["delay:60"])
    await stage.replicas.start(2, RETRATO_GRACE_SECONDS="0.5")
    (persona,) = await stage.application.insert()
    await stage.application.until("select count(*) from retrato.attempts")
    holder = await stage.replicas.holder(persona)

    code = await holder.end(signal.SIGTERM)
    ended_at = now()

    await stage.application.all_ready([persona])
    _, again = await stage.claims()
    assert code == 0
    assert again["takeovers"] == 0
    assert again["attempts"] == 0
    await stage.settle(
        "SIGTERM with work in hand", recovery_s=max(0.0, seconds(again["at"] - ended_at)), limit_s=1
    )
