"""A simulator of its own for every test, and a client that speaks real HTTP to it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator


@pytest.fixture
def scenario() -> Scenario:
    """The world of the test; tests that need another parametrize it."""
    return Scenario(faces=False)


@pytest.fixture
async def simulator(scenario: Scenario) -> AsyncIterator[Simulator]:
    async with Simulator(scenario) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "retrato-tests/1"}) as session:
        yield session
