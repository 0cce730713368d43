"""
The keeper: keeps this replica's leases, notices what was lost, takes over from the dead.

While anybody has work in hand it beats every two seconds; while nobody has, once in a poll interval.
"""

import asyncio
import math

import structlog

from retrato.domain.errors import NotMigratedError, StoreUnavailableError
from retrato.metrics.jobs import End
from retrato.metrics.metrics import Metrics
from retrato.services.holdings import Holdings
from retrato.services.schema_guard import SchemaGuard
from retrato.store.jobs import Jobs
from retrato.supervise import Pulse, wait_for_any

log = structlog.get_logger()

_BEAT_S = 2.0
_SILENCE_S = 4.0
_MOST_TAKEOVERS = 3
"""A job that has seen this many replicas die fails instead of killing the next."""


class Keeper:
    """Heartbeat, and take-over of dead replicas' jobs."""

    name = "keeper"

    def __init__(
        self,
        jobs: Jobs,
        *,
        holdings: Holdings,
        wake: asyncio.Event,
        version: str,
        poll_s: float,
        beat_s: float = _BEAT_S,
        silence_s: float = _SILENCE_S,
        guard: SchemaGuard | None = None,
        metrics: Metrics | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self._jobs = jobs
        self._holdings = holdings
        self._wake = wake
        self._version = version
        self._poll_s = poll_s
        self._beat_s = beat_s
        self._silence_s = silence_s
        self._guard = guard or SchemaGuard()
        self._metrics = metrics or Metrics()
        self._pulse = pulse or Pulse(limit_s=math.inf)

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until the dispatcher has let go of its last job, then remove the replica's row."""
        while not self._holdings.drained.is_set():
            self._pulse.turned(self.name)
            self._holdings.stirred.clear()
            self._holdings.newly_locked.clear()
            began = self._holdings.clock()
            if await self._beat_or_warn():
                wait_s = self._beat_s
                await wait_for_any(self._holdings.newly_locked, self._holdings.drained, timeout_s=wait_s)
            else:
                wait_s = self._poll_s
                await wait_for_any(self._holdings.stirred, self._holdings.drained, timeout_s=wait_s)
            if self._holdings.clock() - began > wait_s + self._silence_s:
                # Our process, or the whole machine, stood still: others on it may be on their way back too.
                self._holdings.unsettle()
        self._pulse.ended(self.name)
        try:
            await self._jobs.forget_replica()
        except (StoreUnavailableError, NotMigratedError) as exc:
            log.warning("keeper.unregister_failed", error=str(exc))
        await stop.wait()

    async def _beat_or_warn(self) -> bool:
        try:
            return await self.beat()
        except NotMigratedError as exc:
            self._guard.refuse(exc)
            return True
        except StoreUnavailableError as exc:
            self._holdings.unsettle()
            self._metrics.database_error("keeper")
            log.warning("keeper.beat_failed", error=str(exc), held=len(self._holdings))
            return True

    async def beat(self) -> bool:
        """
        One heartbeat and, where others work, one look for the dead; returns whether anybody has work in hand.

        Raises:
            StoreUnavailableError: the leases were not lengthened.

        """
        sent_at = self._holdings.clock()
        fences = self._holdings.fences()
        kept = await self._jobs.heartbeat(
            fences, lock_key=self._holdings.lock_key, locks=self._holdings.locks, version=self._version
        )
        self._holdings.kept(sent_at)
        for token, persona_id in fences.items():
            if token not in kept.owned and self._holdings.drop(token):
                self._metrics.jobs.ended(End.LOST)
                log.warning("job.lost", persona_id=persona_id, token=token)
        if kept.others_run and self._holdings.settled_for_s() >= self._silence_s:
            await self._take_over()
        return bool(kept.others_run or len(self._holdings))

    async def _take_over(self) -> None:
        taken = await self._jobs.take_over(
            held=self._holdings.fences(), silence_s=self._silence_s, most_takeovers=_MOST_TAKEOVERS
        )
        if taken:
            self._metrics.jobs.taken_over(len(taken))
            log.warning("keeper.took_over", personas=taken)
            self._wake.set()
