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


async def readiness(url):
    async with aiohttp.ClientSession() as http, http.get(f"{url}/readyz") as answer:
        return answer.status, await answer.text()


async def until_ready(url, status):
    async with asyncio.timeout(60):
        while (answer := await readiness(url))[0] != status:  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.2)
    return answer[1]


async def test_disabled_trigger_is_told_and_drawing_goes_on(shell, simulator, connection, insert, until):
    async with shell.daemon(RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")
        first = await insert("Ana")
        await until_ready(url, 200)

        await connection.execute("alter table personas disable trigger retrato_on_update")
        reason = await until_ready(url, 503)
        await until(READY, first, 1)
        await connection.execute("alter table personas enable trigger retrato_on_update")
        await until_ready(url, 200)
        code = await daemon.stop()

    assert "retrato_on_update" in reason
    assert code == 0
    assert daemon.events("installation.drifted")
    assert daemon.events("installation.restored")


async def test_columns_that_are_written_go_while_a_picture_is_drawn_and_it_is_written_after_migrating(
    shell, simulator, connection, insert, until
):
    simulator.world.script("fal-ai", ["delay:3"])
    async with shell.daemon(RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        await daemon.said("daemon.started")
        first = await insert("Ana")
        await asked(simulator)

        await connection.execute("drop view retrato.persona_status")
        await connection.execute(
            "alter table personas drop column avatar_image_generated_at, alter column full_name type text;"
            "alter table personas rename column avatar_image_url to avatar_url"
        )
        await daemon.said("schema.refused")
        waiting = await insert("Bia")
        attempts = await connection.fetchval("select attempts from retrato.jobs where persona_id = $1", first)
        await shell.run("migrate")
        await until(READY, first, 1)
        await until(READY, waiting, 1)
        code = await daemon.stop()

    assert (attempts, code) == (0, 0)
    assert len(simulator.world.ledger.orders()) == 2
    assert not daemon.events("avatar.failed")


async def test_daemon_waits_while_detached_and_finds_who_came_meanwhile(
    shell, simulator, connection, insert, until
):
    async with shell.daemon(RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")

        detached = await shell.run("migrate", "--detach")
        await daemon.said("daemon.suspended")
        reason = await until_ready(url, 503)
        check = await shell.run("migrate", "--check")
        await connection.execute("alter table personas alter column full_name type text, drop column specialty")
        meanwhile = await insert("Bia")
        attached = await shell.run("migrate", "--attach")
        await until(READY, meanwhile, 1)
        code = await daemon.stop()

    assert (detached.code, check.code, attached.code, code) == (0, 1, 0, 0)
    assert "--attach" in reason
