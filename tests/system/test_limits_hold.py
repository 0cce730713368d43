"""Limits over all replicas hold in every window of time, while replicas die and start."""

import asyncio
import random
from collections.abc import Mapping
from itertools import combinations

import pytest
from tests.system.stage import Stage, seconds

from retrato.simulator.scenario import Scenario

pytestmark = pytest.mark.timeout(240)

PACE_S = 0.5
KILLS = 8
DRAWN = 80


async def shoot_now_and_then(stage: Stage, settings: Mapping[str, str]) -> None:
    """Kill a replica, chosen at random, and start another, `KILLS` times."""
    moments = random.Random(42)
    for _ in range(KILLS):
        await asyncio.sleep(moments.uniform(0.5, 3.0))
        await moments.choice(stage.replicas.running).kill()
        await stage.replicas.start(**settings)


async def test_pace_of_all_replicas_together(stage):
    pace = {"RETRATO_PACE_SECONDS": str(PACE_S)}
    await stage.replicas.start(3, **pace)
    personas = await stage.application.insert(DRAWN)

    await shoot_now_and_then(stage, pace)

    await stage.application.all_ready(personas)
    claims = await stage.claims()
    moments_s = [seconds(claim["at"] - claims[0]["at"]) for claim in claims]
    for (first, first_s), (last, last_s) in combinations(enumerate(moments_s), 2):
        assert last - first + 1 <= 1 + (last_s - first_s) / PACE_S
    await stage.settle(
        f"pace {PACE_S} s under {KILLS} kills",
        remark=f"{len(claims)} starts in {moments_s[-1]:.1f} s, every window",
    )


@pytest.mark.parametrize(
    ("leg", "at_once", "settings"),
    [
        ("gen", 1, {"RETRATO_PROVIDERS": "pollinations", "POLLINATIONS_API_KEY": "sk_a_key_for_the_simulator"}),
        ("falqueue", 2, {"RETRATO_PROVIDERS": "fal", "FAL_KEY": "11111111-1111-4111-8111-111111111111:a_key"}),
    ],
    ids=["one at once", "two at once, resumed"],
)
@pytest.mark.parametrize(
    "scenario", [Scenario(faces=False, latency_seconds={"default": (0.5, 1.5)})], ids=["brisk"]
)
async def test_calls_at_once_on_one_leg(stage, leg, at_once, settings):
    await stage.replicas.start(3, **settings)
    personas = await stage.application.insert(20)

    await shoot_now_and_then(stage, settings)

    await stage.application.all_ready(personas)
    peak = stage.simulator.world.ledger.max_at_once(leg)
    await stage.settle(f"{leg}: {at_once} at once under {KILLS} kills", remark=f"most at once: {peak}")
    assert peak <= at_once
