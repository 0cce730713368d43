"""The chain with the real providers, over HTTP, against the simulator: what is paid, and by whom it is drawn."""

from collections.abc import AsyncIterator

import pytest
from chain_fakes import JOB, Studio, order_for

from retrato.domain.errors import ChainExhaustedError, RefusedError
from retrato.generation.chain import Chain
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.registry import build_providers
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Scenario(faces=False)) as running:
        yield running


@pytest.fixture
async def chain(simulator: Simulator, studio: Studio) -> AsyncIterator[Chain]:
    urls = simulator.urls
    config = ProvidersConfig(
        huggingface_key="hf_0123456789",
        huggingface_router_url=urls.huggingface_router,
        huggingface_hub_url=urls.huggingface_hub,
        pollinations_key="sk_0123456789",
        pollinations_url=urls.pollinations,
        pollinations_legacy_url=urls.pollinations_legacy,
    )
    async with Http(
        version="1",
        timeout_s=2,
        result_hosts=urls.result_hosts,
        sleep=studio.time.sleep,
        clock=studio.time.clock,
    ) as http:
        yield studio.chain(*build_providers(config, http))


async def test_healthy_world_draws_with_the_first_leg(chain: Chain, simulator: Simulator):
    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert (drawn.leg, drawn.seed) == ("huggingface/fal-ai", 100)
    assert simulator.world.ledger.billed() == 1


async def test_empty_account_leads_past_all_its_partners(chain: Chain, simulator: Simulator):
    simulator.world.script("fal-ai", ["hf_402_depleted"])

    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "pollinations/gen"
    assert [call.leg for call in simulator.world.ledger.orders()] == ["fal-ai", "gen"]


async def test_partner_without_prepaid_credit_leads_to_the_next_partner(chain: Chain, simulator: Simulator):
    simulator.world.script("fal-ai", ["hf_402_provider"])

    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "huggingface/replicate"


async def test_gateway_trouble_is_waited_out(chain: Chain, simulator: Simulator, studio: Studio):
    simulator.world.script("fal-ai", ["html_502", "fal_503_runner"])

    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "huggingface/fal-ai"
    assert [wait for wait in studio.time.slept if wait >= 3] == [3, 6]


async def test_picture_out_of_reach_is_collected_later_and_paid_once(
    chain: Chain, simulator: Simulator, studio: Studio
):
    simulator.world.script("cdn", ["cdn_404"] * 5)

    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "huggingface/fal-ai"
    assert simulator.world.ledger.billed() == 1
    assert len(studio.attempts.rows) == 1


async def test_silence_of_pollinations_is_repeated_and_paid_once(chain: Chain, simulator: Simulator):
    simulator.world.script("fal-ai", ["hf_402_depleted"])
    simulator.world.script("gen", ["vanish"] * 3)

    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert drawn.leg == "pollinations/gen"
    assert simulator.world.ledger.paid_twice() == []


async def test_struck_checker_gets_a_new_seed(chain: Chain, simulator: Simulator):
    simulator.world.script("fal-ai", ["nsfw"])

    drawn = await chain.draw(JOB, version=1, order_for=order_for)

    assert (drawn.leg, drawn.redraw, drawn.seed) == ("huggingface/fal-ai", 1, 101)


async def test_refusal_reaches_nobody_else(chain: Chain, simulator: Simulator):
    simulator.world.script("fal-ai", ["job_refused"])

    with pytest.raises(RefusedError):
        await chain.draw(JOB, version=1, order_for=order_for)

    assert [call.leg for call in simulator.world.ledger.orders()] == ["fal-ai"]


async def test_dead_keys_everywhere_end_the_chain_and_say_why(chain: Chain, simulator: Simulator):
    simulator.world.script("fal-ai", ["hf_401"])
    simulator.world.script("gen", ["poll_401_key"])

    with pytest.raises(ChainExhaustedError, match="not recognized") as caught:
        await chain.draw(JOB, version=1, order_for=order_for)

    assert [error.status for error in caught.value.errors] == [401, 401]
    assert caught.value.retry_after_s == 3600
