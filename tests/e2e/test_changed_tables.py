"""The application changes its tables while a page is open and a paid call is under way: both go on."""

import asyncio
import json

import aiohttp
import pytest
from tests.e2e.test_daemon import READY, asked

pytestmark = pytest.mark.timeout(180)

TOKEN = "a-token-that-is-long-enough"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Tab:
    """An open page: what it shows, and what it was told of its connection."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.told: list[str] = []
        self.ended = False

    async def read(self, url: str, page: str) -> None:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=170), headers=BEARER) as http,
            http.get(f"{url}/events", params={"page": page}) as stream,
        ):
            event = ""
            async for line in stream.content:
                word, _, rest = line.decode().rstrip("\n").partition(": ")
                if word == "event":
                    event = rest
                elif word == "data" and event == "pieces":
                    self.shown |= json.loads(rest)["html"]
                elif word == "data":
                    self.told.append(event + json.loads(rest).get("why", ""))
        self.ended = True

    async def until(self, condition) -> None:
        async with asyncio.timeout(60):
            while not condition(self):  # noqa: ASYNC110 - a stream is read
                await asyncio.sleep(0.05)


async def test_column_that_the_gallery_reads_goes_and_nothing_ends(
    shell, simulator, connection, insert, until, empresa
):
    simulator.world.script("fal-ai", ["delay:4"])
    async with shell.daemon(RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")
        tab = Tab()
        reading = asyncio.create_task(tab.read(url, f"/empresas/{empresa}"))
        first = await insert("Ana")
        await tab.until(lambda tab: any("Analista" in html for html in tab.shown.values()))
        await asked(simulator)

        await connection.execute("alter table personas drop column role")
        await tab.until(lambda tab: not any("Analista" in html for html in tab.shown.values()))
        await until(READY, first, 1)
        later = await connection.fetchval(
            "insert into personas (persona_code, full_name, genero, empresa_id)"
            " values ('L', 'Bia', 'feminino', $1::text::uuid) returning id::text",
            empresa,
        )
        await until(READY, later, 1)
        await tab.until(lambda tab: sum('data-state="ready"' in html for html in tab.shown.values()) == 2)
        was_open = not tab.ended
        code = await daemon.stop()
        await reading

    assert (was_open, code) == (True, 0)
    assert len(daemon.events("daemon.started")) == 1
    assert len(simulator.world.ledger.orders()) == 2
    assert not daemon.events("job.retried")


async def test_page_says_that_it_cannot_be_read_while_it_cannot_and_comes_back(
    shell, simulator, connection, insert, until, empresa
):
    simulator.world.script("fal-ai", ["delay:4"])
    async with shell.daemon(RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")
        tab = Tab()
        reading = asyncio.create_task(tab.read(url, f"/empresas/{empresa}"))
        first = await insert("Ana")
        await tab.until(lambda tab: any("Ana" in html for html in tab.shown.values()))
        await asked(simulator)

        await connection.execute("alter table empresas rename to companies")
        await connection.execute("alter table retrato.avatars rename column provider to who")
        await tab.until(lambda tab: "awaybroken" in tab.told)
        async with aiohttp.ClientSession(headers=BEARER) as http, http.get(f"{url}/empresas/{empresa}") as answer:
            page = answer.status
        await connection.execute("alter table companies rename to empresas")
        await connection.execute("alter table retrato.avatars rename column who to provider")
        await tab.until(lambda tab: tab.told[-1] == "back")
        await until(READY, first, 1)
        code = await daemon.stop()
        await reading

    assert (page, code) == (503, 0)
    assert len(simulator.world.ledger.orders()) == 1
    [failure] = {line["service"] for line in daemon.events("service.failed")}
    assert failure == "console"
