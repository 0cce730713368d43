"""What people are told before they choose: prices, limits, licences, keys. And what is left of the money."""

from dataclasses import replace

import pytest
from provider_support import ORDER

from retrato.domain.attempt import LegLimits
from retrato.domain.errors import ProviderError
from retrato.domain.picture import Order
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.limits import LIMITS, limits_for
from retrato.providers.models import MODELS, about, fitted
from retrato.providers.prices import PRICES, TOKEN_PRICES, cost_usd, price_of
from retrato.providers.registry import build_providers, catalogue
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator


def _square(side: int) -> Order:
    return replace(ORDER, width=side, height=side)


def test_catalogue_names_every_leg_without_asking_anybody():
    infos = catalogue(ProvidersConfig())

    assert [info.leg for info in infos] == [
        "huggingface/fal-ai",
        "huggingface/replicate",
        "huggingface/wavespeed",
        "pollinations/gen",
        "pollinations/legacy",
        "fal/queue",
        "fal/run",
        "openai/openai",
    ]
    assert all(info.licence and info.price_usd is not None and info.price_source for info in infos)


def test_catalogue_tells_which_keys_are_there_and_never_the_keys():
    infos = {info.leg: info for info in catalogue(ProvidersConfig(fal_key="id:canary"))}

    assert (infos["fal/queue"].key_setting, infos["fal/queue"].key_present) == ("FAL_KEY", True)
    assert (infos["openai/openai"].key_present, infos["openai/openai"].usable) == (False, False)
    assert "canary" not in repr(infos)


@pytest.mark.parametrize("key", [None, "sk_a"])
def test_exactly_one_leg_of_pollinations_is_usable(key: str | None):
    infos = {info.leg: info.usable for info in catalogue(ProvidersConfig(pollinations_key=key))}

    assert (infos["pollinations/gen"], infos["pollinations/legacy"]) == (key is not None, key is None)


def test_catalogue_follows_the_settings():
    config = ProvidersConfig(
        huggingface_key="hf_a",
        huggingface_endpoint_url="https://e.test",
        huggingface_endpoint_name="vc-*",
        huggingface_model="black-forest-labs/FLUX.1-schnell",
        openai_base_url="http://gpu:8000/v1",
        openai_model="mine",
        openai_options='{"price_usd": 0}',
    )

    infos = {info.leg: info for info in catalogue(config)}

    assert [leg for leg in infos if leg.startswith("huggingface/")] == [
        "huggingface/endpoint",
        "huggingface/endpoint/vc-*",
        "huggingface/nscale",
    ]
    assert infos["huggingface/endpoint"].price_usd == 0
    assert infos["huggingface/nscale"].licence == "Apache-2.0"
    assert (infos["openai/compatible"].usable, infos["openai/compatible"].price_usd) == (True, 0)


def test_fal_charges_by_the_megapixel_begun_and_others_by_the_picture():
    dev = "black-forest-labs/FLUX.1-dev"

    assert cost_usd("huggingface/fal-ai", dev, _square(1024)) == 0.025
    assert cost_usd("huggingface/fal-ai", dev, _square(1025)) == 0.05
    assert cost_usd("huggingface/replicate", dev, _square(2048)) == 0.025


def test_price_is_not_guessed_from_another_models():
    assert cost_usd("huggingface/fal-ai", "black-forest-labs/FLUX.1-schnell", ORDER) == 0.003
    assert cost_usd("huggingface/fal-ai", "somebody/else", ORDER) is None
    assert cost_usd("somebody/else", "m", ORDER) is None


def test_every_price_says_where_and_when_it_was_read():
    assert all(price.source and price.seen and price.model for price in PRICES.values())
    assert all(price_of(leg, price.model) is price for leg, price in PRICES.items())


def test_every_priced_model_has_its_licence_told():
    assert {price.model for price in PRICES.values()} | set(TOKEN_PRICES) <= set(MODELS)


def test_unknown_model_is_told_to_be_unknown():
    assert "not known" in about("somebody/else").licence


@pytest.mark.parametrize(("model", "steps"), [("fal-ai/flux/schnell", 4), ("fal-ai/flux/dev", 28), ("mine", 28)])
def test_steps_are_fitted_to_the_model(model: str, steps: int):
    assert fitted(ORDER, model).steps == steps


def test_limits_are_told_where_a_provider_states_them():
    assert limits_for("pollinations/legacy") == LegLimits(interval_s=60, at_once=1)
    assert limits_for("huggingface/fal-ai") == LegLimits()
    assert all(limits != LegLimits() for limits in LIMITS.values())


async def test_balance_of_pollinations_is_read_and_the_others_do_not_tell(config: ProvidersConfig):
    async with Simulator(Scenario(credit_usd={"pollinations": 1.25})) as simulator, Http(version="1") as http:
        every = replace(
            config,
            providers=("huggingface", "pollinations", "fal", "openai"),
            pollinations_url=simulator.urls.pollinations,
        )

        left = {provider.name: await provider.credit_left() for provider in build_providers(every, http)}

    assert left == {"huggingface": None, "pollinations": 1.25, "fal": None, "openai": None}


async def test_anonymous_pollinations_has_no_balance(http: Http):
    (provider,) = build_providers(ProvidersConfig(providers=("pollinations",)), http)

    assert await provider.credit_left() is None


async def test_balance_that_cannot_be_read_is_an_error_and_no_number(
    config: ProvidersConfig, http: Http, simulator: Simulator
):
    simulator.world.script("gen.balance", ["poll_401_key"])
    (provider,) = build_providers(replace(config, providers=("pollinations",)), http)

    with pytest.raises(ProviderError):
        await provider.credit_left()
