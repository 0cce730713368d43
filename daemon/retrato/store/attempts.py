"""Attempts: one row per call to a provider, committed before the call, with its share of limits and money."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict

import asyncpg
import structlog

from retrato.domain.attempt import Bid, Pending
from retrato.domain.errors import (
    BudgetSpentError,
    LeaseLostError,
    LegFullError,
    PausedError,
    RetratoError,
    StoreUnavailableError,
)
from retrato.domain.faults import Fault
from retrato.domain.job import Job
from retrato.domain.picture import Order
from retrato.store.database import Database
from retrato.store.queries import query, storable

log = structlog.get_logger()


_COUNT_EVERY_S = 60.0
_COUNTED_AT_ONCE = 1000
_WHOLE_MONTH_S = 32 * 86400.0
_LATE_S = 900.0
"""An attempt may become visible so long after it began."""


class AttemptLog:
    """
    The real ``generation.ports.AttemptLog``.

    *monthly_budget_usd* is what all replicas together may spend in a month (UTC); None = no limit. With a budget
    a leg whose price is not known is not asked: nobody could tell whether the budget holds. The month counts from
    its first attempt, whenever the budget was set: see `count_earlier`. *keys* are the fingerprints of our
    accounts, by provider.
    """

    def __init__(
        self,
        database: Database,
        *,
        monthly_budget_usd: float | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self._database = database
        self._budget_usd = monthly_budget_usd
        self._keys = dict(keys or {})
        self._counting = asyncio.Lock()
        self._counted_at: float | None = None
        self._begin = query("begin_attempt")
        self._end = query("end_attempt")
        self._unrecorded: dict[tuple[str, tuple[object, ...]], None] = {}  # in their order

    async def begin(self, job: Job, bid: Bid) -> int:
        """
        Take the leg's turn, set the money aside, commit an attempt in state ``sending``, and return its id.

        Raises:
            LeaseLostError: the job is not ours any more; the call must not be made.
            PausedError: an operator has paused everything, or the company.
            LegFullError: the leg's limits, another's probe of it, or an operator do not allow a call now.
            BudgetSpentError: the month's budget does not allow it.

        """
        if self._budget_usd is not None and bid.price_usd is None:
            raise BudgetSpentError(bid.leg, price_usd=None)
        if bid.price_usd:
            await self.count_earlier()
        row = await self._database.write(
            self._begin,
            job.persona_id,
            job.token,
            bid.version,
            bid.provider,
            bid.leg,
            bid.model,
            bid.order.seed,
            bid.redraw,
            json.dumps(asdict(bid.order)),
            bid.limits.interval_s,
            bid.limits.at_once,
            bid.hold_s,
            bid.price_usd,
            self._budget_usd,
            job.generation,
            bid.limits.shared_with or bid.leg,
            self._keys.get(bid.provider),
        )
        assert row is not None
        if row["lost"]:
            raise LeaseLostError(f"job {job.persona_id} is not held under fence {job.token} any more")
        if row["paused"]:
            raise PausedError("an operator has paused the work")
        if row["short"]:
            raise BudgetSpentError(bid.leg, price_usd=bid.price_usd)
        if row["id"] is None:
            raise LegFullError(bid.leg, wait_s=row["wait_s"])
        return int(row["id"])

    async def count_earlier(self) -> None:
        """
        Count this month's attempts that were begun without a budget into it: before the first paid call, and once
        a minute, since a replica without the setting may go on spending. Nothing without a budget.

        Raises:
            StoreUnavailableError: the database is away, or an application holds it up.

        """
        if self._budget_usd is None:
            return
        async with self._counting:
            now = time.monotonic()
            since_s = _WHOLE_MONTH_S if self._counted_at is None else now - self._counted_at
            if since_s < _COUNT_EVERY_S:
                return
            while await self._count_some(since_s + _LATE_S) == _COUNTED_AT_ONCE:
                pass
            self._counted_at = now

    async def _count_some(self, within_s: float) -> int:
        async with self._database.transaction() as connection:
            await connection.execute(query("lock_budget_count"))
            row = await connection.fetchrow(query("count_into_budget"), within_s, _COUNTED_AT_ONCE)
        assert row is not None
        return int(row["attempts"])

    async def note_request(self, attempt_id: int, request_id: str) -> None:
        """Keep the provider's id of the request, as soon as it is known."""
        await self._record(query("note_request"), attempt_id, request_id)

    async def note_picture(self, job: Job, *, image_key: str, thumbnail_key: str, sha256: str) -> None:
        """
        Keep where the pictures of the attempt that succeeded are stored, before the write-back.

        While the database is away the picture goes before the books, so nothing is raised then.
        """
        try:
            await self._record(query("note_picture"), job.persona_id, job.token, image_key, thumbnail_key, sha256)
        except StoreUnavailableError as exc:
            log.warning("attempt.not_recorded", error=str(exc))

    async def succeed(self, attempt_id: int, *, cost_usd: float | None, seed: int | None) -> None:
        """The provider delivered a usable picture."""
        await self._record(self._end, attempt_id, "succeeded", None, None, cost_usd, seed, None)

    async def fail(
        self,
        attempt_id: int,
        *,
        fault: Fault,
        error: str,
        cost_usd: float | None,
        price_usd: float | None = None,
    ) -> None:
        """The attempt ended without a usable picture; with an unknown outcome *price_usd* counts as spent."""
        text = storable(error, 2000)
        await self._record(self._end, attempt_id, "failed", fault.value, text, cost_usd, None, price_usd)

    async def catch_up(self) -> None:
        """
        Record what could not be recorded while the database was away, in its order; mostly there is nothing.

        Raises:
            StoreUnavailableError: it is still away; the rest is kept.

        """
        for sql, args in tuple(self._unrecorded):
            try:
                await self._database.execute(sql, *args)
            except StoreUnavailableError:
                raise
            except (asyncpg.PostgresError, RetratoError) as exc:
                log.warning("attempt.not_recorded", error=str(exc))  # the avatar is written all the same
            self._unrecorded.pop((sql, args), None)

    async def _record(self, sql: str, *args: object) -> None:
        """Carry out *sql*, which may be repeated; what does not get so far is kept for `catch_up`."""
        try:
            await self._database.execute(sql, *args)
        except (StoreUnavailableError, asyncio.CancelledError):
            self._unrecorded[sql, args] = None
            raise

    async def next_redraw(self, job: Job, *, version: int) -> int:
        """The first seed of *version* that was not spoiled by an earlier run: it would come out bad again."""
        row = await self._database.fetchrow(query("next_redraw"), job.persona_id, version)
        assert row is not None
        return int(row["redraw"])

    async def pending(self, job: Job, *, version: int) -> Pending | None:
        """What an earlier claim of *job* began for *version* and did not bring home; it is ours from now on."""
        row = await self._database.fetchrow(query("pending_attempt"), job.persona_id, job.token, version)
        return _to_pending(row) if row is not None else None


def _to_pending(row: asyncpg.Record) -> Pending:
    return Pending(
        id=row["id"],
        provider=row["provider"],
        leg=row["leg"],
        model=row["model"],
        redraw=row["redraw"],
        order=Order(**json.loads(row["ordered"])),
        request_id=row["request_id"],
        seed=row["seed"],
        cost_usd=None if row["cost_usd"] is None else float(row["cost_usd"]),
        image_key=row["image_key"],
        thumbnail_key=row["thumbnail_key"],
        sha256=row["sha256"],
        generation=row["generation"],
    )
