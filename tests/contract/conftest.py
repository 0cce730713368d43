"""A simulator, and the official clients led to it: their addresses are changed, what they do is their own."""

from collections.abc import AsyncIterator, Iterator

import fal_client.client
import huggingface_hub
import pytest
from contract_support import KEYS, AddressBook
from huggingface_hub.inference._providers._common import _fetch_inference_provider_mapping
from huggingface_hub.utils import _http

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator


@pytest.fixture
def scenario() -> Scenario:
    """The world of the test; tests that need another parametrize it."""
    return Scenario(faces=False)


@pytest.fixture
async def simulator(scenario: Scenario) -> AsyncIterator[Simulator]:
    """Shown a key, the result host would remember it: no test may end with such a leak."""
    async with Simulator(scenario) as running:
        yield running
        assert running.world.ledger.leaks() == []


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch):
    """No proxy, no key and no address of whoever runs the tests."""
    for name in ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "HF_DEBUG", "FAL_FORCE_AUTH_BY_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HF_TOKEN", KEYS.hugging_face)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "https://huggingface.co")


@pytest.fixture
def hub(simulator: Simulator) -> Iterator[AddressBook]:
    """
    ``huggingface_hub`` led to the simulator, below its URLs.

    The client compares the host of its own URLs with ``router.huggingface.co`` in order to know where to poll,
    so the constants stay as they are and each request is sent to another place only when it leaves.
    """
    book = AddressBook(
        {
            "huggingface.co": simulator.urls.huggingface_hub,
            "router.huggingface.co": simulator.urls.huggingface_router,
            "fal.run": simulator.urls.fal_run,
        }
    )
    huggingface_hub.set_client_factory(book.client)
    huggingface_hub.set_async_client_factory(book.async_client)
    _fetch_inference_provider_mapping.cache_clear()
    yield book
    _fetch_inference_provider_mapping.cache_clear()
    huggingface_hub.set_client_factory(_http.default_client_factory)
    huggingface_hub.set_async_client_factory(_http.default_async_client_factory)


@pytest.fixture
def fal_urls(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """``FAL_RUN_HOST`` and ``FAL_QUEUE_RUN_HOST`` know neither http nor a path, so what is made of them is set."""
    monkeypatch.setattr(fal_client.client, "RUN_URL_FORMAT", f"{simulator.urls.fal_run}/")
    monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{simulator.urls.fal_queue}/")
