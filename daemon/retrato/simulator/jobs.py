"""Jobs: pictures being drawn. They belong to the provider, not to the connection that ordered them."""

import asyncio
import random
from collections.abc import Callable, Iterator
from enum import StrEnum

from retrato.simulator.fault import OK, Fault, Trouble
from retrato.simulator.ledger import Bill, Ledger
from retrato.simulator.legs import LEGS
from retrato.simulator.pictures import Shot

QUEUED_SHARE = 0.25
"""The part of a job's time that it spends waiting for a worker."""


class State(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABORTED = "aborted"
    """Cancelled before it had begun: not billed."""


class Job:
    """
    One order of one or more pictures, on its way.

    Attributes:
        id: as handed to the client; looks like a UUID, is the same in every run.
        shots: the pictures, in order; all are billed together when the job is done.
        took_s: seconds of work, once finished.
        urls: where the pictures lie, once somebody has asked.

    """

    def __init__(self, job_id: str, *, leg: str, shots: tuple[Shot, ...], fault: Fault) -> None:
        self.id = job_id
        self.leg = leg
        self.shots = shots
        self.fault = fault
        self.state = State.QUEUED
        self.took_s = 0.0
        self.urls: tuple[str, ...] = ()
        self.ended = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Has it ended, in whichever way?"""
        return self.ended.is_set()

    @property
    def is_lost(self) -> bool:
        """Will every question about it be answered 404?"""
        return self.fault.job is Trouble.LOST

    @property
    def is_flagged(self) -> bool:
        """Did a checker strike?"""
        return self.fault.job is Trouble.FLAGGED


class Jobs:
    """All jobs of a world. Owns their tasks; ``close`` ends them."""

    def __init__(self, ledger: Ledger, *, seed: int, latency_s: Callable[[str], float]) -> None:
        self._ledger = ledger
        self._ids = random.Random(f"{seed}:ids")
        self._latency_s = latency_s
        self._jobs: dict[str, Job] = {}
        self._running: dict[Job, asyncio.Task[None]] = {}
        self.last_end: dict[str, float] = {}

    def start(self, leg: str, shots: tuple[Shot, ...], *, fault: Fault = OK) -> Job:
        """Take an order; it is worked on from now, whoever waits for it."""
        job = Job(self._new_id(), leg=leg, shots=shots, fault=fault)
        self._jobs[job.id] = job
        # A task of its own, held here: the handler that ordered it is cancelled when its client leaves.
        self._running[job] = asyncio.create_task(self._run(job), name=f"job {job.id}")
        self._ledger.peak(leg, self.at_once(leg))
        self._ledger.peak("", len(self._running))
        return job

    def find(self, job_id: str) -> Job | None:
        """The job of that id, unless it is lost or was never there."""
        job = self._jobs.get(job_id)
        return None if job is None or job.is_lost else job

    def at_once(self, leg: str) -> int:
        """How many jobs of *leg* are in work now."""
        return sum(1 for job in self._running if job.leg == leg)

    def cancel(self, job: Job) -> bool:
        """End *job* early; one that had begun is billed all the same. False when it was over already."""
        if job.is_over:
            return False
        begun = job.state is State.RUNNING
        self._running[job].cancel()
        self._end(job, State.CANCELLED if begun else State.ABORTED, is_billed=begun)
        return True

    def expire(self, job: Job, fault: Fault) -> None:
        """Let *job* fail with *fault*, unbilled, unless it has begun."""
        if job.state is not State.QUEUED:
            return
        job.fault = fault
        self._running[job].cancel()
        self._end(job, State.FAILED, is_billed=False)

    async def close(self) -> None:
        """End what still runs, unbilled; whoever waits for it is told that it was aborted."""
        running = dict(self._running)
        for job, task in running.items():
            task.cancel()
            self._end(job, State.ABORTED, is_billed=False)
        await asyncio.gather(*running.values(), return_exceptions=True)
        self._jobs.clear()

    async def _run(self, job: Job) -> None:
        took_s = self._latency_s(job.leg)
        await asyncio.sleep(took_s * QUEUED_SHARE)
        job.state = State.RUNNING
        if job.fault.job is Trouble.STUCK:
            await asyncio.Event().wait()
        await asyncio.sleep(took_s * (1 - QUEUED_SHARE))
        job.took_s = took_s
        failed = job.fault.job is Trouble.FAILED
        self._end(job, State.FAILED if failed else State.DONE, is_billed=not failed)

    def _end(self, job: Job, state: State, *, is_billed: bool) -> None:
        job.state = state
        self._running.pop(job, None)
        now = asyncio.get_running_loop().time()
        self.last_end[job.leg] = now
        if is_billed:
            self._ledger.bills.extend(self._bills(job, now))
        job.ended.set()

    def _bills(self, job: Job, now: float) -> Iterator[Bill]:
        for shot in job.shots:
            cost = LEGS[job.leg].cost_usd(shot.width, shot.height)
            yield Bill(leg=job.leg, prompt=shot.prompt, seed=shot.seed, cost_usd=cost, at=now)

    def _new_id(self) -> str:
        digits = f"{self._ids.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
