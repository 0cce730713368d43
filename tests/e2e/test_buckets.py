"""The main job with the pictures in a private bucket: a real daemon and a real S3 server."""

import asyncio
import io
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import pytest
from PIL import Image
from tests.storage.conftest import moto
from tests.storage.s3_servers import BUCKET, S3Server, Unruly, unruly

from retrato.storage.keys import thumbnail_of
from retrato.storage.location import open_store

__all__ = ["moto"]

pytestmark = pytest.mark.timeout(240)

TOKEN = "a-token-that-is-long-enough"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
READY = "select count(*) = $1 from retrato.persona_status where state = 'ready'"


@pytest.fixture
async def proxy(moto: S3Server) -> AsyncIterator[Unruly]:
    async with unruly(moto) as running:
        yield running


@pytest.fixture
def bucket(proxy: Unruly, shell, monkeypatch: pytest.MonkeyPatch):
    """A prefix of its own: the daemon's settings name it, and this is the test's own look into it."""
    for name, value in proxy.server.environment.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{BUCKET}/e2e/{uuid4().hex}"
    # Pollinations gives no id by which a picture could be fetched once more: a lost one is paid for again.
    shell.env |= proxy.server.environment | {
        "RETRATO_STORAGE_URL": url,
        "RETRATO_PROVIDERS": "pollinations",
        "POLLINATIONS_API_KEY": "sk_a_key_for_the_simulator",
    }
    return open_store(url, public_url="")


async def test_pictures_are_in_the_bucket_and_rows_and_console_show_them(shell, connection, insert, until, bucket):
    async with shell.daemon(RETRATO_SIGNED_URL_SECONDS="600", RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        console = (await daemon.said("console.started"))["url"]
        ids = [await insert(f"Persona {number}") for number in range(3)]
        await until(READY, 3)

        rows = await connection.fetch("select avatar_url, avatar_thumbnail_url from personas_avatares")
        sizes, addresses = set(), set()
        async with aiohttp.ClientSession() as session:
            for row in rows:
                for address in row:
                    async with session.get(address) as answer:
                        sizes.add(Image.open(io.BytesIO(await answer.read())).size)
                        addresses.add(answer.url.host)
                        signed = str(answer.url)
            async with session.get(f"{console}/personas/{ids[0]}", headers=BEARER) as answer:
                page = await answer.text()
        stored = {found.key async for found in bucket.list()}

    keys = [row["image_key"] for row in await connection.fetch("select image_key from retrato.avatars")]
    assert sizes == {(1024, 1024), (200, 200)}
    assert all(row["avatar_url"].startswith(f"{console}/avatars/") for row in rows)
    assert stored == {*keys, *map(thumbnail_of, keys)}
    assert any(f'src="/avatars/{thumbnail_of(key)}"' in page for key in keys)
    assert "X-Amz-Signature" in signed
    log = "".join(daemon.raw)
    assert "X-Amz" not in log
    assert shell.env["AWS_SECRET_ACCESS_KEY"] not in log


async def test_outage_of_the_store_loses_nothing_and_pays_nothing_twice(
    shell, simulator, connection, insert, until, bucket, proxy
):
    async with shell.daemon(RETRATO_CONCURRENCY="2") as daemon:
        await daemon.said("daemon.started")
        await insert("Antes")
        await until(READY, 1)

        await proxy.go_away()
        for number in range(5):
            await insert(f"Persona {number}")
        await daemon.said("job.released", times=4)
        paid_while_away = len(simulator.world.ledger.bills)
        await proxy.listen()
        await until(READY, 6)

    assert paid_while_away == 1  # the one before: the store is asked before a call is paid for
    assert len(simulator.world.ledger.bills) == 6
    assert not simulator.world.ledger.paid_twice()
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0
    assert len([found async for found in bucket.list()]) == 12


async def test_daemon_whose_store_is_away_from_the_start_pays_nothing_and_burns_no_attempt(
    shell, simulator, connection, insert, until, bucket, proxy
):
    await proxy.go_away()
    async with shell.daemon() as daemon:
        await daemon.said("daemon.started")
        await insert()
        said = await daemon.said("job.released")
        attempts = await connection.fetchval("select attempts from retrato.jobs")
        ordered = len(simulator.world.ledger.orders())

        await proxy.listen()
        await until(READY, 1)

    assert "nothing is drawn" in said["reason"]
    assert (attempts, ordered) == (0, 0)


async def test_killed_while_it_holds_a_picture_the_successor_draws_and_nothing_is_lost(
    shell, simulator, connection, insert, until, bucket, proxy
):
    async with shell.daemon() as first:
        await first.said("daemon.started")
        await insert("Antes")
        await until(READY, 1)
        simulator.world.script("fal-ai", ["delay:2"])
        await insert()
        async with asyncio.timeout(30):
            while len(simulator.world.ledger.orders()) < 2:  # noqa: ASYNC110 - the simulator rings no bell
                await asyncio.sleep(0.02)
        await proxy.go_away()
        await first.said("picture.store_delayed")
        first.process.kill()
        await first.process.wait()
    await proxy.listen()

    async with shell.daemon() as second:
        await second.said("daemon.started")
        await until(READY, 2)

    assert len([found async for found in bucket.list()]) == 4
