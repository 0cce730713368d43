"""
Recall: calls the jobs that wait for a leg which is suspended for other accounts than ours.

While a key is being changed, replicas with the old one go on delaying jobs; who has the new one calls them back.
It looks once at the start, and once in a poll interval.
"""

import asyncio

import structlog

from retrato.domain.errors import NotMigratedError, StoreUnavailableError
from retrato.metrics.metrics import Metrics
from retrato.store.legs import LegBook
from retrato.supervise import wait_for_any

log = structlog.get_logger()


class Recall:
    """Sets *wake* when it has called jobs. The next look, *poll_s* seconds later, makes up for one that fails."""

    name = "recall"

    def __init__(
        self, legs: LegBook, *, wake: asyncio.Event, poll_s: float, metrics: Metrics | None = None
    ) -> None:
        self._legs = legs
        self._wake = wake
        self._poll_s = poll_s
        self._metrics = metrics or Metrics()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until *stop*."""
        has_just_started = True
        while not stop.is_set():
            try:
                called = await self._legs.call_waiting(has_just_started=has_just_started)
            except (StoreUnavailableError, NotMigratedError) as exc:
                self._metrics.database_error("recall")
                log.debug("recall.failed", error=str(exc))
            else:
                has_just_started = False
                if called:
                    log.info("jobs.called", jobs=called, reason="what they wait for is there")
                    self._wake.set()
            await wait_for_any(stop, timeout_s=self._poll_s)
