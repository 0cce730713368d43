"""Pollinations: the present host, which wants keys, and the legacy one, which wants patience."""

import base64
import json

import aiohttp
import pytest
from simulator_support import GEN, SLOW, STUCK, get, get_bytes, picture, post

from retrato.simulator.scenario import Limit, Scenario
from retrato.simulator.server import Simulator

_EXIF_IFD, _USER_COMMENT, _MAKE = 0x8769, 0x9286, 0x010F


def _image(simulator: Simulator, query: str = "model=flux&seed=7") -> str:
    return f"{simulator.urls.pollinations}/image/a%20captain%2C%20at%20sea%2Fland?{query}"


async def test_picture_is_a_jpeg_with_the_prompt_inside(simulator: Simulator, http: aiohttp.ClientSession):
    _, data = await get_bytes(http, _image(simulator), GEN)
    exif = picture(data).getexif()
    comment = json.loads(exif.get_ifd(_EXIF_IFD)[_USER_COMMENT].removeprefix(b"ASCII\0\0\0"))

    assert (picture(data).format, exif[_MAKE]) == ("JPEG", "flux")
    assert (comment["prompt"], comment["seed"]) == ("a captain, at sea/land", 7)


async def test_key_may_also_be_in_the_query(simulator: Simulator, http: aiohttp.ClientSession):
    assert (await get_bytes(http, _image(simulator, "model=flux&key=pk_1")))[0] == 200


@pytest.mark.parametrize(
    ("headers", "words"),
    [({}, "Authentication required."), ({"Authorization": "Bearer hf_x"}, "Invalid API key.")],
)
async def test_every_picture_needs_a_key(
    *, simulator: Simulator, http: aiohttp.ClientSession, headers: dict[str, str], words: str
):
    status, body = await get(http, _image(simulator), headers)

    assert (status, body["error"]["code"]) == (401, "UNAUTHORIZED")
    assert body["error"]["message"].startswith(words)


@pytest.mark.parametrize("agent", ["", "Python-urllib/3.11"])
async def test_front_turns_away_nameless_clients(simulator: Simulator, agent: str):
    headers = GEN | ({"User-Agent": agent} if agent else {})

    async with (
        aiohttp.ClientSession(skip_auto_headers=["User-Agent"]) as session,
        session.get(_image(simulator), headers=headers) as reply,
    ):
        assert (reply.status, await reply.text()) == (403, "error code: 1010")


@pytest.mark.parametrize(
    ("query", "seed"), [("", 42), ("&seed=7", 7), ("&seed=x", 42), ("&seed=99999999999", 2147483647)]
)
async def test_seed_that_is_missing_or_wrong_is_a_constant(
    *, simulator: Simulator, http: aiohttp.ClientSession, query: str, seed: int
):
    await get_bytes(http, _image(simulator, f"model=flux{query}"), GEN)

    assert simulator.world.ledger.bills[0].seed == seed


async def test_seed_of_minus_one_is_random(simulator: Simulator, http: aiohttp.ClientSession):
    await get_bytes(http, _image(simulator, "model=flux&seed=-1"), GEN)
    await get_bytes(http, _image(simulator, "model=flux&seed=-1"), GEN)

    one, two = (bill.seed for bill in simulator.world.ledger.bills)
    assert one != two


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ((960, 640), (1248, 832)),
        ((1024, 1024), (1024, 1024)),
        ((512, 512), (1024, 1024)),
        ((4096, 2048), (2048, 1024)),
    ],
)
async def test_sizes_are_those_that_it_really_returns(
    *, simulator: Simulator, http: aiohttp.ClientSession, asked: tuple[int, int], given: tuple[int, int]
):
    _, data = await get_bytes(http, _image(simulator, f"model=flux&width={asked[0]}&height={asked[1]}"), GEN)

    assert picture(data).size == given


async def test_unknown_model_lists_the_known_ones(simulator: Simulator, http: aiohttp.ClientSession):
    status, body = await get(http, _image(simulator, "model=turbo"), GEN)

    assert (status, body["error"]["code"]) == (400, "BAD_REQUEST")
    assert body["error"]["message"].startswith("Invalid option: expected one of ")


async def test_identical_request_joins_the_first_and_is_billed_once(
    simulator: Simulator, http: aiohttp.ClientSession
):
    async with http.get(_image(simulator), headers=GEN) as first:
        one = await first.read()
    async with http.get(_image(simulator), headers=GEN) as second:
        two = await second.read()

    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert one == two
    assert simulator.world.ledger.billed("gen") == 1


@pytest.mark.parametrize("scenario", [SLOW])
async def test_job_goes_on_after_the_client_left(simulator: Simulator, http: aiohttp.ClientSession):
    with pytest.raises(TimeoutError):
        async with http.get(_image(simulator), headers=GEN, timeout=aiohttp.ClientTimeout(total=0.05)):
            pass
    status, _ = await get_bytes(http, _image(simulator), GEN)

    assert status == 200
    assert [call.outcome for call in simulator.world.ledger.orders()] == ["abandoned", "ok"]
    assert simulator.world.ledger.billed("gen") == 1


