"""``/metrics`` over HTTP: who is answered, in what format, and what a working daemon tells."""

import asyncio

import pytest
from aiohttp import ClientSession
from tests import daemon_role
from tests.metrics.scraping import checked, labels_in, names_in
from tests.services.service_fakes import until

from retrato.app.base import open_base
from retrato.app.console import open_console
from retrato.app.daemon import open_daemon
from retrato.cli.demo import simulated_settings
from retrato.console.gate import House
from retrato.console.server import Console
from retrato.settings import load
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import sample

TOKEN = "a-token-that-is-long-enough"
PERSONAS = 3
LABELS = {"provider", "leg", "outcome", "fault", "stage", "lane", "state", "part", "version"}
"""All labels that there are; none of them can take more values than somebody has listed."""


@pytest.fixture
async def http():
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def settings(dsn, tmp_path):
    """A daemon's settings, with simulated providers."""
    async with Simulator(Scenario(faces=False, latency_seconds={"default": (0.01, 0.02)})) as simulator:
        yield load(
            **simulated_settings(simulator),
            database_url=daemon_role.product(dsn),
            data_dir=tmp_path,
            pace_seconds=0,
            console_port=0,
            monthly_budget_usd=5,
        )


@pytest.fixture
async def scraped(settings, dsn, connection, http):
    """What a daemon tells that has drawn a company and has had an order for one more that nobody can draw."""
    await sample.insert_company(dsn, personas=PERSONAS)
    stop = asyncio.Event()
    async with (
        open_console(settings) as console,
        open_base(settings, daemon_role.product(dsn)) as base,
        open_daemon(settings, base, daemon_role.product(dsn), hurry=asyncio.Event(), console=console) as daemon,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(daemon.run(stop))
        await until(lambda: connection.fetchval(f"select count(*) = {PERSONAS} from retrato.avatars"), within_s=45)
        async with http.get(f"{console.url}/metrics") as answer:
            text = await answer.text()
        stop.set()
    return text


def value(text: str, series: str) -> float:
    [line] = [line for line in text.splitlines() if line.startswith(f"{series} ")]
    return float(line.rpartition(" ")[2])


async def test_daemon_tells_what_it_has_drawn_and_prometheus_finds_nothing_to_mend(scraped, promtool):
    assert value(scraped, 'retrato_jobs_total{outcome="written",provider="huggingface"}') == PERSONAS
    assert value(scraped, "retrato_jobs_claimed_total") == PERSONAS
    assert value(scraped, "retrato_database_up") == 1
    assert value(scraped, "retrato_replicas_alive") == 1
    assert value(scraped, "retrato_budget_limit_usd") == 5
    assert value(scraped, "retrato_storage_bytes_total") > 10_000
    assert value(scraped, "retrato_sse_clients") == 0
    assert checked(promtool, "check", "metrics", given=scraped) == ""


async def test_labels_are_few_and_known(scraped):
    assert labels_in(scraped) <= LABELS
    assert "/other" not in scraped
    assert len(scraped.splitlines()) < 2000


async def test_before_the_daemon_is_built_the_process_tells_of_itself(http):
    console = Console(House("127.0.0.1"), 0)
    await console.listen()
    async with http.get(f"{console.url}/metrics") as answer:
        text = await answer.text()
    await console.close()

    assert answer.content_type == "text/plain"
    assert value(text, "retrato_database_up") == 0
    assert "retrato_build_info" in names_in(text)
    assert "process_start_time_seconds" in names_in(text)


async def test_openmetrics_is_spoken_to_who_asks_for_it(http):
    console = Console(House("127.0.0.1"), 0)
    await console.listen()
    async with http.get(f"{console.url}/metrics", headers={"Accept": "application/openmetrics-text"}) as answer:
        text = await answer.text()
    await console.close()

    assert answer.content_type == "application/openmetrics-text"
    assert text.endswith("# EOF\n")


async def test_on_the_consoles_port_the_token_is_needed_and_on_their_own_nothing(http):
    house = House("127.0.0.1", token=TOKEN)
    together, apart = Console(house, 0), Console(house, 0, metrics_port=0)
    await together.listen()
    await apart.listen()
    bearer = {"Authorization": f"Bearer {TOKEN}"}

    async def status(url, **options):
        async with http.get(f"{url}/metrics", allow_redirects=False, **options) as answer:
            return answer.status

    asked = [
        await status(together.url),
        await status(together.url, headers=bearer),
        await status(apart.url, headers=bearer),
        await status(apart.metrics_url),
    ]
    await together.close()
    await apart.close()

    assert asked == [401, 200, 404, 200]


async def test_who_is_refused_is_told_why(http):
    console = Console(House("127.0.0.1"), 0)
    await console.listen()
    async with http.get(f"{console.url}/metrics", headers={"X-Forwarded-For": "203.0.113.7"}) as answer:
        text = await answer.text()
    await console.close()

    assert answer.status == 403
    assert "RETRATO_CONSOLE_TOKEN" in text
