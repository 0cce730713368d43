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

SUPPORTING = ("console", "reporter", "housekeeper", "reloader", "gauges", "http")
"""Who is started again when it fails, and the drawing does not notice; ``http`` = the answer to one request."""

CLOSED = ("crowded", "slow", "flood")
"""Why a connection is closed from here: too many are open, it keeps silent, or it sends more than is read."""


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
        self.installation_faults = Gauge(
            "retrato_installation_faults",
            "Functions, triggers, views, tables and columns that are not as they should be, at the last look.",
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
        self._service_failures = Counter(
            "retrato_service_failures_total",
            "Times that a supporting service failed and was started again; drawing went on.",
            ["part"],
            registry=self.registry,
        )
        for service in SUPPORTING:
            self._service_failures.labels(service)
        self._connections_closed = Counter(
            "retrato_http_connections_closed_total",
            "Connections to the console that were closed because of a bound on their number, time or size.",
            ["outcome"],
            registry=self.registry,
        )
        for reason in CLOSED:
            self._connections_closed.labels(reason)
        Info("retrato_build", "The release that runs.", registry=self.registry).info({"version": VERSION})
        ProcessCollector(registry=self.registry)
        self._refreshers: list[Callable[[], Awaitable[None]]] = []

    def database_error(self, part: str) -> None:
        """*part*, one of `PARTS`, has found the database away."""
        self._database_errors.labels(part).inc()

    def service_failed(self, service: str) -> None:
        """*service*, one of `SUPPORTING`, has failed."""
        self._service_failures.labels(service).inc()

    def connection_closed(self, reason: str) -> None:
        """A connection was closed, for one of the reasons `CLOSED`."""
        self._connections_closed.labels(reason).inc()

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
