"""fal with an account of one's own: the legs fal/queue and fal/run."""

import json
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
    RefusedError,
    UnknownOutcomeError,
)
from retrato.providers.config import ProvidersConfig
from retrato.providers.fal import Fal
from retrato.providers.fal_queue import FalQueueLeg
from retrato.providers.fal_run import FalRunLeg
from retrato.providers.http import Http
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

_BASE = "https://queue.test/mirror"
_HERE = f"{_BASE}/fal-ai/flux/requests/r1"
_DONE = {"images": [{"url": "https://cdn.test/a.jpg"}], "seed": 9}
_JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
async def queue(config: ProvidersConfig, http: Http) -> FalQueueLeg:
    return (await Fal(config, http).legs())[0]


@pytest.fixture
async def run(config: ProvidersConfig, http: Http) -> FalRunLeg:
    return (await Fal(config, http).legs())[1]


@pytest.fixture
async def mirrored(http: Http) -> FalQueueLeg:
    return (await Fal(ProvidersConfig(fal_key="id:secret", fal_queue_url=_BASE), http).legs())[0]


async def test_queue_goes_before_the_synchronous_route(config: ProvidersConfig, http: Http):
    assert [leg.name for leg in await Fal(config, http).legs()] == ["fal/queue", "fal/run"]


async def test_addresses_that_the_queue_returns_are_followed(mirrored: FalQueueLeg, request_ids: RequestIds):
    ticket = {
        "request_id": "r1",
        "response_url": f"{_BASE}/elsewhere/requests/r1",
        "status_url": f"{_BASE}/elsewhere/requests/r1/how-far",
    }
    with aioresponses() as mocked:
        mocked.post(f"{_BASE}/fal-ai/flux/dev", payload=ticket)
        mocked.get(f"{_BASE}/elsewhere/requests/r1/how-far", payload={"status": "COMPLETED"})
        mocked.get(f"{_BASE}/elsewhere/requests/r1", payload=_DONE)
        mocked.get("https://cdn.test/a.jpg", body=_JPEG)

        raw = await mirrored.draw(ORDER, on_request_id=request_ids)

    assert raw.data == _JPEG


@pytest.mark.parametrize(
    "named",
    [
        "https://evil.test/fal-ai/flux/requests/r1",
        "https://evil.test/steal?id=r1",
        "https://queue.test/outside/requests/r1",
        "https://queue.test@evil.test/requests/r1",
        "https://queue.test/mirrors/requests/r2",
        "//evil.test/r1x",
        "file:///etc/passwd",
    ],
)
async def test_key_goes_to_no_other_host_than_the_queues_whatever_a_ticket_says(
    mirrored: FalQueueLeg, request_ids: RequestIds, named: str
):
    ticket = {"request_id": "r1", "response_url": named, "status_url": named, "cancel_url": named}
    with aioresponses() as mocked:
        mocked.post(f"{_BASE}/fal-ai/flux/dev", payload=ticket)
        for url in (f"{_HERE}/status", _HERE):
            mocked.get(url, payload={"status": "COMPLETED"} | _DONE)
        mocked.get("https://cdn.test/a.jpg", body=_JPEG)

        raw = await mirrored.draw(ORDER, on_request_id=request_ids)

        keyed = {url.host for (_, url), calls in mocked.requests.items() if _authorized(calls)}
    assert raw.data == _JPEG
    assert keyed == {"queue.test"}


def _authorized(calls: list) -> bool:
    return any("Authorization" in (call.kwargs["headers"] or {}) for call in calls)


async def test_order_dies_by_itself_when_nobody_begins_it_in_our_time(
    *, config: ProvidersConfig, simulator: Simulator, request_ids: RequestIds
):
    with aioresponses() as mocked:
        mocked.post("https://queue.test/fal-ai/flux/dev", status=500)
        mocked.post("https://run.test/fal-ai/flux/dev", status=500)
        async with Http(version="1", timeout_s=45) as http:
            urls = {"fal_queue_url": "https://queue.test", "fal_run_url": "https://run.test"}
            for leg in await Fal(replace(config, **urls), http).legs():
                with pytest.raises(DownError):
                    await leg.draw(ORDER, on_request_id=request_ids)
        headers = {url.host: calls[0].kwargs["headers"] for (_, url), calls in mocked.requests.items()}

    queue, run = headers["queue.test"], headers["run.test"]
    assert queue["X-Fal-Request-Timeout"] == run["X-Fal-Request-Timeout"] == "35"
    assert json.loads(queue["X-Fal-Object-Lifecycle-Preference"]) == {"expiration_duration_seconds": 3600}
    assert ("X-Fal-Store-IO" in queue, run["X-Fal-Store-IO"]) == (False, "0")


async def test_cost_is_what_fal_says_it_billed(mirrored: FalQueueLeg, request_ids: RequestIds):
    with aioresponses() as mocked:
        mocked.post(f"{_BASE}/fal-ai/flux/dev", payload={"request_id": "r1"})
        mocked.get(f"{_HERE}/status", payload={"status": "COMPLETED"})
        mocked.get(_HERE, payload=_DONE, headers={"x-fal-billable-units": "1.5"})
        mocked.get("https://cdn.test/a.jpg", body=_JPEG)

        raw = await mirrored.draw(ORDER, on_request_id=request_ids)

    assert raw.cost_usd == pytest.approx(0.0375)


@pytest.mark.parametrize("units", ["", "many", "nan", "inf", "-1", "0"])
async def test_units_that_are_no_number_are_passed_over(
    mirrored: FalQueueLeg, request_ids: RequestIds, units: str
):
    with aioresponses() as mocked:
        mocked.post(f"{_BASE}/fal-ai/flux/dev", payload={"request_id": "r1"})
        mocked.get(f"{_HERE}/status", payload={"status": "COMPLETED"})
        mocked.get(_HERE, payload=_DONE, headers={"x-fal-billable-units": units})
        mocked.get("https://cdn.test/a.jpg", body=_JPEG)

        raw = await mirrored.draw(ORDER, on_request_id=request_ids)

    assert raw.cost_usd == 0.025


