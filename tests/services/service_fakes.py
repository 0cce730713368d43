"""A pipeline that draws on command, a database that goes away on command, and a replica put together of them."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrato.domain.errors import ConfigError, NotMigratedError, StorageError, StoreUnavailableError
from retrato.domain.job import Job
from retrato.services.dispatcher import Dispatcher
from retrato.services.holdings import Holdings
from retrato.services.keeper import Keeper
from retrato.services.listener import Listener
from retrato.services.schema_guard import SchemaGuard
from retrato.services.worker import Worker
from retrato.store.avatars import Avatars, Finished
from retrato.store.database import Database
from retrato.store.host import Host
from retrato.store.jobs import Jobs
from retrato.supervise import Pulse

PATIENCE_S = 5.0
"""How long a test waits for what it expects; far more than anything here takes."""


async def until(promise: Callable[[], Any], *, within_s: float = PATIENCE_S) -> None:
    """Return when *promise()*, awaited where it must be, has come true; TimeoutError when it does not."""
    async with asyncio.timeout(within_s):
        while True:
            answer = promise()
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(0.005)


def finished(job: Job, *, version: int = 1) -> Finished:
    """What the pipeline hands over when *job* was drawn."""
    return Finished(
        persona_id=job.persona_id,
        token=job.token,
        generation=job.generation,
        version=version,
        image_key=f"{job.persona_id}/{job.token}.webp",
        thumbnail_key=f"{job.persona_id}/{job.token}-small.webp",
        image_url=f"http://faces/{job.persona_id}/{job.token}.webp",
        thumbnail_url=f"http://faces/{job.persona_id}/{job.token}-small.webp",
        sha256="0" * 64,
        image_bytes=4,
        stored_bytes=6,
        width=1024,
        height=1024,
        provider="fake",
        leg="fake/one",
        model="fake/model",
        prompt="a portrait",
        seed=7,
        redraw=0,
        steps=None,
        guidance=None,
        cost_usd=None,
        attempts=1,
        took_s=0.1,
        service="fake_model",
        metadados={"flux_generation": {"seed_used": 7}},
    )


class FakePipeline:
    """
    Draws when ``gate`` is open; each item of ``errors`` is raised once instead, in order.

    Where ``gone`` is set there is nothing to draw. ``discard_error`` is raised when asked to discard.
    """

    def __init__(self, *, gate_open: bool = True) -> None:
        self.gate = asyncio.Event()
        if gate_open:
            self.gate.set()
        self.errors: list[Exception] = []
        self.gone = False
        self.discard_error: StorageError | None = None
        self.begun: list[Job] = []
        self.begun_at: list[float] = []
        self.cancelled: list[Job] = []
        self.discarded: list[Finished] = []
        self.at_once = 0
        self.most_at_once = 0

    async def draw(self, job: Job) -> Finished | None:
        self.begun.append(job)
        self.begun_at.append(time.monotonic())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled.append(job)
            raise
        finally:
            self.at_once -= 1
        if self.errors:
            raise self.errors.pop(0)
        version = sum(earlier.persona_id == job.persona_id for earlier in self.begun)
        return None if self.gone else finished(job, version=version)

    async def discard(self, version: Finished) -> None:
        self.discarded.append(version)
        if self.discard_error is not None:
            raise self.discard_error


class Flaky:
    """
    Stands before *real* and answers for it: ``outages[method]`` counts the calls that find the database away.

    ``lost_replies`` are the same, but the call takes effect first. ``refusals`` counts the calls that end in a
    ConfigError instead; ``gone`` methods always end in a NotMigratedError. ``calls`` lists the methods asked for,
    in order.
    """

    def __init__(self, real: Any, **outages: int) -> None:
        self._real = real
        self.outages = outages
        self.lost_replies: dict[str, int] = {}
        self.refusals: dict[str, int] = {}
        self.gone: set[str] = set()
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if self._due(self.outages, name):
                raise StoreUnavailableError("away for the test")
            if name in self.gone:
                raise NotMigratedError("the function is gone, for the test")
            if self._due(self.refusals, name):
                raise ConfigError("the application's tables do not take it, for the test")
            answer = await getattr(self._real, name)(*args, **kwargs)
            if self._due(self.lost_replies, name):
                raise StoreUnavailableError("away for the test")
            return answer

        return call

    @staticmethod
    def _due(counts: dict[str, int], name: str) -> bool:
        left = counts.get(name, 0)
        counts[name] = max(0, left - 1)
        return left > 0


class FakeClock:
    """Monotonic seconds that only the test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Replica:
    """One replica on a real database, with a fake pipeline."""

    database: Database
    host: Host
    dsn: str
    concurrency: int = 4
    pace_s: float = 0.0
    poll_s: float = 0.1
    grace_s: float = 5.0
    lease_s: float = 30.0
    most_attempts: int = 3
    longest_refusal_s: float = 60.0
    beat_s: float = 0.03
    silence_s: float = 0.05
    empresa_id: str | None = None
    clock: Callable[[], float] = time.monotonic
    pulse: Pulse = field(default_factory=lambda: Pulse(limit_s=math.inf))
    pipeline: FakePipeline = field(default_factory=FakePipeline)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    guard: SchemaGuard = field(default_factory=SchemaGuard)

    def __post_init__(self) -> None:
        self.holdings = Holdings(lease_s=self.lease_s, clock=self.clock)
        self.jobs: Any = Flaky(Jobs(self.database, replica_id=self.holdings.replica_id, lease_s=self.lease_s))
        self.avatars: Any = Flaky(Avatars(self.database))
        self.worker = Worker(
            self.jobs,
            self.avatars,
            self.pipeline,  # type: ignore[arg-type]
            holdings=self.holdings,
            most_attempts=self.most_attempts,
            longest_refusal_s=self.longest_refusal_s,
        )
        self.dispatcher = Dispatcher(
            self.jobs,
            self.worker,
            holdings=self.holdings,
            wake=self.wake,
            hurry=self.hurry,
            concurrency=self.concurrency,
            pace_s=self.pace_s,
            poll_s=self.poll_s,
            grace_s=self.grace_s,
            empresa_id=self.empresa_id,
            guard=self.guard,
            pulse=self.pulse,
        )
        self.keeper = Keeper(
            self.jobs,
            holdings=self.holdings,
            wake=self.wake,
            version="test",
            poll_s=self.poll_s,
            beat_s=self.beat_s,
            silence_s=self.silence_s,
            guard=self.guard,
            pulse=self.pulse,
        )
        self.listener = Listener(
            self.dsn, wake=self.wake, holdings=self.holdings, ping_every_s=0.1, guard=self.guard
        )

    @property
    def id(self) -> Any:
        return self.holdings.replica_id

    @property
    def free_permits(self) -> int:
        return self.concurrency - len(self.dispatcher._tasks)

    async def claim(self, limit: int = 1) -> Sequence[Job]:
        """Take jobs into this replica's hands as its dispatcher would, with nobody working on them."""
        claimed = await self.jobs.claim(limit, pace_s=0)
        for job in claimed.jobs:
            self.holdings.add(job)
        return claimed.jobs
