"""The legs huggingface/replicate and huggingface/wavespeed against the simulator."""

from dataclasses import replace

import pytest
from aioresponses import aioresponses
from provider_support import ORDER, FakeTime, RequestIds

from retrato.domain.errors import (
    BusyError,
    CheckerError,
    DownError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    UnknownOutcomeError,
)
from retrato.providers.access import Access
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.huggingface import HuggingFace
from retrato.providers.leg import ResumableLeg
from retrato.providers.replicate import ReplicateLeg
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator


async def _leg(config: ProvidersConfig, http: Http, partner: str) -> ResumableLeg:
    legs = {leg.name: leg for leg in await HuggingFace(config, http).legs()}
    leg = legs[f"huggingface/{partner}"]
    assert isinstance(leg, ResumableLeg)
    return leg


@pytest.fixture
async def replicate(config: ProvidersConfig, http: Http) -> ResumableLeg:
    return await _leg(config, http, "replicate")


@pytest.fixture
async def wavespeed(config: ProvidersConfig, http: Http) -> ResumableLeg:
    return await _leg(config, http, "wavespeed")


@pytest.fixture(params=["replicate", "wavespeed"])
async def leg(config: ProvidersConfig, http: Http, request: pytest.FixtureRequest) -> ResumableLeg:
    return await _leg(config, http, request.param)


async def test_picture_comes_as_jpeg_with_the_seed_that_was_ordered(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    raw = await leg.draw(ORDER, on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders()
    assert raw.data.startswith(b"\xff\xd8\xff")
    assert (raw.seed, call.seed) == (ORDER.seed, ORDER.seed)
    assert request_ids.noted == [raw.request_id]
    assert raw.cost_usd == simulator.world.ledger.billed_usd()
    assert simulator.world.ledger.leaks() == []


async def test_prediction_that_is_not_ready_at_once_is_asked_after(
    http: Http, request_ids: RequestIds, time: FakeTime
):
    access = Access(http=http, leg="huggingface/replicate", base_url="https://r.test/replicate", headers={})
    leg = ReplicateLeg(access, provider="huggingface", model="m", path="owner/model")
    with aioresponses() as mocked:
        mocked.post(
            "https://r.test/replicate/v1/models/owner/model/predictions",
            status=201,
            payload={"id": "p1", "status": "starting", "output": None},
        )
        look = "https://r.test/replicate/v1/predictions/p1"
        mocked.get(look, payload={"id": "p1", "status": "processing", "output": None})
        mocked.get(look, payload={"id": "p1", "status": "processing", "output": ["https://cdn.test/a.jpg"]})
        mocked.get("https://cdn.test/a.jpg", body=b"\xff\xd8\xff\xe0")

        raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert raw.data == b"\xff\xd8\xff\xe0"
    assert time.slept == [0.5]


async def test_request_can_be_resumed_without_paying_again(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("cdn", ["cdn_404"] * 3)
    with pytest.raises(UnknownOutcomeError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    raw = await leg.resume(ORDER, caught.value.request_id or "")

    assert raw.data
    assert simulator.world.ledger.billed() == 1


@pytest.mark.parametrize(
    ("partner", "fault", "error"),
    [
        ("replicate", "nsfw", CheckerError),
        ("replicate", "job_failed", DownError),
        ("replicate", "replicate_402", OutOfCreditError),
        ("replicate", "replicate_429", BusyError),
        ("replicate", "hf_402_depleted", OutOfCreditError),
        ("replicate", "vanish", UnknownOutcomeError),
        ("wavespeed", "nsfw", CheckerError),
        ("wavespeed", "job_failed", DownError),
        ("wavespeed", "wavespeed_401", MisconfiguredError),
        ("wavespeed", "wavespeed_429", BusyError),
        ("wavespeed", "job_lost", UnknownOutcomeError),
        ("wavespeed", "vanish", UnknownOutcomeError),
    ],
)
async def test_what_a_partner_answers_becomes_the_error_that_says_what_to_do(
    *,
    config: ProvidersConfig,
    http: Http,
    simulator: Simulator,
    request_ids: RequestIds,
    partner: str,
    fault: str,
    error: type[ProviderError],
):
    simulator.world.script(partner, [fault])
    leg = await _leg(config, http, partner)

    with pytest.raises(error) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error


@pytest.mark.parametrize("fault", ["wavespeed_401", "replicate_402"])
async def test_trouble_of_one_partner_does_not_close_the_others(
    wavespeed: ResumableLeg, simulator: Simulator, request_ids: RequestIds, fault: str
):
    simulator.world.script("wavespeed", [fault])

    with pytest.raises(ProviderError) as caught:
        await wavespeed.draw(ORDER, on_request_id=request_ids)

    assert caught.value.whole_provider is False


@pytest.mark.parametrize(("width", "height", "seen"), [(1024, 768, (1088, 896)), (1024, 1024, (1024, 1024))])
async def test_replicate_gets_the_nearest_ratio(
    *, replicate: ResumableLeg, simulator: Simulator, request_ids: RequestIds, width: int, height: int, seen: tuple
):
    await replicate.draw(replace(ORDER, width=width, height=height), on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders()
    assert (call.width, call.height) == seen


async def test_wavespeed_gets_sides_within_its_range(
    wavespeed: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    await wavespeed.draw(replace(ORDER, width=2048, height=128), on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders()
    assert (call.width, call.height) == (1536, 256)


async def test_replicate_takes_nothing_that_its_schema_does_not_have(
    config: ProvidersConfig, http: Http, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.scenario = Scenario(faces=False, strict_inputs=True)

    raw = await (await _leg(config, http, "replicate")).draw(ORDER, on_request_id=request_ids)

    assert raw.data


async def test_replicate_version_goes_to_the_route_for_versions(http: Http, request_ids: RequestIds):
    access = Access(http=http, leg="huggingface/replicate", base_url="https://r.test", headers={})
    leg = ReplicateLeg(access, provider="huggingface", model="m", path="owner/model:abc123")
    with aioresponses() as mocked:
        mocked.post(
            "https://r.test/v1/predictions", status=201, payload={"id": "p1", "status": "failed", "error": "x"}
        )

        with pytest.raises(DownError):
            await leg.draw(ORDER, on_request_id=request_ids)

        ((request, *_),) = mocked.requests.values()
    assert request.kwargs["json"]["version"] == "abc123"
