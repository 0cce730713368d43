"""The leg huggingface/fal-ai against the simulator."""

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
    StillDrawingError,
    UnknownOutcomeError,
)
from retrato.providers.access import Access
from retrato.providers.config import ProvidersConfig
from retrato.providers.fal_queue import FalQueueLeg
from retrato.providers.http import Http
from retrato.providers.huggingface import HuggingFace
from retrato.providers.leg import ResumableLeg
from retrato.simulator.server import Simulator


@pytest.fixture
async def leg(config: ProvidersConfig, http: Http) -> ResumableLeg:
    legs = await HuggingFace(config, http).legs()
    assert isinstance(legs[0], ResumableLeg)
    return legs[0]


async def test_picture_comes_by_the_queue_with_the_seed_that_was_ordered(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert raw.data.startswith(b"\xff\xd8\xff")
    assert (raw.model, raw.seed, raw.steps, raw.guidance) == (
        "black-forest-labs/FLUX.1-dev",
        ORDER.seed,
        28,
        3.5,
    )
    assert request_ids.noted == [raw.request_id]
    assert raw.cost_usd == simulator.world.ledger.billed_usd() == 0.025
    assert [call.seed for call in simulator.world.ledger.orders("fal-ai")] == [ORDER.seed]


async def test_result_is_downloaded_without_the_key(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    await leg.draw(ORDER, on_request_id=request_ids)

    downloads = [call for call in simulator.world.ledger.calls if call.leg == "cdn"]
    assert len(downloads) == 1
    assert simulator.world.ledger.leaks() == []


@pytest.mark.parametrize(
    "named",
    [
        "",
        "http://[",
        "https://queue.fal.run/fal-ai/flux/requests/r1",
        "https://r.test/fal-ai/fal-ai/flux/requests/r1",
    ],
)
async def test_answer_is_looked_for_through_the_router_wherever_the_ticket_points(
    http: Http, request_ids: RequestIds, named: str
):
    access = Access(
        http=http, leg="huggingface/fal-ai", base_url="https://r.test/fal-ai", headers={}, is_router=True
    )
    leg = FalQueueLeg(access, provider="huggingface", model="m", app="fal-ai/flux/dev")
    here = "https://r.test/fal-ai/fal-ai/flux/requests/r1"
    with aioresponses() as mocked:
        mocked.post("https://r.test/fal-ai/fal-ai/flux/dev", payload={"request_id": "r1", "response_url": named})
        mocked.get(f"{here}/status", payload={"status": "COMPLETED"})
        mocked.get(here, payload={"images": [{"url": "https://cdn.test/a.jpg"}], "seed": 9})
        mocked.get("https://cdn.test/a.jpg", body=b"\xff\xd8\xff\xe0")

        raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert (raw.data, raw.seed) == (b"\xff\xd8\xff\xe0", 9)


async def test_request_id_is_reported_before_the_first_look(leg: ResumableLeg, simulator: Simulator):
    steps_seen: list[list[str]] = []

    async def note(_: str) -> None:
        steps_seen.append([call.step for call in simulator.world.ledger.calls if call.leg == "fal-ai"])

    await leg.draw(ORDER, on_request_id=note)

    assert steps_seen == [["draw"]]


async def test_request_that_is_stuck_is_given_up_in_time_and_named(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds, time: FakeTime
):
    simulator.world.script("fal-ai", ["job_stuck"])
    began = time.now

    with pytest.raises(StillDrawingError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert [caught.value.request_id] == request_ids.noted
    assert time.now - began == pytest.approx(60, abs=0.01)


async def test_resuming_collects_the_picture_without_paying_again(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("fal-ai.status", ["html_502"] * 4)
    with pytest.raises(UnknownOutcomeError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    raw = await leg.resume(ORDER, caught.value.request_id or "")

    assert raw.data.startswith(b"\xff\xd8\xff")
    assert simulator.world.ledger.billed() == 1


@pytest.mark.parametrize("fault", ["html_502", "poll_404", "fal_429", "json_200", "vanish", "close"])
@pytest.mark.parametrize("step", ["fal-ai.status", "fal-ai.result"])
async def test_single_failed_looks_are_forgiven(
    *, leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds, step: str, fault: str
):
    simulator.world.script(step, [fault])

    raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert raw.data.startswith(b"\xff\xd8\xff")
    assert simulator.world.ledger.billed() == 1


async def test_request_that_the_queue_has_lost_cannot_be_resumed(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("fal-ai", ["job_lost"])

    with pytest.raises(UnknownOutcomeError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert caught.value.request_id is None


async def test_failed_request_is_a_fault_of_the_leg(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("fal-ai", ["job_failed"])

    with pytest.raises(DownError, match="Runner disconnected") as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is DownError


async def test_refused_request_is_a_refusal(leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds):
    simulator.world.script("fal-ai", ["job_refused"])

    with pytest.raises(RefusedError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert not isinstance(caught.value, CheckerError)


async def test_struck_checker_is_told_from_a_refusal_and_its_cost_is_known(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("fal-ai", ["nsfw"])

    with pytest.raises(CheckerError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert caught.value.cost_usd == 0.025


@pytest.mark.parametrize("fault", ["cdn_403", "cdn_404", "hang", "cut:100", "html_502"])
async def test_picture_that_cannot_be_fetched_twice_is_fetched_the_third_time(
    *, config: ProvidersConfig, simulator: Simulator, request_ids: RequestIds, time: FakeTime, fault: str
):
    simulator.world.script("cdn", [fault, fault])
    async with Http(
        version="1",
        result_hosts=simulator.urls.result_hosts,
        result_timeout_s=0.2,
        sleep=time.sleep,
        clock=time.clock,
    ) as http:
        leg = (await HuggingFace(config, http).legs())[0]

        raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert raw.data.startswith(b"\xff\xd8\xff")


async def test_picture_that_stays_out_of_reach_can_be_resumed(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("cdn", ["cdn_404"] * 3)
    with pytest.raises(UnknownOutcomeError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    raw = await leg.resume(ORDER, caught.value.request_id or "")

    assert raw.data
    assert simulator.world.ledger.billed() == 1


async def test_result_at_a_private_address_is_not_fetched(
    leg: ResumableLeg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("fal-ai.result", ["fal_200_private_url"])

    with pytest.raises(MisconfiguredError, match="RETRATO_RESULT_HOSTS"):
        await leg.draw(ORDER, on_request_id=request_ids)


@pytest.mark.parametrize(
    ("fault", "error", "whole"),
    [
        ("hf_402_depleted", OutOfCreditError, True),
        ("hf_402_exceeded", OutOfCreditError, True),
        ("hf_402_provider", OutOfCreditError, False),
        ("hf_402_pay_as_you_go", OutOfCreditError, False),
        ("fal_403_locked", OutOfCreditError, False),
        ("fal_403_admin", OutOfCreditError, False),
        ("hf_401", MisconfiguredError, True),
        ("hf_403_permission", MisconfiguredError, True),
        ("hf_429", BusyError, False),
        ("fal_422_content_policy", RefusedError, False),
        ("vanish", UnknownOutcomeError, False),
        ("html_502", DownError, False),
        ("fal_503_runner", DownError, False),
    ],
)
async def test_what_the_router_answers_becomes_the_error_that_says_what_to_do(
    *,
    leg: ResumableLeg,
    simulator: Simulator,
    request_ids: RequestIds,
    fault: str,
    error: type[ProviderError],
    whole: bool,
):
    simulator.world.script("fal-ai", [fault])

    with pytest.raises(error) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error
    assert caught.value.whole_provider is whole
    assert caught.value.leg == "huggingface/fal-ai"
