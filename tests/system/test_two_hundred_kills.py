"""
SIGKILL two hundred times while a thousand personas come in and are drawn by three replicas.

The leg gives request ids (fal's queue through Hugging Face): what is being drawn when a replica dies is collected
and not ordered again. Only a call whose id had not been noted yet may be paid a second time; such are counted.
"""

import asyncio
import random

import pytest
from tests.system.stage import Stage, now, seconds

from retrato.simulator.scenario import Scenario

pytestmark = pytest.mark.timeout(1800)

KILLS = 200
PERSONAS_PER_KILL = 5
BETWEEN_KILLS_S = (0.2, 1.2)
"""A start takes about a second more, so that the run lasts six or seven minutes."""
BUSY = Scenario(faces=False, latency_seconds={"default": (1, 4)})


async def arrive(stage: Stage, moments: random.Random) -> list[str]:
    """A few personas, all in one statement or one by one."""
    if moments.random() < 0.5:
        return await stage.application.insert(PERSONAS_PER_KILL)
    one_by_one = [await stage.application.insert() for _ in range(PERSONAS_PER_KILL)]
    return [persona for (persona,) in one_by_one]


async def ask_again_for_the_poisoned(stage: Stage) -> int:
    """Ask once more for those who failed aloud because three replicas died on them; how many they were."""
    await stage.quiet()
    return int(
        await stage.application.value(
            """
            select coalesce(retrato.request(array_agg(persona_id), false), 0)
            from retrato.jobs where state = 'failed' and last_fault = 'poison'
            """
        )
    )


@pytest.mark.parametrize("scenario", [BUSY], ids=["busy"])
async def test_a_thousand_personas_survive_two_hundred_kills(stage):
    moments = random.Random(200)
    began_at = now()
    await stage.replicas.start(3, RETRATO_CONCURRENCY="8")
    personas: list[str] = []

    for _ in range(KILLS):
        personas += await arrive(stage, moments)
        await asyncio.sleep(moments.uniform(*BETWEEN_KILLS_S))
        await moments.choice(stage.replicas.running).kill()
        await stage.replicas.start(RETRATO_CONCURRENCY="8")
    poisoned = await ask_again_for_the_poisoned(stage)

    await stage.application.all_ready(personas)
    findings = await stage.settle(
        f"{KILLS} kills, {len(personas)} personas",
        remark=(
            f"in {seconds(now() - began_at):.0f} s; {await stage.takeovers()} claims after take-overs, "
            f"{poisoned} failed aloud and asked for again"
        ),
    )
    assert findings.failed == 0