async def test_picture_inside_the_result_is_taken_as_it_is(mirrored: FalQueueLeg, request_ids: RequestIds):
    with aioresponses() as mocked:
        mocked.post(f"{_BASE}/fal-ai/flux/dev", payload={"request_id": "r1"})
        mocked.get(f"{_HERE}/status", payload={"status": "COMPLETED"})
        mocked.get(_HERE, payload={"images": [{"url": "data:image/jpeg;base64,/9j/4A=="}]})

        raw = await mirrored.draw(ORDER, on_request_id=request_ids)

    assert raw.data == _JPEG


async def test_distilled_model_gets_no_more_steps_than_it_takes(
    config: ProvidersConfig, http: Http, simulator: Simulator, request_ids: RequestIds
):
    schnell = replace(config, fal_model="fal-ai/flux/schnell")

    for leg in await Fal(schnell, http).legs():
        raw = await leg.draw(ORDER, on_request_id=request_ids)

        assert (raw.steps, raw.model, raw.cost_usd) == (4, "fal-ai/flux/schnell", 0.003)


async def test_unfinished_order_is_resumed_and_paid_once(
    queue: FalQueueLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("cdn", ["cdn_404"] * 3)
    with pytest.raises(UnknownOutcomeError) as caught:
        await queue.draw(ORDER, on_request_id=request_ids)

    raw = await queue.resume(ORDER, caught.value.request_id or "")

    assert raw.data
    assert simulator.world.ledger.billed() == 1


@pytest.fixture
async def slow(time: FakeTime) -> Simulator:
    async with Simulator(Scenario(faces=False, latency_seconds={"falqueue": 3600})) as running:
        yield running


async def _given_up(simulator: Simulator, http: Http, request_ids: RequestIds) -> FalQueueLeg:
    urls = simulator.urls
    config = ProvidersConfig(fal_key="id:secret", fal_queue_url=urls.fal_queue, fal_run_url=urls.fal_run)
    leg = (await Fal(config, http).legs())[0]
    with pytest.raises(UnknownOutcomeError):
        await leg.draw(ORDER, on_request_id=request_ids)
    return leg


async def test_order_that_nobody_has_begun_is_taken_back_and_costs_nothing(
    slow: Simulator, http: Http, request_ids: RequestIds
):
    leg = await _given_up(slow, http, request_ids)

    saved = await leg.cancel(request_ids.noted[0])

    assert saved is True
    assert slow.world.ledger.billed() == 0


async def test_cancelling_a_finished_order_says_that_it_was_too_late(
    queue: FalQueueLeg, simulator: Simulator, request_ids: RequestIds
):
    await queue.draw(ORDER, on_request_id=request_ids)

    assert await queue.cancel(request_ids.noted[0]) is False
    assert simulator.world.ledger.billed() == 1


async def test_cancelling_an_order_that_is_not_known_saves_nothing(queue: FalQueueLeg):
    assert await queue.cancel("never-was") is False


@pytest.mark.parametrize(("fault", "error"), [("fal_401", MisconfiguredError), ("html_502", DownError)])
async def test_cancelling_that_went_wrong_is_not_taken_for_saved(
    queue: FalQueueLeg, simulator: Simulator, fault: str, error: type[ProviderError]
):
    simulator.world.script("falqueue.cancel", [fault])

    with pytest.raises(error):
        await queue.cancel("r1")


async def test_cancelled_order_is_a_failed_one_and_no_mystery(
    slow: Simulator, http: Http, request_ids: RequestIds
):
    leg = await _given_up(slow, http, request_ids)
    await leg.cancel(request_ids.noted[0])

    with pytest.raises(DownError) as caught:
        await leg.resume(ORDER, request_ids.noted[0])

    assert type(caught.value) is DownError


@pytest.mark.parametrize("step", ["falqueue", "fal"])
@pytest.mark.parametrize(
    ("fault", "error", "whole"),
    [
        ("fal_401", MisconfiguredError, True),
        ("fal_403_locked", OutOfCreditError, True),
        ("fal_403_budget", OutOfCreditError, True),
        ("fal_403_payment", OutOfCreditError, True),
        ("fal_403_admin", OutOfCreditError, True),
        ("fal_422_content_policy", RefusedError, False),
        ("fal_429", BusyError, False),
        ("fal_500", DownError, False),
        ("fal_504_user_timeout", DownError, False),
    ],
)
async def test_what_fal_answers_becomes_the_error_that_says_what_to_do(
    *,
    queue: FalQueueLeg,
    run: FalRunLeg,
    simulator: Simulator,
    request_ids: RequestIds,
    step: str,
    fault: str,
    error: type[ProviderError],
    whole: bool,
):
    simulator.world.script(step, [fault])

    with pytest.raises(error) as caught:
        await {"falqueue": queue, "fal": run}[step].draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error
    assert caught.value.whole_provider is whole


async def test_struck_checker_of_the_synchronous_route_is_told_with_its_cost(
    run: FalRunLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("fal", ["nsfw"])

    with pytest.raises(CheckerError) as caught:
        await run.draw(ORDER, on_request_id=request_ids)

    assert caught.value.cost_usd == 0.025


async def test_without_a_key_the_message_names_the_setting(http: Http):
    with pytest.raises(MisconfiguredError, match="FAL_KEY") as caught:
        await Fal(ProvidersConfig(), http).legs()

    assert caught.value.sent is False
