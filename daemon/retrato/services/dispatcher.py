"""
The dispatcher: permit, then turn and claim, then work; asleep when there is nothing to do.

    permit ─▶ claim ─┬─ jobs ──────────▶ start them, claim again
                     ├─ not our turn ──▶ sleep until it is
                     └─ nothing ───────▶ look, claim again ─┬─ jobs ──▶ …
                                                            ├─ restless: again in 50 ms … 1 s
                                                            └─ asleep until the bell, a due job, or the poll

While nobody can draw, nothing is claimed until the first leg is available again. The bell ends that too: an
operator may have resumed a leg.

The look before the second claim closes the gap between "nothing there" and "asleep" (look_before_sleep.sql). Who
has slept to the poll without a bell is still rightly asleep, so the poll costs one claim and no further look.
"""

import asyncio
import math
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress

import structlog

from retrato.domain.errors import NotMigratedError, StoreUnavailableError
from retrato.domain.job import Job
from retrato.metrics.jobs import End
from retrato.metrics.metrics import Metrics
from retrato.services.holdings import Holdings
from retrato.services.schema_guard import SchemaGuard
from retrato.services.worker import Worker
from retrato.store.jobs import Claimed, Jobs, Outlook
from retrato.supervise import Pulse, backoff, wait_for_any

log = structlog.get_logger()