@pytest.mark.parametrize("scenario", [STUCK.model_copy(update={"limits": {"gen": Limit(at_once=1)}})])
async def test_free_account_draws_one_at_a_time(simulator: Simulator, http: aiohttp.ClientSession):
    with pytest.raises(TimeoutError):
        await http.get(_image(simulator), headers=GEN, timeout=aiohttp.ClientTimeout(total=0.1))
    async with http.get(_image(simulator, "model=flux&seed=8"), headers=GEN) as second:
        body = await second.json()

    assert (second.status, second.headers["Retry-After"]) == (429, "1")
    assert body["error"] == "concurrency_limit_exceeded"


@pytest.mark.parametrize("scenario", [Scenario(faces=False, credit_usd={"pollinations": 0.005})])
async def test_balance_runs_out(simulator: Simulator, http: aiohttp.ClientSession):
    codes = [(await get_bytes(http, _image(simulator, f"model=flux&seed={n}"), GEN))[0] for n in range(3)]
    _, left = await get(http, f"{simulator.urls.pollinations}/account/balance", GEN)

    assert codes == [200, 200, 402]
    assert left == {"balance": 0.001}


async def test_post_answers_with_base64_or_a_url(simulator: Simulator, http: aiohttp.ClientSession):
    url = f"{simulator.urls.pollinations}/v1/images/generations"
    order = {"prompt": "a captain", "model": "flux", "size": "1024x1024", "seed": 7}

    _, inline = await post(http, url, order, GEN)
    _, linked = await post(http, url, order | {"response_format": "url"}, GEN)
    _, data = await get_bytes(http, linked["data"][0]["url"])

    assert picture(base64.b64decode(inline["data"][0]["b64_json"])).size == (1024, 1024)
    assert picture(data).size == (1024, 1024)


@pytest.mark.parametrize("change", [{"prompt": ""}, {"prompt": "x" * 32_001}, {"response_format": "png"}])
async def test_post_refuses_wrong_fields(simulator: Simulator, http: aiohttp.ClientSession, change: dict):
    order = {"prompt": "a captain", "model": "flux"} | change

    status, body = await post(http, f"{simulator.urls.pollinations}/v1/images/generations", order, GEN)

    assert (status, body["error"]["code"]) == (400, "BAD_REQUEST")
    assert list(body["error"]["details"]["fieldErrors"]) == list(change)


async def test_models_need_no_key(simulator: Simulator, http: aiohttp.ClientSession):
    _, models = await get(http, f"{simulator.urls.pollinations}/image/models")

    assert "flux" in [model["name"] for model in models]


async def test_legacy_draws_sana_whatever_is_named(simulator: Simulator, http: aiohttp.ClientSession):
    url = f"{simulator.urls.pollinations_legacy}/prompt/a%20captain?model=flux&seed=7&width=512&height=640"

    async with http.get(url) as reply:
        size = picture(await reply.read()).size

    assert (reply.headers["X-Model"], reply.headers["X-Seed"], size) == ("sana-sprint", "7", (512, 640))
    assert await get(http, f"{simulator.urls.pollinations_legacy}/models") == (200, ["sana"])


async def test_legacy_stamps_its_logo_unless_asked_not_to(simulator: Simulator, http: aiohttp.ClientSession):
    url = f"{simulator.urls.pollinations_legacy}/prompt/a%20captain?seed=7"

    _, stamped = await get_bytes(http, url)
    _, plain = await get_bytes(http, f"{url}&nologo=true")

    assert picture(stamped).getpixel((900, 1000)) == pytest.approx((255, 255, 255), abs=6)
    assert picture(plain).getpixel((900, 1000)) != picture(stamped).getpixel((900, 1000))


@pytest.mark.parametrize(
    "scenario", [Scenario(faces=False, limits={"legacy": Limit(at_once=1, pause_seconds=60)})]
)
async def test_legacy_throttles_with_a_bill_in_crypto_money(simulator: Simulator, http: aiohttp.ClientSession):
    url = f"{simulator.urls.pollinations_legacy}/prompt/a%20captain?seed="

    first, _ = await get_bytes(http, f"{url}1")
    second, body = await get(http, f"{url}2")

    assert (first, second, body["x402Version"]) == (200, 402, 1)
    assert body["error"].startswith("Queue full for IP: ")


async def test_legacy_says_where_to_go(simulator: Simulator, http: aiohttp.ClientSession):
    assert await get(http, f"{simulator.urls.pollinations_legacy}/p") == (
        404,
        {"error": "Not Found", "message": "Use /prompt/{your prompt}"},
    )
