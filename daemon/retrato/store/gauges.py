"""What is true of the whole database, for ``/metrics``: read on scrape, and kept for some seconds."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from retrato.domain.errors import RetratoError
from retrato.metrics.metrics import Metrics
from retrato.store.database import Database
from retrato.store.queries import query
from retrato.supervise import failed

log = structlog.get_logger()

MOST_COUNTED = 100_000
"""Depths stop here. Counting so far took 30 ms on a busy machine with two cores."""
_MOST_COMPANIES = 1000
_KEPT_S = 15.0
_ANSWER_S = 2.0

_DEPTHS = {"queued": "queued", "delayed": "delayed", "paused": "parked", "running": "running", "failed": "failed"}
_OLDEST = {"urgent": "oldest_urgent_s", "bulk": "oldest_bulk_s"}
_PLAIN = {
    "replicas": ("retrato_replicas_alive", "Replicas that gave a sign of life lately."),
    "paused": ("retrato_paused", "Whether an operator has paused everything: 1 or 0."),
    "paused_companies": ("retrato_paused_companies", "Companies that an operator has paused."),
    "notification_queue_usage": (
        "retrato_notification_queue_usage_ratio",
        "How full the server's queue of notifications is, 0 to 1; when it is full, every NOTIFY fails.",
    ),
    "dead_tuples": ("retrato_jobs_dead_tuples", "Dead rows of retrato.jobs that wait for vacuum."),
    "oldest_xmin_age": (
        "retrato_oldest_xmin_age_transactions",
        "So many transactions ago began the oldest one that keeps vacuum from removing dead rows.",
    ),
}


class Gauges(Collector):
    """
    One look at the database, as metrics; nothing while the database is away.

    *budget_usd* is the month's budget, None without one. A replica lives that gave a sign of life within
    *alive_within_s* seconds. *keys* are the fingerprints of our accounts, by provider. *clock* is monotonic.
    """

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        *,
        budget_usd: float | None,
        alive_within_s: float,
        keys: Mapping[str, str] | None = None,
        kept_s: float = _KEPT_S,
        answer_s: float = _ANSWER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._budget_usd = budget_usd
        self._alive_within_s = alive_within_s
        self._keys = json.dumps(dict(keys or {}))
        self._kept_s = kept_s
        self._answer_s = answer_s
        self._clock = clock
        self._row: Mapping[str, Any] | None = None
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    @property
    def queued(self) -> int | None:
        """How many jobs might be claimed, as the last look has seen them; None = it has seen nothing."""
        return None if self._row is None else int(self._row["queued"])

    async def refresh(self) -> None:
        """Look, unless somebody has done so lately; a database that is away is waited for *answer_s* seconds."""
        async with self._looking:
            if self._clock() - self._looked_at < self._kept_s:
                return
            try:
                self._row = await self._look()
            except RetratoError as exc:
                self._row = None
                self._metrics.database_error("gauges")
                log.debug("gauges.not_read", error=str(exc))
            except Exception as exc:  # noqa: BLE001 - numbers for people: nothing may hang on them
                self._row = None
                failed("gauges", exc, on_failure=self._metrics.service_failed)
            self._metrics.database_up.set(self._row is not None)
            self._looked_at = self._clock()

    async def _look(self) -> Mapping[str, Any]:
        row = await self._database.fetchrow(
            query("gauges_database"),
            MOST_COUNTED,
            _MOST_COMPANIES,
            self._alive_within_s,
            timeout_s=self._answer_s,
        )
        legs = await self._database.fetchrow(query("gauges_legs"), self._keys, timeout_s=self._answer_s)
        assert row is not None
        assert legs is not None
        return {**row, **legs}

    def collect(self) -> Iterator[Metric]:
        """What the last look has seen."""
        row = self._row
        if row is None:
            return
        yield _family(
            "retrato_queue_depth",
            f"Jobs by state, counted up to {MOST_COUNTED}.",
            ("state",),
            {(state,): row[column] for state, column in _DEPTHS.items()},
        )
        yield _family(
            "retrato_oldest_queued_timestamp_seconds",
            "Since when the job that waits longest might have been claimed; nothing where none waits.",
            ("lane",),
            {(lane,): row[column] for lane, column in _OLDEST.items()},
        )
        for column, (name, told) in _PLAIN.items():
            yield GaugeMetricFamily(name, told, value=float(row[column]))
        yield from self._legs(json.loads(row["legs"] or "[]"))
        yield from self._budget(json.loads(row["budget"] or "null"))

    def _legs(self, legs: list[dict[str, Any]]) -> Iterator[Metric]:
        closed: dict[tuple[str, ...], float | None] = {}
        paused: dict[tuple[str, ...], float | None] = {}
        for leg in legs:
            labels = self._metrics.calls.labels(leg["leg"])
            paused[labels] = max(paused.get(labels) or 0, leg["paused"])
            if leg["closed_until_s"] is not None:
                why = (*labels, leg["fault"] or "none")
                closed[why] = max(closed.get(why) or 0, leg["closed_until_s"])
        yield _family(
            "retrato_leg_closed_until_timestamp_seconds",
            "Until when the leg is suspended, and the fault that did it; nothing while it is available.",
            ("provider", "leg", "fault"),
            closed,
        )
        yield _family(
            "retrato_leg_paused",
            "Whether an operator has paused the leg: 1 or 0.",
            ("provider", "leg"),
            paused,
        )

    def _budget(self, budget: Mapping[str, float] | None) -> Iterator[Metric]:
        if self._budget_usd is None:
            return
        money = budget or {"spent_usd": 0.0, "reserved_usd": 0.0}
        yield GaugeMetricFamily("retrato_budget_limit_usd", "RETRATO_MONTHLY_BUDGET_USD.", value=self._budget_usd)
        yield GaugeMetricFamily(
            "retrato_budget_spent_usd", "Spent in this month (UTC).", value=float(money["spent_usd"])
        )
        yield GaugeMetricFamily(
            "retrato_budget_reserved_usd",
            "Set aside in this month for calls under way or of unknown outcome.",
            value=float(money["reserved_usd"]),
        )


def _family(
    name: str, told: str, labels: tuple[str, ...], series: Mapping[tuple[str, ...], float | None]
) -> Metric:
    """A gauge with *labels*; series without a value are left out."""
    family = GaugeMetricFamily(name, told, labels=labels)
    for values, value in series.items():
        if value is not None:
            family.add_metric(values, float(value))
    return family
