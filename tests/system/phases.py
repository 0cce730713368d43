"""How to hold a persona's way open at one phase, so that something can be broken just there."""

import asyncpg
import pytest
from tests.system.stage import Stage

from retrato.simulator.scenario import Scenario

slow_providers = pytest.mark.parametrize(
    "scenario", [Scenario(faces=False, latency_seconds={"default": 3})], ids=["slow"]
)
"""A picture takes three seconds, long enough to break something meanwhile."""

SHORT_LEASE_S = 10
SHORT_LEASE = {"RETRATO_LEASE_SECONDS": str(SHORT_LEASE_S)}
"""The shortest that the settings allow."""


async def ordered(stage: Stage, count: int) -> None:
    """Wait until *count* pictures are being drawn and the providers' ids of the requests are noted."""
    await stage.application.until(
        "select count(*) >= $1 from retrato.attempts where request_id is not null", count
    )


async def held_before_its_write_back(stage: Stage) -> tuple[str, "asyncpg.Connection[asyncpg.Record]"]:
    """A persona whose picture is stored, and the host's transaction that keeps it from being written back."""
    host = await asyncpg.connect(stage.application.dsn)
    await host.execute("begin; lock table public.personas_avatares in share mode")
    (persona,) = await stage.application.insert()
    await stage.application.until("select count(*) from retrato.attempts where image_key is not null")
    return persona, host
