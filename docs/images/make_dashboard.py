"""
Take the picture of the dashboard in docs/images/ (`make pictures`): a real run, scraped by a real Prometheus.

Needs Debian's prometheus and chromium, and takes eight minutes: two replicas draw with the simulator while a
provider refuses and fails, a replica is killed and the database ends all connections. Grafana draws nothing here:
see dashboard_drawing.py.
"""

import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
from aiohttp import ClientSession
from dashboard_drawing import Prometheus, Span, draw
from playwright.async_api import async_playwright

from retrato.embedded.server import EmbeddedPostgres
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import migrations, sample

_DASHBOARD = Path(__file__).parents[2] / "deploy/monitoring/dashboard.json"
_SCRAPED_EVERY_S = 2
_RATE_INTERVAL = "20s"


class _Replica:
    """A `retrato run` that is scraped at *port*."""

    def __init__(self, environment: dict[str, str], folder: str) -> None:
        self.port = _free_port()
        self._environment = environment | {"RETRATO_METRICS_PORT": str(self.port)}
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("retrato"), "run",
            env=self._environment, cwd=self._folder, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def kill(self) -> None:
        """SIGKILL, and wait."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def main(target: Path) -> None:
    """Write the picture *target*."""
    programs = {name: shutil.which(name) for name in ("prometheus", "chromium")}
    if missing := [name for name, path in programs.items() if path is None]:
        sys.exit(f"missing: {', '.join(missing)} (Debian: apt install {' '.join(missing)})")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="retrato-dashboard-"))
        server = stack.enter_context(EmbeddedPostgres(Path(folder, "postgres")))
        simulator = await stack.enter_async_context(
            Simulator(Scenario(faces=False, latency_seconds={"default": (1.5, 4)}))
        )
        await sample.create_host_tables(server.dsn)
        await migrations.apply(server.dsn)
        replicas = [_Replica(_environment(server.dsn, simulator), folder) for _ in range(2)]
        for replica in replicas:
            await replica.start()
            stack.push_async_callback(replica.kill)
        session = await stack.enter_async_context(ClientSession())
        url = await stack.enter_async_context(_prometheus(Path(folder), [one.port for one in replicas]))
        began = time.time()
        await _play(server.dsn, simulator, replicas)
        prometheus = Prometheus(session, url, rate_interval=_RATE_INTERVAL)
        page = await draw(json.loads(_DASHBOARD.read_text()), prometheus, Span(began, time.time()))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=programs["chromium"], args=["--no-sandbox"])
        opened = await browser.new_page(viewport={"width": 1296, "height": 800})
        await opened.set_content(page)
        await opened.screenshot(path=target, full_page=True, type="jpeg", quality=80)
        await browser.close()
    print(target)  # noqa: T201


async def _play(dsn: str, simulator: Simulator, replicas: list[_Replica]) -> None:
    """What happens in the picture: eight minutes of an installation's life."""
    empresa = await sample.insert_company(dsn, personas=400)
    connection = await asyncpg.connect(dsn)
    await asyncio.sleep(60)
    simulator.world.script("fal-ai", ["job_refused"] * 5)
    await asyncio.sleep(40)
    simulator.world.script("fal-ai", ["hf_503"] * 40)
    await asyncio.sleep(60)
    await replicas[1].kill()
    await asyncio.sleep(30)
    await replicas[1].start()
    await asyncio.sleep(50)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await asyncio.sleep(130)
    await connection.execute("select retrato.request_company($1, force => true)", empresa)
    await connection.close()
    await asyncio.sleep(90)


def _environment(dsn: str, simulator: Simulator) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "RETRATO_DATABASE_URL": dsn,
        "RETRATO_PACE_SECONDS": "0.8",
        "RETRATO_RETRY_WAITS_SECONDS": "0.2,0.4,0.8",
        "RETRATO_MONTHLY_BUDGET_USD": "20",
        "RETRATO_CONSOLE_PORT": "0",
        "HUGGINGFACE_API_KEY": "hf_a_key_for_the_simulator",
        **simulator.urls.as_settings(),
    }


@asynccontextmanager
async def _prometheus(folder: Path, ports: list[int]) -> AsyncIterator[str]:
    """A Prometheus that scrapes *ports*; its address."""
    targets = json.dumps([f"127.0.0.1:{port}" for port in ports])
    (folder / "prometheus.yml").write_text(
        f"scrape_configs: [{{job_name: retrato, scrape_interval: {_SCRAPED_EVERY_S}s,"
        f" static_configs: [{{targets: {targets}}}]}}]"
    )
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
