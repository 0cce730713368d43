"""Scripted faults: the literal answers, the misbehaviour, the spoiled pictures."""

import time

import aiohttp
import pytest
from PIL import Image, UnidentifiedImageError
from simulator_support import GEN, HF, ORDER, fal_sync, get_bytes, picture, post, until

from retrato.domain.errors import ConfigError
from retrato.simulator.fault import Fault, Kind, answer
from retrato.simulator.faults import FAULTS, to_fault
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

_ANSWERS = sorted(name for name, fault in FAULTS.items() if fault.kind is Kind.ANSWER)
_QUICK = aiohttp.ClientTimeout(total=0.3)


def _image(simulator: Simulator, seed: int = 7) -> str:
    return f"{simulator.urls.pollinations}/image/a%20captain?model=flux&seed={seed}"


@pytest.mark.parametrize("name", _ANSWERS)
async def test_answer_is_sent_literally_and_bills_nothing(
    simulator: Simulator, http: aiohttp.ClientSession, name: str
):
    simulator.world.script("fal-ai", [name])

    async with http.post(fal_sync(simulator), json=ORDER, headers=HF, allow_redirects=False) as reply:
        body = await reply.read()

    assert reply.status == FAULTS[name].status
    assert body == FAULTS[name].payload()[0]
    assert {field: reply.headers[field] for field in FAULTS[name].headers} == FAULTS[name].headers
    assert simulator.world.ledger.billed() == 0


