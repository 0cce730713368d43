"""Pollinations, with a key and without, against the simulator."""

import re
from dataclasses import replace

import pytest
from aioresponses import aioresponses
from provider_support import ORDER, RequestIds

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    DownError,
    GoneError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    RefusedError,
    UnknownOutcomeError,
)
from retrato.domain.picture import Order
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Leg
from retrato.providers.pollinations import GenLeg, Pollinations
from retrato.providers.pollinations_legacy import LegacyLeg
from retrato.simulator.server import Simulator

_LONG = replace(ORDER, prompt="a very long portrait " * 200)
_ODD = replace(ORDER, prompt="50% of a/b? #1 & ação, 100%25")


@pytest.fixture
async def gen(config: ProvidersConfig, http: Http) -> Leg:
    return (await Pollinations(config, http).legs())[0]


@pytest.fixture
async def legacy(config: ProvidersConfig, http: Http) -> Leg:
    return (await Pollinations(replace(config, pollinations_key=None), http).legs())[0]


async def test_key_decides_which_host_is_asked(gen: Leg, legacy: Leg):
    assert (type(gen), type(legacy)) == (GenLeg, LegacyLeg)
    assert (gen.name, legacy.name) == ("pollinations/gen", "pollinations/legacy")


async def test_seed_and_size_are_always_sent(gen: Leg, simulator: Simulator, request_ids: RequestIds):
    raw = await gen.draw(ORDER, on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders("gen")
    assert (call.method, call.seed, call.width, call.height) == ("GET", ORDER.seed, 1024, 1024)
    assert raw.data.startswith(b"\xff\xd8\xff")
    assert (raw.seed, raw.model, raw.cost_usd) == (ORDER.seed, "flux", 0.002)


@pytest.mark.parametrize("order", [_LONG, replace(_LONG, prompt="ção" * 300)])
async def test_long_prompts_go_by_post(gen: Leg, simulator: Simulator, request_ids: RequestIds, order: Order):
    raw = await gen.draw(order, on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders("gen")
    assert (call.method, call.prompt, call.seed) == ("POST", order.prompt, ORDER.seed)
    assert raw.data.startswith(b"\xff\xd8\xff")


async def test_signs_that_mean_something_in_addresses_arrive_as_written(
    *, gen: Leg, legacy: Leg, simulator: Simulator, request_ids: RequestIds
):
    await gen.draw(_ODD, on_request_id=request_ids)
    await legacy.draw(_ODD, on_request_id=request_ids)

    assert [call.prompt for call in simulator.world.ledger.orders()] == [_ODD.prompt, _ODD.prompt]


@pytest.mark.parametrize("order", [ORDER, _LONG])
async def test_repeat_after_silence_joins_the_same_job_and_is_billed_once(
    *, config: ProvidersConfig, simulator: Simulator, request_ids: RequestIds, order: Order
):
    simulator.world.script("gen", ["hang"])
    async with Http(version="1", timeout_s=0.3) as http:
        leg = (await Pollinations(config, http).legs())[0]
        with pytest.raises(UnknownOutcomeError):
            await leg.draw(order, on_request_id=request_ids)

        raw = await leg.draw(order, on_request_id=request_ids)

    assert leg.repeat_is_free
    assert raw.data.startswith(b"\xff\xd8\xff")
    assert simulator.world.ledger.billed() == 1


@pytest.mark.parametrize(
    ("fault", "error", "wait_s"),
    [
        ("poll_400_model", GoneError, None),
        ("poll_400_safety", RefusedError, None),
        ("poll_401_key", MisconfiguredError, None),
        ("poll_402_balance", OutOfCreditError, None),
        ("poll_402_key_budget", OutOfCreditError, None),
        ("poll_403", MisconfiguredError, None),
        ("poll_403_cloudflare", MisconfiguredError, None),
        ("poll_412", DownError, None),
        ("poll_422_content", RefusedError, None),
        ("poll_429", BusyError, None),
        ("poll_429_flat", BusyError, 1),
        ("poll_429_pk", BusyError, 123),
        ("poll_500", DownError, None),
        ("poll_502", BusyError, None),
        ("poll_503", DownError, None),
        ("json_200", BadPictureError, None),
        ("html_200", BadPictureError, None),
        ("empty", BadPictureError, None),
        ("cut:100", UnknownOutcomeError, None),
        ("vanish", UnknownOutcomeError, None),
    ],
)
async def test_what_gen_answers_becomes_the_error_that_says_what_to_do(
    *,
    gen: Leg,
    simulator: Simulator,
    request_ids: RequestIds,
    fault: str,
    error: type[ProviderError],
    wait_s: float | None,
):
    # A GET that breaks is tried once more by aiohttp itself, which joins the same job.
    simulator.world.script("gen", [fault, fault])

    with pytest.raises(error) as caught:
        await gen.draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error
    assert caught.value.retry_after_s == wait_s


async def test_legacy_tells_the_model_and_seed_that_it_really_used(
    legacy: Leg, simulator: Simulator, request_ids: RequestIds
):
    raw = await legacy.draw(ORDER, on_request_id=request_ids)

    assert (raw.model, raw.seed, raw.cost_usd) == ("sana-sprint", ORDER.seed, 0.0)
    assert len(simulator.world.ledger.orders("legacy")) == 1


@pytest.mark.parametrize("fault", ["poll_402_x402", "poll_429_legacy"])
async def test_legacy_rate_limit_is_a_throttle_and_not_an_empty_account(
    *, legacy: Leg, simulator: Simulator, request_ids: RequestIds, fault: str
):
    simulator.world.script("legacy", [fault])

    with pytest.raises(BusyError) as caught:
        await legacy.draw(ORDER, on_request_id=request_ids)

    assert caught.value.retry_after_s == 60


async def test_same_bytes_for_another_order_are_a_placeholder(
    legacy: Leg, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script("legacy", ["placeholder", "placeholder"])
    await legacy.draw(ORDER, on_request_id=request_ids)

    with pytest.raises(BusyError, match="placeholder"):
        await legacy.draw(replace(ORDER, seed=7), on_request_id=request_ids)


async def test_same_bytes_for_the_same_order_are_no_placeholder(legacy: Leg, request_ids: RequestIds):
    first = await legacy.draw(ORDER, on_request_id=request_ids)
    second = await legacy.draw(ORDER, on_request_id=request_ids)

    assert first.data == second.data


async def test_picture_without_the_headers_of_a_drawn_one_is_a_placeholder(http: Http, request_ids: RequestIds):
    leg = LegacyLeg(http, provider="pollinations", base_url="https://legacy.test")
    with aioresponses() as mocked:
        mocked.get(re.compile(r"https://legacy\.test/.*"), body=b"\xff\xd8\xff\xe0 advertisement", status=200)

        with pytest.raises(BusyError, match="placeholder"):
            await leg.draw(ORDER, on_request_id=request_ids)


async def test_prompt_too_long_for_the_old_host_is_not_sent(
    legacy: Leg, simulator: Simulator, request_ids: RequestIds
):
    with pytest.raises(BadRequestError) as caught:
        await legacy.draw(replace(ORDER, prompt="ção " * 1000), on_request_id=request_ids)

    assert caught.value.sent is False
    assert simulator.world.ledger.calls == []
