"""Calls to providers are counted by leg and by how they ended."""

import asyncio

import pytest
from tests.generation.chain_fakes import JOB, FakeLeg, FakeResumableLeg, Studio, order_for
from tests.services.service_fakes import until

from retrato.domain.errors import (
    BusyError,
    ChainExhaustedError,
    DownError,
    StoreUnavailableError,
    UnknownOutcomeError,
)
from retrato.domain.faults import Fault

LEG, NEXT = "huggingface/fal-ai", "pollinations/flux"


@pytest.fixture
def draw(metrics):
    """Let a chain of these legs draw one picture."""
    metrics.calls.expect([LEG, NEXT])

    async def one(*legs, **more):
        return await Studio().chain(*legs, metrics=metrics, **more).draw(JOB, version=1, order_for=order_for)

    return one


async def test_success_is_counted_with_its_time_and_cost(draw, numbers):
    await draw(FakeLeg(LEG))

    assert numbers.by("provider_requests_total", "outcome") == {"succeeded": 1}
    assert numbers("provider_request_duration_seconds_count", provider="huggingface", leg=LEG, outcome="succeeded")
    assert numbers("cost_usd_total", provider="huggingface", leg=LEG) == 0.025
    assert numbers.by("provider_retries_total", "leg") == {}


async def test_faults_retries_and_the_leg_that_drew_at_last(draw, numbers):
    await draw(FakeLeg(LEG, *[DownError("503", leg=LEG)] * 4), FakeLeg(NEXT))

    assert numbers.by("provider_requests_total", "outcome") == {"transient": 4, "succeeded": 1}
    assert numbers.by("provider_requests_total", "provider") == {"huggingface": 4, "pollinations": 1}
    assert numbers.by("provider_retries_total", "leg") == {LEG: 3}
    assert (
        numbers("provider_request_duration_seconds_count", provider="huggingface", leg=LEG, outcome="failed") == 4
    )


async def test_bad_picture_counts_as_the_fault_that_it_is_and_is_paid_for(draw, numbers):
    await draw(FakeLeg(LEG, b"bad", b"good"))

    assert numbers.by("provider_requests_total", "outcome") == {"bad_output": 1, "succeeded": 1}
    assert numbers("cost_usd_total", provider="huggingface", leg=LEG) == 0.05


async def test_unknown_outcome_costs_nothing_until_it_is_known(draw, numbers):
    lost = UnknownOutcomeError("no answer", leg=LEG, request_id="r1")

    await draw(FakeResumableLeg(LEG, lost, later=[b"picture"]))

    assert numbers.by("provider_requests_total", "outcome") == {"unknown_outcome": 1, "succeeded": 1}
    assert numbers("cost_usd_total", provider="huggingface", leg=LEG) == 0.025


async def test_call_under_way_is_seen_and_a_cancelled_one_has_no_duration(draw, numbers):
    task = asyncio.create_task(draw(FakeLeg(LEG, hangs=True)))
    await until(lambda: numbers.by("provider_requests_in_progress", "leg"))
    under_way = numbers.by("provider_requests_in_progress", "leg")
    task.cancel()
    await asyncio.wait([task])

    assert under_way == {LEG: 1}
    assert numbers.by("provider_requests_in_progress", "leg") == {}
    assert numbers.by("provider_requests_total", "outcome") == {"cancelled": 1}
    assert numbers.by("provider_request_duration_seconds_count", "leg") == {}


async def test_books_that_cannot_be_written_are_counted(metrics, numbers):
    studio = Studio()
    chain = studio.chain(FakeLeg(LEG), metrics=metrics)
    studio.attempts.trouble = StoreUnavailableError("away")

    await chain.draw(JOB, version=1, order_for=order_for)

    assert numbers("database_errors_total", part="chain") == 1


async def test_leg_that_nobody_announced_does_not_make_a_label(draw, metrics, numbers):
    metrics.calls.expect(["huggingface/endpoint/vc-flux-*"])
    strange = "huggingface/a-partner-of-tomorrow"

    await draw(FakeLeg("huggingface/endpoint/vc-flux-7", DownError("503", leg="x")), FakeLeg(strange), waits_s=())

    assert numbers.by("provider_requests_total", "leg") == {
        "huggingface/endpoint/vc-flux-*": 1,
        "huggingface/other": 1,
    }


async def test_leg_without_a_retry_counts_none(draw, numbers):
    with pytest.raises(ChainExhaustedError):
        await draw(FakeLeg(LEG, BusyError("429", leg=LEG)))

    assert numbers.by("provider_requests_total", "outcome") == {"throttled": 1}
    assert numbers.by("provider_retries_total", "leg") == {}


def test_announced_legs_begin_at_zero_for_every_outcome(metrics, numbers):
    metrics.calls.expect([LEG])

    outcomes = ("succeeded", "cancelled", *Fault)
    requests = [
        numbers("provider_requests_total", provider="huggingface", leg=LEG, outcome=outcome)
        for outcome in outcomes
    ]
    assert requests == [0] * len(outcomes)
    assert numbers("cost_usd_total", provider="huggingface", leg=LEG) == 0
