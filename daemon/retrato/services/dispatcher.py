"""
The dispatcher: permit, then turn and claim, then work; asleep when there is nothing to do.

    permit ─▶ claim ─┬─ jobs ──────────▶ start them, claim again
                     ├─ not our turn ──▶ sleep until it is
                     └─ nothing ───────▶ look, claim again ─┬─ jobs ──▶ …
                                                            ├─ somebody is enqueuing: again in 50 ms … 1 s
                                                            └─ asleep until the bell, a due job, or the poll

The look before the second claim closes the gap between "nothing there" and "asleep" (DESIGN 5, NOTIFY).
"""

import asyncio
import random
from collections.abc import Iterator

import structlog

from retrato.domain.errors import StoreUnavailableError
from retrato.domain.job import Job
from retrato.services.holdings import Holdings
from retrato.services.worker import Worker
from retrato.store.jobs import Claimed, Jobs, Outlook
from retrato.supervise import backoff, wait_for_any

log = structlog.get_logger()

_BULK_FIRST_EVERY = 4
"""Every fourth claim begins with bulk work: urgent work goes first, but nothing starves."""
_LONGEST_HOLD_S = 60.0
_HAND_BACK_S = 5.0


class Dispatcher:
    """Fills the permits with jobs until stop, then drains within the grace time and hands back the rest."""

    name = "dispatcher"

    def __init__(
        self,
        jobs: Jobs,
        worker: Worker,
        *,
        holdings: Holdings,
        wake: asyncio.Event,
        hurry: asyncio.Event,
        concurrency: int,
        pace_s: float,
        poll_s: float,
        grace_s: float,
        empresa_id: str | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._jobs = jobs
        self._worker = worker
        self._holdings = holdings
        self._wake = wake
        self._hurry = hurry
        self._permits = asyncio.Semaphore(concurrency)
        self._pace_s = pace_s
        self._poll_s = poll_s
        self._grace_s = grace_s
        self._empresa_id = empresa_id
        self._rng = rng or random.Random()  # noqa: S311 - spreads the polls of many replicas
        self._position = ""
        self._claims = 0
        self._hold_until = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Dispatch until *stop*; jobs in hand get the grace time, then they are handed back."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks: set[asyncio.Task[None]] = set()
                await self._take_in(group, tasks, stop)
                await self._drain(tasks)
        finally:
            await self._hand_back()
            self._holdings.drained.set()

    async def _take_in(
        self, group: asyncio.TaskGroup, tasks: set[asyncio.Task[None]], stop: asyncio.Event
    ) -> None:
        """Claim and start until *stop*."""
        outages, glances = backoff(), _glances()
        while permits := await self._take_permits(stop):
            self._wake.clear()
            claimed = Claimed(())
            try:
                claimed, outlook = await self._claim(permits)
            except StoreUnavailableError as exc:
                wait_s = next(outages)
                log.warning("dispatcher.database_away", error=str(exc), again_in_s=round(wait_s, 2))
                await wait_for_any(stop, timeout_s=wait_s)
                continue
            finally:
                self._give_back(permits - len(claimed.jobs))
            outages = backoff()
            for job in claimed.jobs:
                self._start(group, tasks, job)
            if claimed.wait_s:
                await wait_for_any(stop, timeout_s=claimed.wait_s)
            elif outlook is not None and outlook.enqueuing:
                await wait_for_any(self._wake, stop, timeout_s=next(glances))
            elif outlook is not None:
                glances = _glances()
                await self._sleep(outlook, stop)

    async def _claim(self, permits: int) -> tuple[Claimed, Outlook | None]:
        """Claim; with nothing there, look and claim again. An outlook comes back only when both found nothing."""
        claimed = await self._claim_once(permits)
        if claimed.jobs or claimed.wait_s:
            return claimed, None
        outlook = await self._jobs.look_before_sleep()
        claimed = await self._claim_once(permits)
        return claimed, None if claimed.jobs or claimed.wait_s else outlook

    async def _claim_once(self, permits: int) -> Claimed:
        self._claims += 1
        claimed = await self._jobs.claim(
            permits,
            pace_s=self._pace_s,
            position=self._position,
            bulk_first=self._claims % _BULK_FIRST_EVERY == 0,
            empresa_id=self._empresa_id,
        )
        if claimed.jobs:
            self._position = claimed.jobs[-1].empresa_id
        return claimed

    async def _sleep(self, outlook: Outlook, stop: asyncio.Event) -> None:
        """Until the bell, the first waiting job or the poll, whichever comes first."""
        sleep_s = self._poll_s * self._rng.uniform(0.8, 1.2)
        if outlook.due_in_s is not None:
            sleep_s = min(sleep_s, outlook.due_in_s + 0.01)
        await wait_for_any(self._wake, stop, timeout_s=sleep_s)

    def _start(self, group: asyncio.TaskGroup, tasks: set[asyncio.Task[None]], job: Job) -> None:
        self._holdings.add(job)
        task = group.create_task(self._work(job), name=f"job {job.persona_id}")
        self._holdings.assign(job, task)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _work(self, job: Job) -> None:
        try:
            hold_s = await self._worker.work(job)
        except asyncio.CancelledError:
            if self._holdings.is_lost(job):
                self._holdings.remove(job)
            raise
        else:
            self._holdings.remove(job)
            if hold_s:
                self._hold_until = asyncio.get_running_loop().time() + min(hold_s, _LONGEST_HOLD_S)
        finally:
            self._permits.release()

    async def _take_permits(self, stop: asyncio.Event) -> int:
        """One permit, and without a pace all that are free; 0 when it is time to stop."""
        held_s = self._hold_until - asyncio.get_running_loop().time()
        if held_s > 0:
            await wait_for_any(stop, timeout_s=held_s)
        permit = asyncio.ensure_future(self._permits.acquire())
        try:
            await wait_for_any(stop, permit, timeout_s=None)
        finally:
            if not permit.done():
                permit.cancel()
        if stop.is_set():
            if not permit.cancelled() and permit.done():
                self._permits.release()
            return 0
        taken = 1
        while not self._pace_s and not self._permits.locked():
            await self._permits.acquire()
            taken += 1
        return taken

    def _give_back(self, permits: int) -> None:
        for _ in range(permits):
            self._permits.release()

    async def _drain(self, tasks: set[asyncio.Task[None]]) -> None:
        """Let the work in hand finish within the grace time; the second signal ends the patience."""
        if not tasks:
            return
        log.info("dispatcher.draining", in_hand=len(tasks), grace_s=self._grace_s)
        finished = asyncio.ensure_future(asyncio.wait(set(tasks)))
        await wait_for_any(self._hurry, finished, timeout_s=self._grace_s)
        finished.cancel()
        for task in set(tasks):
            task.cancel()

    async def _hand_back(self) -> None:
        """Whatever is still in hand goes back to the queue, its attempt not burnt."""
        jobs = self._holdings.jobs()
        if not jobs:
            return
        try:
            async with asyncio.timeout(_HAND_BACK_S):
                released = await self._jobs.release(jobs)
            log.info("dispatcher.handed_back", jobs=released)
        except (StoreUnavailableError, TimeoutError) as exc:
            log.warning("dispatcher.left_to_leases", jobs=len(jobs), error=str(exc))
        for job in jobs:
            self._holdings.remove(job)


def _glances() -> Iterator[float]:
    """Waits while somebody is enqueuing: short at first."""
    return backoff(first_s=0.05, longest_s=1.0)
