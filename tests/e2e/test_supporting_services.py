"""What is not needed for drawing may fail in any way: every persona is drawn, once, as if nothing had happened."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from structlog.testing import capture_logs
from tests import daemon_role
from tests.services.service_fakes import until

from retrato.app.base import open_base
from retrato.app.console import open_console
from retrato.app.daemon import open_daemon
from retrato.app.reload import Reloader
from retrato.cli.demo import simulated_settings
from retrato.console.live import Live
from retrato.console.server import Console
from retrato.console.site import Site
from retrato.domain.errors import ConfigError, NotMigratedError
from retrato.metrics.metrics import Metrics
from retrato.notify import Notifier
from retrato.services.housekeeper import Housekeeper
from retrato.services.reporter import Reporter
from retrato.settings import load
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import sample
from retrato.store.chores import Chores
from retrato.store.console_reads import ConsoleReads
from retrato.store.gauges import Gauges

pytestmark = pytest.mark.timeout(180)

PERSONAS = 4
EVERY_CLASS = [
    ValueError("unforeseen"),
    OSError(24, "Too many open files"),
    MemoryError(),
    NotMigratedError("a column is gone"),
    ConfigError("a column that was named is gone"),
    asyncio.CancelledError(),
    SystemExit(3),
    KeyboardInterrupt(),
    BaseExceptionGroup("", [SystemExit(3), ValueError("one of them")]),
]
PLACES = [
    (Console, "run"),
    (Live, "look"),
    (ConsoleReads, "marks"),
    (ConsoleReads, "gallery"),
    (ConsoleReads, "counts"),
    (Reporter, "run"),
    (Reporter, "_line"),
    (Reporter, "_look"),
    (Housekeeper, "run"),
    (Housekeeper, "sweep"),
    (Chores, "take"),
    (Gauges, "_look"),
    (Metrics, "scrape"),
    (Reloader, "run"),
    (Site, "listen"),
]
"""The supporting services, and what they do inside."""


@pytest.fixture
async def simulator():
    async with Simulator(Scenario(faces=False, latency_seconds={"default": (0.1, 0.3)})) as running:
        yield running


@pytest.fixture
def settings(simulator, dsn, tmp_path):
    return load(
        **simulated_settings(simulator),
        database_url=daemon_role.product(dsn),
        data_dir=tmp_path,
        pace_seconds=0,
        console_port=0,
    )


@asynccontextmanager
async def drawing(settings, dsn):
    """A daemon that draws, its console, and the task that it runs in."""
    stop = asyncio.Event()
    address = daemon_role.product(dsn)
    notifier = Notifier("@nobody-listens-here", watchdog_s=0.2)
    async with (
        open_console(settings) as console,
        open_base(settings, address) as base,
        open_daemon(settings, base, address, hurry=asyncio.Event(), console=console, notifier=notifier) as daemon,
    ):
        reloader = Reloader(settings, notifier, asked=asyncio.Event()).of(daemon)
        task = asyncio.create_task(daemon.run(stop, reloader))
        try:
            yield daemon, console, task
        finally:
            stop.set()
            await task


async def look_at_everything(console, empresa_id, enough):
    """A page that stays open, and others that come and go, until *enough*."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        while not enough.is_set():
            for path in (
                f"/events?page=/empresas/{empresa_id}",
                f"/empresas/{empresa_id}",
                "/metrics",
                "/healthz",
            ):
                try:
                    async with asyncio.timeout(0.5), http.get(f"{console.url}{path}") as answer:
                        await answer.read()
                except (TimeoutError, aiohttp.ClientError):
                    pass
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("error", EVERY_CLASS, ids=repr)
async def test_no_job_is_disturbed_whatever_a_supporting_service_raises(
    settings, simulator, dsn, connection, monkeypatch, error
):
    """Everything that supports raises *error* each second time; the housekeeper does not wait for its turn."""
    monkeypatch.setattr("retrato.services.housekeeper._EVERY_S", 0.1)
    raised = dict.fromkeys(PLACES, 0)
    met = dict.fromkeys(PLACES, 0)

    def brittle(owner, name):
        real = getattr(owner, name)

        def fails(*args, **kwargs):
            met[owner, name] += 1
            if met[owner, name] % 2:
                raised[owner, name] += 1
                raise error
            return real(*args, **kwargs)

        async def fails_soon(*args, **kwargs):
            await asyncio.sleep(0)
            return await fails(*args, **kwargs)

        monkeypatch.setattr(owner, name, fails_soon if asyncio.iscoroutinefunction(real) else fails)

    with capture_logs() as lines:
        async with drawing(settings, dsn) as (_, console, task):
            for owner, name in PLACES:
                brittle(owner, name)
            empresa_id = await sample.insert_company(dsn, personas=PERSONAS)
            enough = asyncio.Event()
            looking = asyncio.create_task(look_at_everything(console, empresa_id, enough))
            await until(
                lambda: connection.fetchval(f"select count(*) = {PERSONAS} from retrato.avatars"), within_s=90
            )
            enough.set()
            await looking
            still_runs = not task.done()
        code = task.exception()

    jobs = [line for line in lines if line["event"] in {"job.retried", "job.broken", "job.lost", "job.released"}]
    assert (still_runs, code, jobs) == (True, None, [])
    assert await connection.fetchval("select count(*) from retrato.attempts") == PERSONAS
    assert await connection.fetchval("select count(*) from retrato.jobs") == 0
    assert len(simulator.world.ledger.orders()) == PERSONAS
    assert sum(raised.values()) >= 5


@pytest.mark.parametrize(("owner", "name"), [(Console, "run"), (Reporter, "run"), (Housekeeper, "run")])
@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError(), None], ids=repr)
async def test_service_that_fails_for_ever_is_counted_and_drawing_goes_on(
    settings, dsn, connection, monkeypatch, owner, name, error
):
    async def ends(*_args):
        await asyncio.sleep(0)
        if error is not None:
            raise error

    monkeypatch.setattr(owner, name, ends)
    async with drawing(settings, dsn) as (daemon, console, task):
        await sample.insert_company(dsn, personas=PERSONAS)
        await until(lambda: connection.fetchval(f"select count(*) = {PERSONAS} from retrato.avatars"), within_s=90)
        async with aiohttp.ClientSession() as http, http.get(f"{console.url}/healthz") as answer:
            health = answer.status

    failures = daemon.metrics.registry.get_sample_value("retrato_service_failures_total", {"part": owner.name})
    assert (task.exception(), health) == (None, 200)
    assert failures >= 1
