"""
The worker: one job from claim to end. Here is the per-job boundary, the only place that catches everything.

Whatever happens, the job ends in exactly one of these ways, each fenced: written back, retried, failed, handed
back, dropped (nothing to draw any more), or left alone because it belongs to somebody else now.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from retrato.domain.errors import (
    ConfigError,
    LeaseLostError,
    NotMigratedError,
    PausedError,
    StorageError,
    StoreUnavailableError,
)
from retrato.domain.job import Job
from retrato.generation.pipeline import Pipeline
from retrato.generation.verdict import Fail, Release, Retry, verdict
from retrato.metrics.jobs import End
from retrato.metrics.metrics import Metrics
from retrato.services.holdings import Holdings
from retrato.services.schema_guard import SchemaGuard
from retrato.store.avatars import Avatars, Finished, Outcome
from retrato.store.jobs import Jobs
from retrato.supervise import backoff

log = structlog.get_logger()

_LONGEST_REFUSAL_S = 600.0
_TABLES_CHANGED_S = 5.0
_ENDS = {"queued": End.RETRIED, "failed": End.FAILED, None: End.LOST}
"""What the job's new state says of the run; None = the job was not ours any more."""


async def _nothing_to_record() -> None:
    """For those who record nothing."""


class Worker:
    """
    Works on one job at a time; many may run at once.

    While the application's tables refuse a picture that was paid for, it is offered again for *longest_refusal_s*
    seconds: a missing right costs a few pictures then, not one for every persona. *catch_up* records the calls
    whose end could not be recorded during an outage.
    """

    def __init__(
        self,
        jobs: Jobs,
        avatars: Avatars,
        pipeline: Pipeline,
        *,
        holdings: Holdings,
        most_attempts: int,
        longest_refusal_s: float = _LONGEST_REFUSAL_S,
        catch_up: Callable[[], Awaitable[None]] = _nothing_to_record,
        guard: SchemaGuard | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._jobs = jobs
        self._avatars = avatars
        self._pipeline = pipeline
        self._holdings = holdings
        self._most_attempts = most_attempts
        self._longest_refusal_s = longest_refusal_s
        self._catch_up = catch_up
        self._guard = guard or SchemaGuard()
        self._metrics = metrics or Metrics()

    async def work(self, job: Job) -> float:
        """
        Take *job* to its end; returns for how many seconds nobody could draw anything, mostly 0.

        Raises nothing but CancelledError: then the job is either lost, or still ours and to be handed back.
        """
        with structlog.contextvars.bound_contextvars(persona_id=job.persona_id, empresa_id=job.empresa_id):
            began_at = time.monotonic()
            try:
                finished = await self._pipeline.draw(job)
                if finished is None:
                    self._holdings.end(job)
                    await self._drop(job)
                else:
                    self._holdings.drawn(job)
                    await self._write_back(job, finished, began_at=began_at)
            except Exception as exc:  # noqa: BLE001 - the per-job boundary
                self._holdings.end(job)
                return await self._end_somehow(job, exc)
            return 0.0

    async def _end_somehow(self, job: Job, error: Exception) -> float:
        """End the failed run. A verdict may quote what no database stores: that concerns this job and no other."""
        try:
            return await self._end(job, error)
        except Exception as unstored:  # noqa: BLE001 - the per-job boundary
            return await self._end(job, unstored, of_tables=False)

    async def _drop(self, job: Job) -> None:
        async def store() -> None:
            dropped = await self._jobs.drop(job)
            self._metrics.jobs.ended(End.DROPPED if dropped else End.RELEASED)
            if dropped:
                log.info("job.dropped", reason="the persona is gone or not ready any more")

        await self._until_stored(store)

    async def _write_back(self, job: Job, finished: Finished, *, began_at: float) -> None:
        """Write until the database has answered: only the fence discards a picture that was paid for."""
        try:
            outcome = await self._written(finished)
        except ConfigError as exc:
            await self._retry(job, "write_back", str(exc), delay_s=0, most_attempts=0)
            return
        if outcome in {Outcome.LOST, Outcome.GONE}:
            log.warning("avatar.discarded", version=finished.version, leg=finished.leg, reason=outcome.value)
            if outcome is Outcome.GONE:
                await self._discard(finished)
            self._metrics.jobs.ended(End.STALE if outcome is Outcome.LOST else End.UNWANTED, finished.provider)
            return
        self._metrics.jobs.written(
            finished.provider, took_s=time.monotonic() - began_at, stored_bytes=finished.stored_bytes
        )
        log.info(
            "avatar.finished",
            version=finished.version,
            provider=finished.provider,
            leg=finished.leg,
            model=finished.model,
            seed=finished.seed,
            attempts=finished.attempts,
            cost_usd=finished.cost_usd,
            waited_s=round(job.waited_s, 2),
            took_s=round(finished.took_s, 2),
            image_bytes=finished.image_bytes,
            asked_again=outcome is Outcome.ASKED_AGAIN,
        )

    async def _written(self, finished: Finished) -> Outcome:
        """
        What became of it in the end.

        Raises:
            ConfigError: the application's tables have refused it for too long.

        """
        waits = backoff()
        give_up_at = time.monotonic() + self._longest_refusal_s
        while True:
            wait_s = next(waits)
            try:
                await self._catch_up()  # first the calls that an outage kept out of the books, with what they cost
                return await self._avatars.write(finished)
            except StoreUnavailableError as exc:
                self._metrics.database_error("worker")
                log.warning("avatar.write_delayed", error=str(exc), again_in_s=round(wait_s, 2))
            except ConfigError as exc:
                self._guard.doubt(strictly=True)  # nothing more is drawn where only a migration can help
                if time.monotonic() > give_up_at:
                    raise
                log.error("avatar.write_refused", error=str(exc), again_in_s=round(wait_s, 2))  # noqa: TRY400
            await asyncio.sleep(wait_s)

    async def _discard(self, finished: Finished) -> None:
        try:
            await self._pipeline.discard(finished)
        except StorageError as exc:
            log.warning("avatar.discard_failed", error=str(exc), image_key=finished.image_key)

    async def _end(self, job: Job, error: Exception, *, of_tables: bool = True) -> float:
        """
        Carry out what the failed run leads to; returns for how many seconds nobody could draw anything.

        Unless *of_tables*, what the database refuses concerns this job alone.
        """
        match error:
            case LeaseLostError() | PausedError() | StoreUnavailableError():
                # Only the fence knows whether a job is lost: an overdue heartbeat ends it here all the same.
                await self._release(job, delay_s=0, reason=str(error))
                return 0.0
            case NotMigratedError() | ConfigError() if of_tables:
                # The tables are not as they were: no other job would fare better, and none is to blame.
                self._guard.doubt(strictly=True)
                await self._release(job, delay_s=_TABLES_CHANGED_S, reason=str(error))
                return _TABLES_CHANGED_S
        match verdict(error, job):
            case Release(delay_s=delay_s, reason=reason, fault=trouble, waits_for=waits_for):
                if trouble is not None:
                    self._metrics.jobs.fault(trouble)
                await self._release(job, delay_s=delay_s, reason=reason, waits_for=waits_for)
                return delay_s
            case Fail(fault=fault, error=text):
                await self._retry(job, fault, text, delay_s=0, most_attempts=0)
            case Retry(delay_s=delay_s, fault=fault, error=text, waits_for=waits_for):
                if fault == "unexpected":
                    log.error("job.broken", exc_info=error)
                await self._retry(
                    job, fault, text, delay_s=delay_s, most_attempts=self._most_attempts, waits_for=waits_for
                )
        return 0.0

    async def _release(self, job: Job, *, delay_s: float, reason: str, waits_for: Sequence[str] = ()) -> None:
        async def store() -> None:
            released = await self._jobs.release(job, delay_s=delay_s, reason=reason, waits_for=waits_for)
            self._metrics.jobs.ended(End.RELEASED if released else End.LOST)
            if released:
                log.warning("job.released", reason=reason, again_in_s=round(delay_s, 1))
            else:
                log.warning("job.lost", reason=reason)

        await self._until_stored(store)

    async def _retry(
        self,
        job: Job,
        fault: str,
        text: str,
        *,
        delay_s: float,
        most_attempts: int,
        waits_for: Sequence[str] = (),
    ) -> None:
        async def store() -> None:
            state = await self._jobs.retry(
                job,
                most_attempts=most_attempts,
                delay_s=delay_s,
                fault=fault,
                error=text,
                waits_for=waits_for,
            )
            self._metrics.jobs.ended(_ENDS[state])
            self._metrics.jobs.fault(fault)
            if state == "failed":
                log.error("avatar.failed", fault=fault, error=text, attempts=job.attempts + 1)
            elif state is not None:
                log.warning("job.retried", fault=fault, error=text, again_in_s=delay_s, attempts=job.attempts + 1)

        await self._until_stored(store)

    async def _until_stored(self, store: Callable[[], Awaitable[object]]) -> None:
        """Repeat *store* while the database is away and the job can be ours; then its lease brings it back."""
        for wait_s in backoff():
            try:
                await self._catch_up()
                await store()
            except (StoreUnavailableError, NotMigratedError) as exc:
                self._guard.doubt(strictly=isinstance(exc, NotMigratedError))
                self._metrics.database_error("worker")
                if self._holdings.may_start():
                    await asyncio.sleep(wait_s)
                    continue
                self._metrics.jobs.ended(End.LOST)
                log.warning("job.left_to_its_lease", error=str(exc))
            return
