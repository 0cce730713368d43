"""What the reporter tells the service manager, and when it keeps silent."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs
from tests.service_manager import ServiceManager, service_manager
from tests.services.service_fakes import FakeClock, until

from retrato.domain.job import Job
from retrato.metrics.metrics import Metrics
from retrato.notify import Notifier
from retrato.services.holdings import Holdings
from retrato.services.listener import Listener
from retrato.services.reporter import Reporter, _ago
from retrato.supervise import Pulse

EVERY_S = 0.02
LIMIT_S = 100


class FakeQueue:
    """Counts how often it is looked at, and answers while ``answers`` is set."""

    def __init__(self) -> None:
        self.queued: int | None = None
        self.holds = 12
        self.looks = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def refresh(self) -> None:
        self.looks += 1
        await self.answers.wait()
        self.queued = self.holds


class Watched:
    """A reporter, and all that it looks at."""

    def __init__(self, manager: ServiceManager | None, *, watchdog_s: float | None = 60) -> None:
        self.clock = FakeClock()
        self.pulse = Pulse(limit_s=LIMIT_S, clock=self.clock)
        self.holdings = Holdings(lease_s=30, clock=time.monotonic)
        self.listener = Listener("postgresql://nowhere", wake=asyncio.Event(), holdings=self.holdings)
        self.metrics = Metrics()
        self.queue = FakeQueue()
        self.stop = asyncio.Event()
        self.reporter = Reporter(
            Notifier(manager.address if manager else None, watchdog_s=watchdog_s),
            pulse=self.pulse,
            holdings=self.holdings,
            listener=self.listener,
            jobs=self.metrics.jobs,
            queue=self.queue,
            every_s=EVERY_S,
            look_every_s=EVERY_S,
        )

    def hear(self) -> None:
        """LISTEN is answered."""
        self.listener.connected.set()
        self.listener.settled.set()

    @asynccontextmanager
    async def running(self):
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            group.create_task(self.reporter.run(self.stop))
            yield
            self.stop.set()
            self.holdings.drained.set()


@pytest.fixture
def manager():
    with service_manager() as listening:
        yield listening


def job(number: int = 1) -> Job:
    return Job(
        persona_id=str(number),
        empresa_id="1",
        token=number,
        generation=1,
        attempts=0,
        takeovers=0,
        version=1,
    )


async def test_ready_comes_when_listen_was_answered_and_not_before(manager):
    watched = Watched(manager)
    watched.queue.holds = 0
    async with watched.running():
        waiting = await manager.hears("EXTEND_TIMEOUT_USEC")
        await manager.hears("EXTEND_TIMEOUT_USEC")
        was_ready = manager.said("READY")

        watched.hear()
        ready = await manager.hears("READY")

    assert not was_ready
    assert waiting["STATUS"] == "waiting for an answer to LISTEN"
    assert int(waiting["EXTEND_TIMEOUT_USEC"]) >= 30_000_000
    assert ready == {"READY": "1", "STATUS": "idle, no picture yet"}


async def test_deaf_replica_is_ready_and_says_that_it_polls(manager):
    watched = Watched(manager)
    watched.listener.settled.set()
    async with watched.running():
        ready = await manager.hears("READY")

    assert "LISTEN is not answered: polling" in ready["STATUS"]


async def test_status_tells_what_is_drawn_what_waits_and_when_the_last_picture_came(manager):
    watched = Watched(manager)
    watched.hear()
    watched.holdings.add(job(1))
    watched.holdings.add(job(2))
    watched.metrics.jobs.written("fake", took_s=1, stored_bytes=1)
    async with watched.running():
        told = await manager.hears("STATUS", "2 drawing, 12 queued")

    assert told["STATUS"] == "2 drawing, 12 queued, last picture 0 s ago"


async def test_idle_replica_asks_the_database_once(manager):
    watched = Watched(manager)
    watched.hear()
    watched.queue.holds = 0
    async with watched.running():
        for _ in range(5):
            await manager.hears("WATCHDOG")
        told = await manager.hears("STATUS")

    assert watched.queue.looks == 1
    assert told["STATUS"] == "idle, no picture yet"


async def test_queue_that_nobody_may_draw_now_is_told_all_the_same(manager):
    watched = Watched(manager)
    watched.hear()
    async with watched.running():
        told = await manager.hears("STATUS", "12 queued")

    assert told["STATUS"] == "0 drawing, 12 queued, no picture yet"


async def test_database_that_does_not_answer_keeps_nobody_from_feeding_the_watchdog(manager):
    watched = Watched(manager)
    watched.hear()
    watched.queue.answers.clear()
    watched.holdings.add(job())
    async with watched.running():
        for _ in range(5):
            await manager.hears("WATCHDOG")
        looks = watched.queue.looks
        watched.queue.answers.set()

    assert looks == 1


async def test_part_that_has_stalled_ends_the_signs_of_life_and_is_named(manager):
    watched = Watched(manager)
    watched.hear()
    watched.pulse.turned("keeper")
    async with watched.running():
        await manager.hears("WATCHDOG")

        with capture_logs() as lines:
            watched.clock.now_s += LIMIT_S + 1
            told = await manager.hears("STATUS", "stalled: keeper")
            await manager.hears("STATUS", "stalled: keeper")
        watched.pulse.turned("keeper")
        await manager.hears("WATCHDOG")

    assert "WATCHDOG" not in told
    assert [(line["event"], line["parts"]) for line in lines] == [("daemon.stalled", ["keeper"])]


async def test_watchdog_is_fed_twice_in_its_interval(manager):
    watched = Watched(manager, watchdog_s=EVERY_S)

    assert watched.reporter._every_s == EVERY_S / 2


async def test_drain_asks_for_time_until_it_is_over(manager):
    watched = Watched(manager)
    watched.hear()
    watched.holdings.add(job())
    async with watched.running():
        await manager.hears("READY")

        watched.stop.set()
        for _ in range(3):
            told = await manager.hears("EXTEND_TIMEOUT_USEC")
        watched.holdings.drained.set()
        await manager.hears("STATUS", "drained")

    assert (told["STATUS"], told["WATCHDOG"]) == ("draining, 1 in hand", "1")
    assert not manager.said("STOPPING")  # a drain may also mean that the schema is waited for


async def test_where_nobody_listens_nothing_is_looked_at_and_who_stalls_is_logged():
    watched = Watched(None)
    watched.hear()
    watched.holdings.add(job())
    watched.pulse.turned("keeper")
    with capture_logs() as lines:
        async with watched.running():
            watched.clock.now_s += LIMIT_S + 1
            await until(lambda: lines)

    assert watched.queue.looks == 0
    assert lines[0]["event"] == "daemon.stalled"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (59.9, "60 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")]
)
def test_ages_are_told_in_the_largest_unit_that_fits(seconds, told):
    assert _ago(seconds) == told
