"""The network between one replica and Postgres: half open, silent, cut in mid-word, slow, or just gone."""

import asyncio

import pytest
from tests.system.phases import SHORT_LEASE, ordered, slow_providers
from tests.system.pick_up import FAST_S, measure
from tests.system.proxy import Way
from tests.system.stage import now, seconds

pytestmark = pytest.mark.timeout(240)

FOUND_WITHIN_S = 15
ELSEWHERE_WITHIN_S = 35
SIZES_BYTES = (0, 1, 4, 5, 6, 50, 500, 1500, 3000, 6000, 12000)
"""From nothing at all over a message's head and middle to several statements later."""


async def test_half_open_listener_is_found_and_replaced(stage):
    (replica,) = await stage.replicas.start(wired=True, RETRATO_CONCURRENCY="16")

    silent_since = now()
    replica.wires.listen.silence()
    await replica.daemon.said("listener.connected", times=2)
    found_s = seconds(now() - silent_since)
    pick_up = await measure(stage.application, stage.simulator.world.ledger, count=50)

    await stage.settle("half-open listener", recovery_s=found_s, limit_s=FOUND_WITHIN_S, pick_up=pick_up)
    assert pick_up.p50_s <= FAST_S


@pytest.mark.parametrize("ways", [(Way.TO_SERVER,), (Way.TO_CLIENT,)], ids=["to the server", "to the replica"])
async def test_listener_that_is_deaf_or_dumb_is_found_too(stage, ways):
    (replica,) = await stage.replicas.start(wired=True)

    silent_since = now()
    replica.wires.listen.silence(*ways)
    await replica.daemon.said("listener.connected", times=2)
    found_s = seconds(now() - silent_since)

    await stage.application.all_ready(await stage.application.insert())
    await stage.settle(f"listener silent {ways[0].name}", recovery_s=found_s, limit_s=FOUND_WITHIN_S)


@slow_providers
async def test_silent_replicas_jobs_run_elsewhere_and_it_writes_nothing(stage):
    silent, _ = await stage.replicas.start(wired=True) + await stage.replicas.start()
    personas = await stage.application.insert(8)
    await ordered(stage, 8)
    silent_since, jobs = now(), await stage.jobs_of(silent)

    silent.wires.silence()
    recovery_s = await stage.claimed_since(silent_since, personas=jobs)
    await stage.application.all_ready(personas)
    silent.wires.speak()
    await asyncio.sleep(3)  # what it had said before arrives now

    assert jobs
    assert len(stage.simulator.world.ledger.orders()) == 8
    await stage.settle(
        "network of one replica silent",
        recovery_s=recovery_s,
        limit_s=ELSEWHERE_WITHIN_S,
        remark=f"{len(jobs)} jobs, lease 30 s",
    )


@slow_providers
async def test_refused_connections_for_less_than_a_lease_take_nothing_over(stage):
    cut_off, _ = await stage.replicas.start(wired=True, **SHORT_LEASE) + await stage.replicas.start(**SHORT_LEASE)
    personas = await stage.application.insert(8)
    await ordered(stage, 8)

    cut_off.wires.pool.refuse()
    cut_off.wires.drop()
    await asyncio.sleep(2)
    await cut_off.wires.pool.accept()

    await stage.application.all_ready(personas)
    assert await stage.takeovers() == 0
    assert len(stage.simulator.world.ledger.orders()) == 8
    await stage.settle("dropped and refused for 2 s")


async def test_lost_reply_to_the_claim_costs_a_lease_and_no_money(stage):
    (replica,) = await stage.replicas.start(wired=True, **SHORT_LEASE)
    await asyncio.sleep(1)  # it has looked, and sleeps: the next claim takes something
    lost = replica.wires.pool.lose_commit("retrato.claim_jobs_from(")

    (persona,) = await stage.application.insert()
    async with asyncio.timeout(30):
        await lost.wait()
    lost_at = now()
    recovery_s = await stage.claimed_since(lost_at, personas=[persona])

    await stage.application.all_ready([persona])
    assert len(await stage.claims()) == 2
    assert len(stage.simulator.world.ledger.orders()) == 1
    await stage.settle("reply to the claim lost", recovery_s=recovery_s, limit_s=13, remark="lease 10 s")


@pytest.mark.parametrize("text", ["into retrato.attempts", "set request_id", "set image_key"])
async def test_lost_reply_on_the_way_is_made_up_for(stage, text):
    (replica,) = await stage.replicas.start(wired=True, **SHORT_LEASE)
    lost = replica.wires.pool.lose_commit(text)

    personas = await stage.application.insert()

    await stage.application.all_ready(personas)
    assert lost.is_set()
    assert len(stage.simulator.world.ledger.orders()) == 1
    await stage.settle(f"reply lost: {text}")


@pytest.mark.parametrize("way", list(Way), ids=["to the server", "to the replica"])
async def test_cut_in_the_middle_of_a_word(stage, way):
    (replica,) = await stage.replicas.start(wired=True, **SHORT_LEASE)
    slowest_s = 0.0

    for size_bytes in SIZES_BYTES:
        replica.wires.pool.cut_after(size_bytes, way)
        inserted_at = now()
        await stage.application.all_ready(await stage.application.insert())
        slowest_s = max(slowest_s, seconds(now() - inserted_at))

    await stage.settle(
        f"cut after N bytes {way.name}",
        recovery_s=slowest_s,
        limit_s=20,
        remark=f"insert to avatar, N = {SIZES_BYTES}; lease 10 s",
    )


async def test_slow_network_only_slows(stage):
    replicas = await stage.replicas.start(2, wired=True, **SHORT_LEASE)
    for replica in replicas:
        replica.wires.pool.delay_s = replica.wires.listen.delay_s = 0.3

    inserted_at = now()
    await stage.application.all_ready(await stage.application.insert(8))

    assert await stage.takeovers() == 0
    assert len(stage.simulator.world.ledger.orders()) == 8
    await stage.settle(
        "300 ms in each direction", remark=f"8 avatars in {seconds(now() - inserted_at):.0f} s; lease 10 s"
    )
