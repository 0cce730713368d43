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
from retrato.providers.leg import ResumableLeg
from retrato.simulator.server import Simulator

_MODEL = "black-forest-labs/FLUX.1-dev"
_URL = f"https://hub.test/api/models/{_MODEL}?expand=inferenceProviderMapping"
_HOURS_S = 3600.0
_BUILT_IN = {
    "fal-ai": "fal-ai/flux/dev",
    "replicate": "black-forest-labs/flux-dev",
    "wavespeed": "wavespeed-ai/flux-dev",
}


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
async def test_built_in_routes_are_taken_in_their_order_while_the_hub_is_down(
    mapping: HuggingFaceMapping, hub: aioresponses, trouble: dict[str, object]
):
    hub.get(_URL, **trouble)

    assert list((await mapping.routes()).items()) == list(_BUILT_IN.items())


@pytest.mark.parametrize("status", [503, 404, 410])
async def test_last_answer_holds_while_the_hub_is_down_or_has_forgotten_the_model(
    mapping: HuggingFaceMapping, hub: aioresponses, time: FakeTime, status: int
):
    hub.get(_URL, payload={"inferenceProviderMapping": {"replicate": _entry("r/flux")}})
    hub.get(_URL, status=status)
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

    assert within == _BUILT_IN
    assert after == {"replicate": "r/flux"}


@pytest.mark.parametrize("status", [404, 410])
async def test_model_that_the_hub_does_not_know_is_asked_for_again_within_a_minute(
    http: Http, hub: aioresponses, time: FakeTime, status: int
):
    mapping = HuggingFaceMapping(http, hub_url="https://hub.test", model="o/m", ttl_s=6 * _HOURS_S)
    url = "https://hub.test/api/models/o/m?expand=inferenceProviderMapping"
    hub.get(url, status=status)
    hub.get(url, payload={"inferenceProviderMapping": {"replicate": _entry("r/m")}})
    with pytest.raises(GoneError) as caught:
        await mapping.routes()

    time.now += 61

    assert caught.value.retry_after_s == 60
    assert await mapping.routes() == {"replicate": "r/m"}


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


async def test_partners_are_asked_in_the_order_of_the_mapping(
    config: ProvidersConfig, http: Http, simulator: Simulator
):
    entries = simulator.world.mapping[_MODEL]
    simulator.world.mapping[_MODEL] = {name: entries[name] for name in ("wavespeed", "fal-ai", "replicate")}

    legs = await HuggingFace(config, http).legs()

    assert [leg.name for leg in legs] == [
        "huggingface/wavespeed",
        "huggingface/fal-ai",
        "huggingface/replicate",
    ]


async def test_model_served_only_by_strangers_is_gone(config: ProvidersConfig, http: Http, simulator: Simulator):
    simulator.world.mapping[_MODEL] = {"brand-new": _entry("x/y")}

    with pytest.raises(GoneError, match="brand-new"):
        await HuggingFace(config, http).legs()


async def test_other_model_is_looked_up_and_drawn_by_those_who_serve_it(
    config: ProvidersConfig, http: Http, request_ids: RequestIds
):
    schnell = replace(config, huggingface_model="black-forest-labs/FLUX.1-schnell")

    nscale, together = await HuggingFace(schnell, http).legs()
    first = await nscale.draw(ORDER, on_request_id=request_ids)
    second = await together.draw(ORDER, on_request_id=request_ids)

    assert (nscale.name, together.name) == ("huggingface/nscale", "huggingface/together")
    assert (first.seed, second.seed, second.steps) == (None, ORDER.seed, 4)
    assert first.data.startswith(b"\xff\xd8\xff")
    assert (first.cost_usd, second.cost_usd) == (0.0013, 0.0027)
    assert not any(isinstance(leg, ResumableLeg) for leg in (nscale, together))


async def test_bill_goes_to_the_organisation_that_is_named(http: Http, hub: aioresponses, request_ids: RequestIds):
    config = ProvidersConfig(
        huggingface_key="hf_a",
        huggingface_bill_to="acme",
        huggingface_hub_url="https://hub.test",
        huggingface_router_url="https://router.test",
    )
    hub.get(_URL, status=503)
    hub.post("https://router.test/fal-ai/fal-ai/flux/dev?_subdomain=queue", status=500)
    leg = (await HuggingFace(config, http).legs())[0]

    with pytest.raises(DownError):
        await leg.draw(ORDER, on_request_id=request_ids)

    (order,) = [calls[0] for (method, _), calls in hub.requests.items() if method == "POST"]
    assert order.kwargs["headers"]["X-HF-Bill-To"] == "acme"


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
