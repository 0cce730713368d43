"""All that one process measures, and how it is said to who scrapes."""

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from retrato.metrics.calls import CallMetrics
from retrato.metrics.hearing import HearingMetrics
from retrato.metrics.jobs import JobMetrics
from retrato.version import VERSION

PARTS = ("dispatcher", "worker", "keeper", "listener", "chain", "housekeeper", "recall", "gauges")
"""Who finds the database away."""


class Metrics:
    """
    Counts from 0 since this process started; nothing here waits or fails.

    ``registry`` is its own, so that two in one process do not meet.
    """

    def __init__(self) -> None:
        # Otherwise a second series for every counter, which nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.jobs = JobMetrics(self.registry)
        self.calls = CallMetrics(self.registry)
        self.hearing = HearingMetrics(self.registry)
        self.sse_clients = Gauge(
            "retrato_sse_clients", "Open pages that are told what changes.", registry=self.registry
        )
        self.database_up = Gauge(
            "retrato_database_up",
            "Whether the database answered the last look for the gauges below.",
            registry=self.registry,
        )
        self._database_errors = Counter(
            "retrato_database_errors_total",
            "Times that a part found the database away, locked or overdue.",
            ["part"],
            registry=self.registry,
        )
        for part in PARTS:
            self._database_errors.labels(part)
        Info("retrato_build", "The release that runs.", registry=self.registry).info({"version": VERSION})
        ProcessCollector(registry=self.registry)
        self._refreshers: list[Callable[[], Awaitable[None]]] = []

    def database_error(self, part: str) -> None:
        """*part*, one of `PARTS`, has found the database away."""
        self._database_errors.labels(part).inc()

    def add(self, source: Collector, refresh: Callable[[], Awaitable[None]]) -> None:
        """Show what *source* has read too; *refresh* is awaited before each scrape and may not raise."""
        self.registry.register(source)
        self._refreshers.append(refresh)

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """Everything, in the format that the header Accept asks for: the body and its content type."""
        for refresh in self._refreshers:
            await refresh()
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type
