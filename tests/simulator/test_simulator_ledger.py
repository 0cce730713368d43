"""The ledger: who asked for what, what it cost, how many at once."""

import asyncio

import aiohttp
import pytest
from simulator_support import HF, ORDER, SLOW, fal_sync, get, post, until

from retrato.simulator.scenario import Limit, Scenario
from retrato.simulator.server import Simulator


async def test_every_request_is_entered(simulator: Simulator, http: aiohttp.ClientSession):
    await post(http, fal_sync(simulator), ORDER, HF)
    await post(http, fal_sync(simulator), {"seed": 3}, HF)

    good, bad = simulator.world.ledger.calls
    assert (good.leg, good.step, good.method, good.status) == ("fal-ai", "draw", "POST", 200)
    assert (good.prompt, good.seed, good.width, good.height) == ("a captain", 7, 1024, 1024)
    assert good.started <= good.finished <= bad.started
    assert (bad.status, bad.outcome, bad.prompt, bad.seed) == (422, "rejected", None, 3)


async def test_prompt_is_entered_even_where_a_fault_answers(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("fal-ai", ["hf_500"])

    await post(http, fal_sync(simulator), ORDER, HF)

    (call,) = simulator.world.ledger.orders("fal-ai")
    assert (call.prompt, call.seed, call.fault, call.outcome) == ("a captain", 7, "hf_500", "hf_500")


async def test_bills_count_by_leg_prompt_and_seed(simulator: Simulator, http: aiohttp.ClientSession):
    ledger = simulator.world.ledger

    await post(http, fal_sync(simulator), ORDER, HF)
    await post(http, fal_sync(simulator), ORDER, HF)
    await post(http, fal_sync(simulator), ORDER | {"seed": 8}, HF)

    assert (ledger.billed(), ledger.billed("fal-ai"), ledger.billed("gen")) == (3, 3, 0)
    assert (ledger.billed(prompt="a captain", seed=7), ledger.billed(seed=8)) == (2, 1)
    assert ledger.paid_twice() == [("a captain", 7)]
    assert ledger.billed_usd() == pytest.approx(0.075)


@pytest.mark.parametrize(
    ("size", "cost"), [((1024, 1024), 0.025), ((512, 512), 0.025), ((1024, 1025), 0.05), ((2048, 1024), 0.05)]
)
async def test_megapixels_are_rounded_up(
    *, simulator: Simulator, http: aiohttp.ClientSession, size: tuple[int, int], cost: float
):
    order = ORDER | {"image_size": {"width": size[0], "height": size[1]}}

    await post(http, fal_sync(simulator), order, HF)

    assert simulator.world.ledger.billed_usd() == pytest.approx(cost)


@pytest.mark.parametrize("scenario", [SLOW])
async def test_most_at_once_is_remembered(simulator: Simulator, http: aiohttp.ClientSession):
    ledger = simulator.world.ledger

    await asyncio.gather(*(post(http, fal_sync(simulator), ORDER, HF) for _ in range(3)))
    await post(http, fal_sync(simulator), ORDER, HF)

    assert (ledger.max_at_once(), ledger.max_at_once("fal-ai"), ledger.max_at_once("gen")) == (3, 3, 0)
    assert len(ledger.gaps()) == 3
    assert ledger.gaps()[-1] >= 0.4


@pytest.mark.parametrize("scenario", [Scenario(faces=False, credit_usd={"huggingface": 0.06})])
async def test_spent_credit_closes_all_legs_of_the_account(simulator: Simulator, http: aiohttp.ClientSession):
    wavespeed = f"{simulator.urls.huggingface_router}/wavespeed/api/v3/wavespeed-ai/flux-dev"

    codes = [(await post(http, fal_sync(simulator), ORDER, HF))[0] for _ in range(3)]
    status, body = await post(http, wavespeed, {"prompt": "a captain"}, HF)

    assert (codes, status) == ([200, 200, 402], 402)
    assert body["error"].startswith("You have depleted your monthly included credits.")


@pytest.mark.parametrize("scenario", [SLOW.model_copy(update={"limits": {"fal-ai": Limit(at_once=2)}})])
async def test_limit_answers_in_the_legs_own_words(simulator: Simulator, http: aiohttp.ClientSession):
    answers = await asyncio.gather(*(post(http, fal_sync(simulator), ORDER, HF) for _ in range(3)))

    assert sorted(status for status, _ in answers) == [200, 200, 429]
    assert simulator.world.ledger.max_at_once("fal-ai") == 2


async def test_admin_scripts_reads_and_resets(simulator: Simulator, http: aiohttp.ClientSession):
    admin = f"{simulator.base_url}/_sim"

    scripted = await post(http, f"{admin}/script", {"route": "fal-ai", "faults": ["hf_429", {"status": 503}]})
    codes = [(await post(http, fal_sync(simulator), ORDER, HF))[0] for _ in range(3)]
    _, ledger = await get(http, f"{admin}/ledger")
    await post(http, f"{admin}/reset", {})
    _, empty = await get(http, f"{admin}/ledger")

    assert scripted == (200, {"route": "fal-ai", "scripted": 2})
    assert codes == [429, 503, 200]
    assert [call["status"] for call in ledger["calls"]] == codes
    assert (ledger["billed"], ledger["billed_usd"]) == ({"fal-ai": 1}, 0.025)
    assert (empty["calls"], empty["bills"]) == ([], [])


@pytest.mark.parametrize(
    "order",
    [[], {"route": "fal-ai"}, {"route": "nope", "faults": []}, {"route": "fal-ai", "faults": ["nope"]},
     {"route": "fal-ai", "faults": [5]}],
)  # fmt: skip
async def test_admin_says_what_is_wrong(simulator: Simulator, http: aiohttp.ClientSession, order: object):
    status, body = await post(http, f"{simulator.base_url}/_sim/script", order)

    assert status == 400
    assert body["error"]


async def test_admin_lists_what_can_be_scripted(simulator: Simulator, http: aiohttp.ClientSession):
    _, body = await get(http, f"{simulator.base_url}/_sim/faults")

    assert "hf_402_depleted" in body["faults"]
    assert "fal-ai.status" in body["routes"]


@pytest.mark.parametrize("scenario", [SLOW])
async def test_reset_ends_jobs_unbilled(simulator: Simulator, http: aiohttp.ClientSession):
    waiting = asyncio.create_task(post(http, fal_sync(simulator), ORDER, HF))
    await until(simulator.world.ledger.max_at_once)

    await simulator.world.reset()

    assert (await waiting)[0] == 503
    assert simulator.world.ledger.billed() == 0