SHORTEST_POLL, LONGEST_POLL = 0.8, 1.2
"""Of the poll's seconds: so the polls of many replicas spread."""
_LONGEST_HOLD_S = 60.0
_SHORTEST_HOLD_S = 0.5
"""Also where the bell rings: applications go on inserting while nobody can draw."""
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
        guard: SchemaGuard | None = None,
        metrics: Metrics | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self._jobs = jobs
        self._worker = worker
        self._holdings = holdings
        self._wake = wake
        self._hurry = hurry
        self._concurrency = concurrency
        self._poll_s = poll_s
        self._grace_s = grace_s
        self._empresa_id = empresa_id
        self._rng = rng or random.Random()  # noqa: S311 - spreads the polls of many replicas
        self._guard = guard or SchemaGuard()
        self._tasks: set[asyncio.Task[None]] = set()
        self._job_ended = asyncio.Event()
        self._hold_until = self._held_at = 0.0
        self._metrics = metrics or Metrics()
        self._pulse = pulse or Pulse(limit_s=math.inf)
        self.repace(pace_s)
        self._metrics.jobs.watch(drawing=holdings.drawing, in_hand=holdings.__len__)

    def repace(self, pace_s: float) -> None:
        """Keep another pace from the next start on."""
        self._pace_s = pace_s
        self._metrics.jobs.plan(at_once=self._concurrency, pace_s=pace_s)

    async def run(self, stop: asyncio.Event) -> None:
        """Dispatch until *stop*; jobs in hand get the grace time, then they are handed back."""
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    await self._take_in(group, stop)
                except NotMigratedError as exc:
                    self._guard.refuse(exc)
                self._pulse.ended(self.name)  # the drain has a time limit of its own
                await self._drain()
        finally:
            await self._hand_back(self._holdings.jobs())
            self._holdings.drained.set()
        await stop.wait()

    async def _take_in(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        """
        Claim and start until *stop*.

        Raises:
            NotMigratedError: the schema does not serve this release.

        """
        outages, glances = backoff(), _glances()
        undisturbed = False
        while permits := await self._free_permits(stop):
            self._wake.clear()
            self._job_ended.clear()
            try:
                await self._guard.require()
                claimed, outlook = await self._claim(permits, undisturbed=undisturbed)
            except StoreUnavailableError as exc:
                self._metrics.database_error("dispatcher")
                wait_s = next(outages)
                log.warning("dispatcher.database_away", error=str(exc), again_in_s=round(wait_s, 2))
                await wait_for_any(self._wake, stop, timeout_s=wait_s)
                undisturbed = False
                continue
            outages = backoff()
            for job in claimed.jobs:
                self._holdings.add(job)
                self._metrics.jobs.claimed(waited_s=job.waited_s)
            if stop.is_set():
                # The claim was under way when intake ended: nothing that costs money is begun any more.
                await self._hand_back(claimed.jobs)
                return
            for job in claimed.jobs:
                self._start(group, job)
            await asyncio.sleep(0)  # they begin before the next claim is put together
            undisturbed = False
            if claimed.wait_s:
                # The pace may change meanwhile, and who sleeps for long shows no sign of life.
                await wait_for_any(stop, timeout_s=min(claimed.wait_s, self._poll_s))
            elif outlook is not None and outlook.restless:
                await wait_for_any(self._wake, self._job_ended, stop, timeout_s=next(glances))
            elif outlook is not None:
                undisturbed = await self._sleep(outlook, stop)
            if outlook is None or not outlook.restless:
                glances = _glances()

    async def _free_permits(self, stop: asyncio.Event) -> int:
        """How many jobs may be started now: one with a pace, else all that are free; 0 when it is time to stop."""
        while not stop.is_set():
            self._pulse.turned(self.name)
            clock = asyncio.get_running_loop().time
            held_s = self._hold_until - clock()
            self._holdings.loosened.clear()
            free = self._free()
            if held_s > 0:
                await wait_for_any(self._wake, stop, timeout_s=held_s)
                if self._wake.is_set():
                    self._hold_until = min(self._hold_until, self._held_at + _SHORTEST_HOLD_S)
                    await wait_for_any(stop, timeout_s=max(0.0, self._hold_until - clock()))
            elif free == 0:
                await wait_for_any(self._holdings.loosened, stop, timeout_s=self._poll_s)
            else:
                return 1 if self._pace_s else free
        return 0

    def _free(self) -> int:
        """The next is drawn while the last is written back; but where writing falls behind, it is waited for."""
        return max(0, min(self._concurrency - self._holdings.drawing(), 2 * self._concurrency - len(self._tasks)))

    async def _claim(self, permits: int, *, undisturbed: bool) -> tuple[Claimed, Outlook | None]:
        """Claim; with nothing there, look and claim again. An outlook comes back only when nothing was found."""
        claimed = await self._claim_once(permits)
        if claimed.jobs or claimed.wait_s:
            return claimed, None
        if undisturbed and claimed.due_in_s != 0:
            return claimed, Outlook(enqueuing=False, claimable=False, due_in_s=claimed.due_in_s)
        outlook = await self._jobs.look_before_sleep()
        claimed = await self._claim_once(permits)
        return claimed, None if claimed.jobs or claimed.wait_s else outlook

    async def _claim_once(self, permits: int) -> Claimed:
        return await self._jobs.claim(permits, pace_s=self._pace_s, empresa_id=self._empresa_id)

    async def _sleep(self, outlook: Outlook, stop: asyncio.Event) -> bool:
        """Until the bell, the first waiting job or the poll; returns whether it was the poll."""
        # What others have claimed meanwhile is visible now: the keeper looks whether anybody is to be watched.
        self._holdings.stirred.set()
        sleep_s = self._poll_s * self._rng.uniform(SHORTEST_POLL, LONGEST_POLL)
        is_due_first = outlook.due_in_s is not None and outlook.due_in_s < sleep_s
        if outlook.due_in_s is not None:
            sleep_s = min(sleep_s, outlook.due_in_s + 0.01)
        await wait_for_any(self._wake, self._job_ended, stop, timeout_s=sleep_s)
        return not (is_due_first or self._wake.is_set() or self._job_ended.is_set())

    def _start(self, group: asyncio.TaskGroup, job: Job) -> None:
        task = group.create_task(self._work(job), name=f"job {job.persona_id}")
        self._holdings.assign(job, task)
        self._tasks.add(task)
        # Not in the task itself: one that is cancelled before its first step never runs any of its code.
        task.add_done_callback(lambda task: self._end(job, task))

    async def _work(self, job: Job) -> None:
        hold_s = await self._worker.work(job)
        if hold_s:
            self._held_at = asyncio.get_running_loop().time()
            self._hold_until = self._held_at + min(hold_s, _LONGEST_HOLD_S)

    def _end(self, job: Job, task: "asyncio.Task[None]") -> None:
        """A permit is free. A job whose work was cut off without an end stays in hand, to be handed back."""
        self._tasks.discard(task)
        if self._holdings.is_lost(job) or not (task.cancelled() or task.exception()):
            self._holdings.remove(job)
        # The job may be in the queue again: asked for once more, or waiting for its next run. That is no bell: it
        # does not end the wait for a leg.
        self._job_ended.set()

    async def _drain(self) -> None:
        """Let the work in hand finish within the grace time; the second signal ends the patience."""
        if not self._tasks:
            return
        log.info("dispatcher.draining", in_hand=len(self._tasks), grace_s=self._grace_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace_s):
                while self._tasks and not self._hurry.is_set():
                    self._job_ended.clear()
                    await wait_for_any(self._job_ended, self._hurry, timeout_s=None)
        for task in self._tasks:
            task.cancel()

    async def _hand_back(self, jobs: Sequence[Job]) -> None:
        """*jobs* go back to the queue, their attempts not burnt."""
        if jobs:
            returned = await asyncio.gather(*(self._release(job) for job in jobs))
            log.info("dispatcher.handed_back", jobs=sum(returned))

    async def _release(self, job: Job) -> bool:
        try:
            async with asyncio.timeout(_HAND_BACK_S):
                released = await self._jobs.release(job)
        except (StoreUnavailableError, NotMigratedError, TimeoutError) as exc:
            self._metrics.jobs.ended(End.LOST)
            log.warning("job.left_to_its_lease", persona_id=job.persona_id, error=str(exc))
            return False
        else:
            self._metrics.jobs.ended(End.RELEASED if released else End.LOST)
            return released
        finally:
            self._holdings.remove(job)


def _glances() -> Iterator[float]:
    """Waits while there may be work without a bell: short at first."""
    return backoff(first_s=0.05, longest_s=1.0)
