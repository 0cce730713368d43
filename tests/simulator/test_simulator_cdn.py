"""The result host: another host, public, and watchful."""

import aiohttp
import pytest
from simulator_support import HF, ORDER, fal_sync, get_bytes, picture, post

from retrato.simulator.server import Simulator


@pytest.fixture
async def result_url(simulator: Simulator, http: aiohttp.ClientSession) -> str:
    _, body = await post(http, fal_sync(simulator), ORDER, HF)
    return body["images"][0]["url"]


async def test_results_lie_on_another_host_than_the_api(simulator: Simulator, result_url: str):
    (host,) = simulator.urls.result_hosts

    assert result_url.startswith(f"http://{host}/cdn/")
    assert host not in simulator.base_url


async def test_key_shown_to_the_result_host_is_refused_and_remembered(
    simulator: Simulator, http: aiohttp.ClientSession, result_url: str
):
    status, _ = await get_bytes(http, result_url, HF)

    assert status == 400
    assert [call.leg for call in simulator.world.ledger.leaks()] == ["cdn"]


@pytest.mark.parametrize(("fault", "status"), [("cdn_403", 403), ("cdn_404", 404), ("status:500", 500)])
async def test_download_can_fail(
    *, simulator: Simulator, http: aiohttp.ClientSession, result_url: str, fault: str, status: int
):
    simulator.world.script("cdn", [fault])

    codes = [(await get_bytes(http, result_url))[0] for _ in range(2)]

    assert codes == [status, 200]


async def test_download_can_lead_to_a_private_address(
    simulator: Simulator, http: aiohttp.ClientSession, result_url: str
):
    simulator.world.script("cdn", ["cdn_redirect_private"])

    async with http.get(result_url, allow_redirects=False) as reply:
        assert (reply.status, reply.headers["Location"]) == (302, "http://169.254.169.254/latest/meta-data/iam/")


async def test_picture_can_be_spoiled_on_its_way(
    simulator: Simulator, http: aiohttp.ClientSession, result_url: str
):
    simulator.world.script("cdn", ["wrong_size:300x200"])

    _, data = await get_bytes(http, result_url)

    assert picture(data).size == (300, 200)


async def test_unknown_result_is_not_found(simulator: Simulator, http: aiohttp.ClientSession):
    (host,) = simulator.urls.result_hosts

    assert (await get_bytes(http, f"http://{host}/cdn/0123456789abcdef.jpg"))[0] == 404


async def test_downloads_are_no_orders(simulator: Simulator, http: aiohttp.ClientSession, result_url: str):
    await get_bytes(http, result_url)

    assert [call.leg for call in simulator.world.ledger.orders()] == ["fal-ai"]
    assert simulator.world.ledger.billed() == 1
