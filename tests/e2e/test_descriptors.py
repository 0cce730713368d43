"""No free file descriptor: pages, maintenance and drawing wait for one; nothing is ordered twice."""

import asyncio
import resource

import aiohttp
import pytest
from tests.e2e.test_daemon import READY, asked

TOKEN = "a-token-that-is-long-enough"
pytestmark = pytest.mark.timeout(180)

HALF = b"GET /healthz HTTP/1.1\r\nHost: local"
_SPY = """
import os, sys
out = os.open(os.environ["OPENED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def note(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        os.write(out, os.fsencode(args[0]) + b"\\n")

sys.addaudithook(note)
"""


async def open_half(url: str, number: int) -> list[asyncio.StreamWriter]:
    host, port = url.removeprefix("http://").split(":")
    writers = []
    for _ in range(number):
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError):
            continue
        writer.write(HALF)
        writers.append(writer)
    return writers


def limit_files(daemon, most: int) -> None:
    """From now on it may open no file whose number would be *most* or more; what is open stays."""
    _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (most, hard))


async def test_hundreds_of_half_open_connections_shut_nobody_out(shell, simulator, connection, insert, until):
    shell.most_files = 128
    async with shell.daemon() as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")
        writers = await open_half(url, 400)

        ids = [await insert(f"Pessoa {number}") for number in range(5)]
        async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz") as answer:
            health = answer.status
        for persona_id in ids:
            await until(READY, persona_id, 1)
        code = await daemon.stop()
        for writer in writers:
            writer.transport.abort()

    assert (health, code) == (200, 0)
    assert len(simulator.world.ledger.orders()) == len(ids)
    assert not [line for line in daemon.lines if line.get("level") == "error"]


async def test_running_out_of_descriptors_with_a_paid_call_under_way_loses_nothing(
    shell, simulator, connection, insert, until
):
    simulator.world.script("fal-ai", ["delay:3"])
    async with shell.daemon(RETRATO_CONCURRENCY="1") as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")
        first = await insert("Antes")
        second = await insert("Depois")
        await asked(simulator)
        limit_files(daemon, 3)
        writers = await open_half(url, 20)

        await asyncio.sleep(8)  # the picture comes and cannot be stored, the next call cannot be made
        lives = daemon.process.returncode is None
        limit_files(daemon, 1024)
        await until(READY, first, 1)
        await until(READY, second, 1)
        code = await daemon.stop()
        for writer in writers:
            writer.transport.abort()

    legs = await connection.fetch("select leg, last_fault, reason from retrato.legs where closed_until > now()")
    assert (lives, code, legs) == (True, 0, [])
    assert len(simulator.world.ledger.orders()) == 2
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0


async def test_nothing_is_read_from_disk_after_the_start(shell, connection, insert, until, tmp_path):
    """Statements, templates, words, modules: a release that takes their place later changes nothing here."""
    spy = tmp_path / "spy"
    spy.mkdir()
    (spy / "sitecustomize.py").write_text(_SPY)
    opened = tmp_path / "opened"
    async with shell.daemon(PYTHONPATH=str(spy), OPENED=str(opened), RETRATO_CONSOLE_TOKEN=TOKEN) as daemon:
        url = (await daemon.said("console.started"))["url"]
        await daemon.said("daemon.started")
        await daemon.said("listener.connected")
        before = len(opened.read_text().splitlines())

        persona_id = await insert("Ana")
        await until(READY, persona_id, 1)
        empresa = await connection.fetchval("select empresa_id::text from personas")
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
            pages = ("/empresas", f"/empresas/{empresa}", f"/personas/{persona_id}", "/providers", "/nowhere")
            for path in (*pages, "/api/openapi.json", "/api/empresas", "/metrics", "/readyz", "/login"):
                async with http.get(f"{url}{path}") as answer:
                    await answer.read()
        await connection.execute("notify retrato, 'migrated'")
        await connection.execute(
            "update personas set regenerate_avatar = true where id = $1::text::uuid", persona_id
        )
        await until(READY, persona_id, 2)
        read = opened.read_text().splitlines()[before:]

    kinds = (".sql", ".py", ".pyc", ".so", ".html", ".mo", ".toml", ".js", ".css", ".svg")
    assert [one for one in read if one.endswith(kinds)] == []
