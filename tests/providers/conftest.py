"""A client without waiting, the simulator, and providers that speak with it."""

from collections.abc import AsyncIterator

import pytest
from provider_support import CANARY, FakeTime, RequestIds

from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def request_ids() -> RequestIds:
    return RequestIds()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Scenario(faces=False)) as running:
        yield running


@pytest.fixture
async def http(simulator: Simulator, time: FakeTime) -> AsyncIterator[Http]:
    async with Http(
        version="1.2.3", result_hosts=simulator.urls.result_hosts, sleep=time.sleep, clock=time.clock
    ) as client:
        yield client


@pytest.fixture
def config(simulator: Simulator) -> ProvidersConfig:
    return ProvidersConfig(
        huggingface_key=CANARY,
        huggingface_router_url=simulator.urls.huggingface_router,
        huggingface_hub_url=simulator.urls.huggingface_hub,
        pollinations_key="sk_CanaryKeyOfPollinations0123456789",
        pollinations_url=simulator.urls.pollinations,
        pollinations_legacy_url=simulator.urls.pollinations_legacy,
        fal_key="id-of-the-canary:SecretHalfOfTheCanary0123456789",
        fal_queue_url=simulator.urls.fal_queue,
        fal_run_url=simulator.urls.fal_run,
        openai_key="sk-CanaryKeyOfOpenAI0123456789",
        openai_base_url=simulator.urls.openai_base,
    )
