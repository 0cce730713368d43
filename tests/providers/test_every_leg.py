"""What every leg promises, whoever is behind it. A new leg is one line in LEGS."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from provider_support import ORDER, FakeTime, RequestIds

from retrato.domain.errors import (
    BadPictureError,
    BusyError,
    DownError,
    LoadingError,
    MisconfiguredError,
    ProviderError,
    UnknownOutcomeError,
)
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import CancellableLeg, Leg, ResumableLeg
from retrato.providers.limits import limits_for
from retrato.providers.registry import BUILDERS, build_providers
from retrato.simulator.fault import answer
from retrato.simulator.server import Simulator


@dataclass(frozen=True)
class Case:
    """
    Where the simulator keeps the leg, which settings lead to it, and what it can do besides drawing.

    ``bills``: the simulator takes what the provider takes for this model.
    """

    simulated: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    resumes: bool = False
    cancels: bool = False
    has_seed: bool = True
    bills: bool = True


_SCHNELL = {"huggingface_model": "black-forest-labs/FLUX.1-schnell"}
_FLUX = {"openai_model": "black-forest-labs/FLUX.1-dev", "openai_options": '{"price_usd": 0.04}'}

LEGS: Mapping[str, Case] = {
    "huggingface/endpoint": Case("endpoint", {"huggingface_endpoint_url": "/endpoint"}),
    "huggingface/fal-ai": Case("fal-ai", resumes=True),
    "huggingface/replicate": Case("replicate", resumes=True),
    "huggingface/wavespeed": Case("wavespeed", resumes=True),
    "huggingface/nscale": Case("nscale", _SCHNELL, has_seed=False),
    "huggingface/together": Case("together", _SCHNELL, bills=False),
    "pollinations/gen": Case("gen"),
    "pollinations/legacy": Case("legacy", {"pollinations_key": None}),
    "fal/queue": Case("falqueue", resumes=True, cancels=True),
    "fal/run": Case("fal"),
    "openai/compatible": Case("openai", _FLUX),
}


@pytest.fixture(params=LEGS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def case(name: str) -> Case:
    return LEGS[name]


async def _leg(name: str, config: ProvidersConfig, http: Http, simulator: Simulator) -> Leg:
    settings = {
        key: simulator.base_url + value if isinstance(value, str) and value.startswith("/") else value
        for key, value in LEGS[name].settings.items()
    }
    (provider,) = build_providers(replace(config, providers=(name.partition("/")[0],), **settings), http)
    return next(leg for leg in await provider.legs() if leg.name == name)


@pytest.fixture
async def leg(name: str, config: ProvidersConfig, http: Http, simulator: Simulator) -> Leg:
    return await _leg(name, config, http, simulator)


def test_every_provider_has_its_cases():
    assert {name.partition("/")[0] for name in LEGS} == set(BUILDERS)


async def test_picture_comes_and_is_paid_once_and_the_key_stays_at_home(
    *, leg: Leg, case: Case, simulator: Simulator, request_ids: RequestIds
):
    raw = await leg.draw(ORDER, on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders(case.simulated)
    assert raw.data[:3] in {b"\xff\xd8\xff", b"\x89PN"}
    assert (raw.seed, call.prompt) == (ORDER.seed if case.has_seed else None, ORDER.prompt)
    assert simulator.world.ledger.billed() == 1
    assert simulator.world.ledger.leaks() == []


async def test_what_it_cost_is_what_was_foretold(
    leg: Leg, case: Case, simulator: Simulator, request_ids: RequestIds
):
    foretold = leg.price_usd(ORDER)

    raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert raw.cost_usd == foretold
    assert not case.bills or foretold == pytest.approx(simulator.world.ledger.billed_usd(), abs=1e-9)


async def test_it_says_who_it_is_and_how_fast_it_may_be_asked(leg: Leg, name: str):
    assert (leg.name, leg.provider) == (name, name.partition("/")[0])
    assert leg.limits == limits_for(name)
    assert leg.model


async def test_only_those_resume_and_cancel_that_can(leg: Leg, case: Case):
    assert (isinstance(leg, ResumableLeg), isinstance(leg, CancellableLeg)) == (case.resumes, case.cancels)


async def test_id_is_told_as_soon_as_there_is_something_to_resume(leg: Leg, case: Case, request_ids: RequestIds):
    await leg.draw(ORDER, on_request_id=request_ids)

    assert len(request_ids.noted) == case.resumes


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (answer(401, {"error": "no"}), MisconfiguredError),
        (answer(403, {"error": "no"}), MisconfiguredError),
        (answer(429, {"error": "slow down"}, headers={"Retry-After": "7"}), BusyError),
        (answer(500, {"error": "oops"}), DownError),
        ("html_502", DownError),
        ("html_200", BadPictureError),
        ("json_200", BadPictureError),
        ("vanish", UnknownOutcomeError),
        ("cut:10", UnknownOutcomeError),
    ],
    ids=lambda value: getattr(value, "name", getattr(value, "__name__", value)),
)
async def test_trouble_becomes_the_error_that_says_what_to_do(
    *, leg: Leg, case: Case, simulator: Simulator, request_ids: RequestIds, fault: Any, error: type[ProviderError]
):
    # aiohttp itself repeats a GET that breaks, which Pollinations charges once.
    simulator.world.script(case.simulated, [fault, fault])

    with pytest.raises(error) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error
    assert caught.value.leg == leg.name
    assert caught.value.retry_after_s == (7 if error is BusyError else None)


async def test_order_that_nobody_answers_is_given_up_in_time(
    *, name: str, config: ProvidersConfig, simulator: Simulator, request_ids: RequestIds, time: FakeTime
):
    simulator.world.script(LEGS[name].simulated, ["hang"])
    async with Http(version="1", timeout_s=0.2, sleep=time.sleep, clock=time.clock) as hurried:
        leg = await _leg(name, config, hurried, simulator)

        with pytest.raises(UnknownOutcomeError) as caught:
            await leg.draw(ORDER, on_request_id=request_ids)

    assert caught.value.sent


async def test_model_that_is_being_loaded_is_left_alone_for_as_long_as_it_says(
    *, leg: Leg, case: Case, simulator: Simulator, request_ids: RequestIds
):
    simulator.world.script(case.simulated, ["hf_503_loading"])

    with pytest.raises(LoadingError) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert caught.value.retry_after_s == 35.67