async def test_script_is_a_queue_and_then_all_is_well(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("fal-ai", ["hf_429", "ok", answer(503, {"error": "x"}), {"status": 418, "body": []}])

    codes = [(await post(http, fal_sync(simulator), ORDER, HF))[0] for _ in range(5)]

    assert codes == [429, 200, 503, 418, 200]


async def test_script_of_one_route_leaves_the_others_alone(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("fal-ai", ["hf_500"])

    assert (await get_bytes(http, _image(simulator), GEN))[0] == 200


async def test_late_answer_is_a_good_one(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("fal-ai", ["delay:0.1"])
    started = time.monotonic()

    status, _ = await post(http, fal_sync(simulator), ORDER, HF)

    assert (status, time.monotonic() - started >= 0.1) == (200, True)


@pytest.mark.parametrize("fault", ["hang", "stall:500"])
async def test_hanging_answer_is_billed(simulator: Simulator, http: aiohttp.ClientSession, fault: str):
    simulator.world.script("gen", [fault])

    with pytest.raises(TimeoutError):
        async with http.get(_image(simulator), headers=GEN, timeout=_QUICK) as reply:
            await reply.read()

    (call,) = simulator.world.ledger.orders()
    await until(lambda: call.outcome)
    assert (call.outcome, simulator.world.ledger.billed()) == ("abandoned", 1)


async def test_hang_comes_before_the_headers_and_stall_after_them(
    simulator: Simulator, http: aiohttp.ClientSession
):
    simulator.world.script("gen", ["stall:500"])

    async with http.get(_image(simulator), headers=GEN) as reply:
        part = await reply.content.readexactly(500)

    assert reply.status == 200
    assert reply.content_length > len(part)


@pytest.mark.parametrize(("fault", "billed"), [("close", 0), ("vanish", 1)])
async def test_connection_can_be_closed_without_an_answer(
    *, simulator: Simulator, http: aiohttp.ClientSession, fault: str, billed: int
):
    simulator.world.script("fal-ai", [fault])

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(http, fal_sync(simulator), ORDER, HF)

    assert simulator.world.ledger.billed() == billed


async def test_body_can_be_cut(simulator: Simulator, http: aiohttp.ClientSession):
    simulator.world.script("gen", ["cut:400"])

    async with http.get(_image(simulator), headers=GEN) as reply:
        with pytest.raises(aiohttp.ClientPayloadError):
            await reply.read()

    assert simulator.world.ledger.billed() == 1


async def _spoiled(simulator: Simulator, http: aiohttp.ClientSession, fault: str, *, seed: int = 7) -> bytes:
    simulator.world.script("gen", [fault])
    status, data = await get_bytes(http, _image(simulator, seed), GEN)
    assert status == 200
    return data


@pytest.mark.parametrize(
    ("fault", "form", "size"),
    [
        ("webp", "WEBP", (1024, 1024)),
        ("png", "PNG", (1024, 1024)),
        ("tiny", "JPEG", (8, 8)),
        ("wrong_size", "JPEG", (640, 480)),
        ("wrong_size:512x384", "JPEG", (512, 384)),
        ("black", "JPEG", (1024, 1024)),
        ("uniform", "JPEG", (1024, 1024)),
    ],
)
async def test_picture_is_not_what_was_ordered(
    *, simulator: Simulator, http: aiohttp.ClientSession, fault: str, form: str, size: tuple[int, int]
):
    image = picture(await _spoiled(simulator, http, fault))

    assert (image.format, image.size) == (form, size)


@pytest.mark.parametrize("fault", ["black", "uniform"])
async def test_picture_has_one_colour(simulator: Simulator, http: aiohttp.ClientSession, fault: str):
    image = picture(await _spoiled(simulator, http, fault))

    assert all(low == high for low, high in image.getextrema())


async def test_placeholder_is_the_same_for_every_order(simulator: Simulator, http: aiohttp.ClientSession):
    one = await _spoiled(simulator, http, "placeholder", seed=1)
    two = await _spoiled(simulator, http, "placeholder", seed=2)

    assert one == two


async def test_truncated_picture_opens_but_does_not_load(simulator: Simulator, http: aiohttp.ClientSession):
    data = await _spoiled(simulator, http, "truncated")

    with pytest.raises(OSError, match="truncated"):
        picture(data)


async def test_bomb_is_small_and_enormous(simulator: Simulator, http: aiohttp.ClientSession):
    data = await _spoiled(simulator, http, "bomb")

    assert len(data) < 1000
    with pytest.raises(Image.DecompressionBombError):
        picture(data)


async def test_empty_picture_has_no_bytes(simulator: Simulator, http: aiohttp.ClientSession):
    data = await _spoiled(simulator, http, "empty")

    with pytest.raises(UnidentifiedImageError):
        picture(data)


@pytest.mark.parametrize(
    "scenario", [Scenario(faces=False, seed=5, chances={"fal-ai": {"hf_503_loading": 0.3, "hf_429": 0.2}})]
)
async def test_chance_strikes_about_as_often_as_said_and_the_same_each_time(
    simulator: Simulator, http: aiohttp.ClientSession
):
    first = [(await post(http, fal_sync(simulator), ORDER, HF))[0] for _ in range(60)]
    await simulator.world.reset()
    again = [(await post(http, fal_sync(simulator), ORDER, HF))[0] for _ in range(60)]

    assert first == again
    assert 10 <= first.count(503) <= 26
    assert 5 <= first.count(429) <= 20


@pytest.mark.parametrize(
    "spec",
    [
        "nope",
        "delay",
        "delay:x",
        "cut:1.5",
        "wrong_size:5",
        {"stat": 500},
        {"kind": "nope"},
        {"spoil": "nope"},
        {"status": "x"},
    ],
)
def test_fault_that_does_not_exist_is_refused(spec: str | dict[str, object]):
    with pytest.raises(ConfigError, match="fault"):
        to_fault(spec)


def test_fault_spelled_out_is_taken(simulator: Simulator):
    fault = to_fault({"name": "mine", "status": 503, "headers": {"Retry-After": "3"}, "body": {"error": "x"}})

    assert fault == Fault(name="mine", status=503, headers={"Retry-After": "3"}, body={"error": "x"})


def test_unknown_route_is_refused(simulator: Simulator):
    with pytest.raises(ConfigError, match="no route is called 'falai'"):
        simulator.world.script("falai", ["ok"])
