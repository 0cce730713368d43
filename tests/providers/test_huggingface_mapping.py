"""Who serves the model: looked up, kept, and looked up again when it is wrong."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from aioresponses import aioresponses
from provider_support import ORDER, FakeTime, RequestIds

from retrato.domain.errors import DownError, GoneError, MisconfiguredError
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.huggingface import HuggingFace
from retrato.providers.huggingface_mapping import HuggingFaceMapping
from retrato.simulator.server import Simulator

_MODEL = "black-forest-labs/FLUX.1-dev"
_URL = f"https://hub.test/api/models/{_MODEL}?expand=inferenceProviderMapping"
_HOURS_S = 3600.0


def _entry(route: str, **more: str) -> dict[str, str]:
    return {"status": "live", "providerId": route, "task": "text-to-image"} | more


@pytest.fixture
def hub() -> Iterator[aioresponses]:
    with aioresponses(passthrough=["http://127.0.0.1"]) as mocked:
        yield mocked


@pytest.fixture
def mapping(http: Http) -> HuggingFaceMapping:
    return HuggingFaceMapping(http, hub_url="https://hub.test", model=_MODEL, ttl_s=6 * _HOURS_S)


async def test_answer_is_kept_for_six_hours(mapping: HuggingFaceMapping, hub: aioresponses, time: FakeTime):
    hub.get(_URL, payload={"inferenceProviderMapping": {"fal-ai": _entry("fal-ai/flux/dev")}})
    hub.get(_URL, payload={"inferenceProviderMapping": {"replicate": _entry("r/flux")}})

    before = [await mapping.routes() for _ in range(3)]
    time.now += 6 * _HOURS_S - 1
    still = await mapping.routes()
    time.now += 2
    after = await mapping.routes()

    assert before == [{"fal-ai": "fal-ai/flux/dev"}] * 3
    assert still == {"fal-ai": "fal-ai/flux/dev"}
    assert after == {"replicate": "r/flux"}


async def test_list_form_is_understood(mapping: HuggingFaceMapping, hub: aioresponses):
    hub.get(_URL, payload={"inferenceProviderMapping": [_entry("fal-ai/flux/dev", provider="fal-ai")]})

    assert await mapping.routes() == {"fal-ai": "fal-ai/flux/dev"}


async def test_partner_whose_health_check_failed_is_kept_and_other_tasks_are_not(
    mapping: HuggingFaceMapping, hub: aioresponses
):
    entries = {
        "fal-ai": _entry("fal-ai/flux/dev", status="error"),
        "wavespeed": _entry("w/flux", task="image-to-image"),
    }
    hub.get(_URL, payload={"inferenceProviderMapping": entries})

    assert await mapping.routes() == {"fal-ai": "fal-ai/flux/dev"}


@pytest.mark.parametrize("payload", [{"inferenceProviderMapping": {}}, {"id": _MODEL}])
async def test_model_that_nobody_serves_is_gone(
    mapping: HuggingFaceMapping, hub: aioresponses, payload: dict[str, object]
):
    hub.get(_URL, payload=payload)

    with pytest.raises(GoneError) as caught:
        await mapping.routes()

    assert caught.value.retry_after_s == 6 * _HOURS_S


@pytest.mark.parametrize(
    "trouble", [{"status": 503}, {"status": 429}, {"body": "<html>"}, {"exception": OSError()}]
)
async def test_built_in_route_is_taken_while_the_hub_is_down(
    mapping: HuggingFaceMapping, hub: aioresponses, trouble: dict[str, object]
):
    hub.get(_URL, **trouble)

    assert await mapping.routes() == {"fal-ai": "fal-ai/flux/dev"}


async def test_last_answer_holds_while_the_hub_is_down(
    mapping: HuggingFaceMapping, hub: aioresponses, time: FakeTime
):
    hub.get(_URL, payload={"inferenceProviderMapping": {"replicate": _entry("r/flux")}})
    hub.get(_URL, status=503)
    await mapping.routes()

    time.now += 7 * _HOURS_S

    assert await mapping.routes() == {"replicate": "r/flux"}


async def test_hub_that_is_down_is_asked_once_a_minute(
    mapping: HuggingFaceMapping, hub: aioresponses, time: FakeTime
):
    hub.get(_URL, status=503)
    hub.get(_URL, payload={"inferenceProviderMapping": {"replicate": _entry("r/flux")}})
    await mapping.routes()

    time.now += 59
    within = await mapping.routes()
    time.now += 2
    after = await mapping.routes()

    assert within == {"fal-ai": "fal-ai/flux/dev"}
    assert after == {"replicate": "r/flux"}


async def test_other_model_has_no_built_in_route(http: Http, hub: aioresponses):
    mapping = HuggingFaceMapping(http, hub_url="https://hub.test", model="o/m", ttl_s=1)
    hub.get("https://hub.test/api/models/o/m?expand=inferenceProviderMapping", status=503)

    with pytest.raises(DownError):
        await mapping.routes()


async def test_unknown_partners_are_passed_over(config: ProvidersConfig, http: Http, simulator: Simulator):
    simulator.world.mapping[_MODEL]["brand-new"] = _entry("x/y")

    legs = await HuggingFace(config, http).legs()

    assert [leg.name for leg in legs] == [
        "huggingface/fal-ai",
        "huggingface/replicate",
        "huggingface/wavespeed",
    ]


async def test_model_served_only_by_strangers_is_gone(config: ProvidersConfig, http: Http, simulator: Simulator):
    simulator.world.mapping[_MODEL] = {"brand-new": _entry("x/y")}

    with pytest.raises(GoneError, match="brand-new"):
        await HuggingFace(config, http).legs()


async def test_lookup_does_not_show_the_key(config: ProvidersConfig, http: Http, hub: aioresponses):
    hub.get(_URL, payload={"inferenceProviderMapping": {"fal-ai": _entry("fal-ai/flux/dev")}})

    await HuggingFace(replace(config, huggingface_hub_url="https://hub.test"), http).legs()

    ((request, *_),) = hub.requests.values()
    assert "Authorization" not in request.kwargs["headers"]


async def test_without_a_key_the_message_names_the_setting(http: Http):
    with pytest.raises(MisconfiguredError, match="HUGGINGFACE_API_KEY"):
        await HuggingFace(ProvidersConfig(huggingface_key=" "), http).legs()


@pytest.mark.parametrize("fault", ["hf_400_not_supported", "hf_404", "hf_410_retired"])
async def test_route_that_has_moved_is_followed_at_once(
    *,
    config: ProvidersConfig,
    http: Http,
    simulator: Simulator,
    request_ids: RequestIds,
    time: FakeTime,
    fault: str,
):
    simulator.world.mapping[_MODEL]["fal-ai"]["providerId"] = "fal-ai/flux/old"
    leg = (await HuggingFace(config, http).legs())[0]
    simulator.world.mapping[_MODEL]["fal-ai"]["providerId"] = "fal-ai/flux/dev"
    simulator.world.script("fal-ai", [fault])
    time.now += 61

    raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert raw.data
    assert simulator.world.ledger.billed() == 1


async def test_route_that_is_gone_for_good_is_looked_up_once_a_minute(
    *, config: ProvidersConfig, http: Http, simulator: Simulator, request_ids: RequestIds, time: FakeTime
):
    leg = (await HuggingFace(config, http).legs())[0]
    simulator.world.script("fal-ai", ["hf_410_retired"] * 3)
    time.now += 61

    for _ in range(3):
        with pytest.raises(GoneError):
            await leg.draw(ORDER, on_request_id=request_ids)

    assert len([call for call in simulator.world.ledger.calls if call.leg == "hub"]) == 2
