"""Dedicated endpoints: one that is named by its URL, and those that the account has."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from provider_support import CANARY, ORDER, FakeTime, RequestIds
from structlog.testing import capture_logs

from retrato.domain.errors import GoneError, LoadingError, MisconfiguredError, ProviderError
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.huggingface import HuggingFace
from retrato.providers.leg import ResumableLeg
from retrato.simulator.fault import answer
from retrato.simulator.server import Simulator

_MODEL = "black-forest-labs/FLUX.1-dev"
_ROUTER = ["huggingface/fal-ai", "huggingface/replicate", "huggingface/wavespeed"]


@dataclass
class Account:
    """A stand-in for api.endpoints.huggingface.cloud and the Hub's whoami, on one address."""

    items: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    async def whoami(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.json_response({"type": "user", "name": "ana"}, status=self.status)

    async def endpoints(self, request: web.Request) -> web.Response:
        self._note(request)
        if self.status != 200:
            return web.json_response({"error": "no"}, status=self.status)
        return web.json_response({"items": self.items})

    async def draw(self, request: web.Request) -> web.Response:
        self._note(request)
        return web.Response(body=b"\xff\xd8\xff\xe0", content_type="image/jpeg")

    def add(self, name: str, *, state: str = "running", url: str | None = None) -> None:
        status = {"state": state, "url": f"{self.url}/draw/{name}" if url is None else url}
        self.items.append({"name": name, "status": status, "model": {"repository": f"acme/{name}"}})

    def _note(self, request: web.Request) -> None:
        self.asked.append((request.path, request.headers.get("Authorization")))


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    account = Account()
    app = web.Application()
    app.add_routes(
        [
            web.get("/api/whoami-v2", account.whoami),
            web.get("/v2/endpoint/{namespace}", account.endpoints),
            web.post("/draw/{name}", account.draw),
        ]
    )
    async with TestServer(app) as server:
        account.url = str(server.make_url("")).rstrip("/")
        yield account


@pytest.fixture
def fixed(config: ProvidersConfig, simulator: Simulator) -> ProvidersConfig:
    return replace(config, huggingface_endpoint_url=simulator.urls.huggingface_endpoint)


@pytest.fixture
def found(config: ProvidersConfig, account: Account) -> ProvidersConfig:
    return replace(
        config,
        huggingface_endpoint_name="vc-flux-*",
        huggingface_endpoints_api_url=account.url,
        huggingface_namespace="acme",
    )


async def _names(provider: HuggingFace) -> list[str]:
    return [leg.name for leg in await provider.legs()]


async def test_endpoint_is_asked_before_the_router(fixed: ProvidersConfig, http: Http):
    assert await _names(HuggingFace(fixed, http)) == ["huggingface/endpoint", *_ROUTER]


async def test_endpoint_gets_every_parameter_and_answers_with_the_picture(
    fixed: ProvidersConfig, http: Http, simulator: Simulator, request_ids: RequestIds
):
    leg = (await HuggingFace(fixed, http).legs())[0]

    raw = await leg.draw(replace(ORDER, width=640, height=512), on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders("endpoint")
    assert (call.prompt, call.seed, call.width, call.height) == (ORDER.prompt, ORDER.seed, 640, 512)
    assert raw.data.startswith(b"\x89PNG")
    assert (raw.model, raw.seed, raw.steps, raw.guidance, raw.cost_usd) == (_MODEL, ORDER.seed, 28, 3.5, 0.0)
    assert (leg.repeat_is_free, isinstance(leg, ResumableLeg)) == (True, False)


@pytest.mark.parametrize(
    ("fault", "error", "wait_s"),
    [
        ("hf_503_loading", LoadingError, 35.67),
        ("hf_503", LoadingError, None),
        ("html_503", LoadingError, None),
        (answer(400, {"error": "Bad Request: endpoint is paused"}), LoadingError, None),
        ("hf_401", MisconfiguredError, None),
        ("hf_404", GoneError, None),
    ],
    ids=lambda value: getattr(value, "name", getattr(value, "__name__", value)),
)
async def test_trouble_of_the_endpoint_is_its_own(
    *,
    fixed: ProvidersConfig,
    http: Http,
    simulator: Simulator,
    request_ids: RequestIds,
    fault: Any,
    error: type[ProviderError],
    wait_s: float | None,
):
    simulator.world.script("endpoint", [fault])
    leg = (await HuggingFace(fixed, http).legs())[0]

    with pytest.raises(error) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error
    assert (caught.value.retry_after_s, caught.value.whole_provider) == (wait_s, False)


async def test_endpoint_works_while_nobody_else_serves_the_model(
    fixed: ProvidersConfig, http: Http, simulator: Simulator
):
    simulator.world.mapping[_MODEL] = {}

    assert await _names(HuggingFace(fixed, http)) == ["huggingface/endpoint"]


async def test_running_endpoints_that_fit_the_pattern_are_found_and_asked_first(
    found: ProvidersConfig, http: Http, account: Account, request_ids: RequestIds
):
    account.add("vc-flux-2")
    account.add("vc-flux-1")
    account.add("vc-flux-3", state="scaledToZero")
    account.add("vc-flux-4", state="paused", url="")
    account.add("vc-whisper")

    legs = await HuggingFace(found, http).legs()
    raw = await legs[0].draw(ORDER, on_request_id=request_ids)

    assert [leg.name for leg in legs] == [
        "huggingface/endpoint/vc-flux-1",
        "huggingface/endpoint/vc-flux-2",
        *_ROUTER,
    ]
    assert (raw.data, raw.model) == (b"\xff\xd8\xff\xe0", "acme/vc-flux-1")
    assert account.asked == [
        ("/v2/endpoint/acme", f"Bearer {CANARY}"),
        ("/draw/vc-flux-1", f"Bearer {CANARY}"),
    ]


async def test_owner_of_the_key_is_asked_for_where_no_namespace_is_set(
    found: ProvidersConfig, http: Http, account: Account, time: FakeTime
):
    provider = HuggingFace(
        replace(found, huggingface_namespace=None, huggingface_hub_url=account.url, huggingface_model="o/m"), http
    )
    account.add("vc-flux-1")

    first = await _names(provider)
    time.now += 61
    await provider.legs()

    assert first == ["huggingface/endpoint/vc-flux-1"]
    assert [path for path, _ in account.asked if "models" not in path] == [
        "/api/whoami-v2",
        "/v2/endpoint/ana",
        "/v2/endpoint/ana",
    ]


async def test_account_is_asked_once_a_minute(
    found: ProvidersConfig, http: Http, account: Account, time: FakeTime
):
    provider = HuggingFace(found, http)
    account.add("vc-flux-1")

    for _ in range(3):
        await provider.legs()
    time.now += 61
    account.items.clear()
    after = await _names(provider)

    assert len(account.asked) == 2
    assert after == _ROUTER


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_account_that_does_not_answer_leaves_what_was_known_and_the_router(
    found: ProvidersConfig, http: Http, account: Account, time: FakeTime, status: int
):
    provider = HuggingFace(found, http)
    account.add("vc-flux-1")
    await provider.legs()
    account.status = status
    time.now += 61

    with capture_logs() as logs:
        names = await _names(provider)

    assert names == ["huggingface/endpoint/vc-flux-1", *_ROUTER]
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("endpoints.not_looked_up", "warning")]
    assert "CanaryKey" not in repr(logs)


async def test_account_that_never_answered_leaves_the_router(found: ProvidersConfig, http: Http, account: Account):
    account.status = 500

    assert await _names(HuggingFace(found, http)) == _ROUTER


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/",
        "http://x.us-east-1.aws.endpoints.huggingface.cloud",
        "https://endpoints.huggingface.cloud.evil.test",
        "https://xendpoints.huggingface.cloud",
        "not a url",
        "http://[",
    ],
)
async def test_key_goes_to_no_endpoint_that_is_not_at_hugging_face(
    found: ProvidersConfig, http: Http, account: Account, url: str
):
    account.add("vc-flux-1", url=url)

    assert await _names(HuggingFace(found, http)) == _ROUTER


async def test_endpoint_at_hugging_face_is_taken(found: ProvidersConfig, http: Http, account: Account):
    account.add("vc-flux-1", url="https://abc.us-east-1.aws.endpoints.huggingface.cloud/")

    assert (await _names(HuggingFace(found, http)))[0] == "huggingface/endpoint/vc-flux-1"
