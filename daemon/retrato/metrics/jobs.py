"""Jobs from claim to end."""

import time
from collections.abc import Callable, Iterable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from retrato.domain.faults import Fault

NOBODY = "none"
"""The provider of jobs that ended without a picture."""

OTHER_FAULTS = ("storage", "write_back", "unexpected")
"""Faults of a run that are no provider's."""

_DURATIONS_S = (1, 2.5, 5, 10, 20, 40, 60, 90, 120, 180, 300, 600)
_WAITS_S = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)


class End(StrEnum):
    """How a job left this replica's hands. Every claimed job does so in exactly one of these ways."""

    WRITTEN = "written"
    STALE = "stale"
    """Drawn, but the job had become somebody else's: nothing was written."""
    UNWANTED = "unwanted"
    """Drawn, but the persona was gone by then."""
    RETRIED = "retried"
    FAILED = "failed"
    RELEASED = "released"
    """Handed back, no attempt burnt."""
    DROPPED = "dropped"
    """Nothing to draw: the persona is gone or not ready any more."""
    LOST = "lost"
    """The lease was lost before the end, or the end could not be written while it lasted."""


_WITH_PICTURE = (End.WRITTEN, End.STALE, End.UNWANTED)


class JobMetrics:
    """What becomes of the jobs that this replica claims, and what it found and took over."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._claimed = Counter("retrato_jobs_claimed_total", "Jobs taken from the queue.", registry=registry)
        self._ended = Counter(
            "retrato_jobs_total",
            "Jobs that have left this replica's hands, by how and by who drew the picture.",
            ["outcome", "provider"],
            registry=registry,
        )
        self._faults = Counter(
            "retrato_job_faults_total",
            "Runs of a job that failed, by the last fault.",
            ["fault"],
            registry=registry,
        )
        self._duration = Histogram(
            "retrato_job_duration_seconds",
            "From the claim until the avatar is written back.",
            ["provider"],
            buckets=_DURATIONS_S,
            registry=registry,
        )
        self._wait = Histogram(
            "retrato_job_wait_seconds",
            "From when a job might have been claimed until it was.",
            buckets=_WAITS_S,
            registry=registry,
        )
        self._in_progress = Gauge(
            "retrato_jobs_in_progress", "Jobs in hand: drawing, or writing back.", ["stage"], registry=registry
        )
        self._limit = Gauge(
            "retrato_jobs_in_progress_limit", "How many jobs may be drawn at once.", registry=registry
        )
        self._pace = Gauge(
            "retrato_pace_seconds", "Least time between two claims of all replicas, 0 = none.", registry=registry
        )
        self._last_success = Gauge(
            "retrato_last_success_timestamp_seconds",
            "When an avatar was last written back from here, 0 = not yet.",
            registry=registry,
        )
        self._stored = Counter(
            "retrato_storage_bytes_total",
            "Bytes of the pictures and thumbnails written back.",
            registry=registry,
        )
        self._taken_over = Counter(
            "retrato_takeovers_total", "Jobs taken over from replicas that had died.", registry=registry
        )
        self._swept = Counter(
            "retrato_sweep_found_total", "Personas found that no trigger had queued.", registry=registry
        )
        self.last_written_at: float | None = None
        """When an avatar was last written back from here, by ``time.monotonic``."""
        for end in End:
            if end not in _WITH_PICTURE:
                self._ended.labels(end, NOBODY)
        for fault in (*Fault, *OTHER_FAULTS):
            self._faults.labels(fault)

    def expect(self, providers: Iterable[str]) -> None:
        """These providers draw: their series begin at 0."""
        for provider in providers:
            self._duration.labels(provider)
            for end in _WITH_PICTURE:
                self._ended.labels(end, provider)

    def plan(self, *, at_once: int, pace_s: float) -> None:
        """What is meant to go on: *at_once* drawings, and one claim in *pace_s* seconds."""
        self._limit.set(at_once)
        self._pace.set(pace_s)

    def watch(self, *, drawing: Callable[[], int], in_hand: Callable[[], int]) -> None:
        """Ask these on each scrape: jobs being drawn, and jobs in hand altogether."""
        self._in_progress.labels("drawing").set_function(drawing)
        self._in_progress.labels("writing").set_function(lambda: in_hand() - drawing())

    def claimed(self, *, waited_s: float) -> None:
        """A job was claimed that might have been *waited_s* seconds earlier."""
        self._claimed.inc()
        self._wait.observe(waited_s)

    def written(self, provider: str, *, took_s: float, stored_bytes: int) -> None:
        """A job has ended well, *took_s* seconds after its claim; *stored_bytes* of picture and thumbnail."""
        self.ended(End.WRITTEN, provider)
        self._duration.labels(provider).observe(took_s)
        self._stored.inc(stored_bytes)
        self._last_success.set_to_current_time()
        self.last_written_at = time.monotonic()

    def ended(self, end: End, provider: str = NOBODY) -> None:
        """A job has left our hands; *provider* where there is a picture."""
        self._ended.labels(end, provider).inc()

    def fault(self, fault: str) -> None:
        """A run has failed."""
        self._faults.labels(fault).inc()

    def taken_over(self, jobs: int) -> None:
        """So many jobs of the dead are in the queue again."""
        self._taken_over.inc(jobs)

    def swept(self, personas: int) -> None:
        """The sweep has queued so many personas."""
        self._swept.inc(personas)
