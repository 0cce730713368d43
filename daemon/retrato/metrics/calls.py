"""Calls to providers, leg by leg: how many, how they ended, how long they took, what they cost."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from retrato.domain.errors import ProviderError
from retrato.domain.faults import Fault

_DURATIONS_S = (0.5, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300)
_SUCCEEDED, _FAILED, _CANCELLED = "succeeded", "failed", "cancelled"


class CallMetrics:
    """
    What the chain asks providers for, and what comes back.

    The label ``leg`` has only names that were announced: of the endpoints that a pattern finds, all bear the
    pattern's name, and what nobody announced is ``<provider>/other``.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._known: Sequence[str] = ()
        self._requests = Counter(
            "retrato_provider_requests_total",
            "Calls to providers that have ended: succeeded, cancelled, or by fault.",
            ["provider", "leg", "outcome"],
            registry=registry,
        )
        self._duration = Histogram(
            "retrato_provider_request_duration_seconds",
            "From the call until its picture is checked, or it has failed.",
            ["provider", "leg", "outcome"],
            buckets=_DURATIONS_S,
            registry=registry,
        )
        self._in_progress = Gauge(
            "retrato_provider_requests_in_progress",
            "Calls that wait for their answer.",
            ["provider", "leg"],
            registry=registry,
        )
        self._retries = Counter(
            "retrato_provider_retries_total",
            "Times that a leg is asked once more for the same picture.",
            ["provider", "leg"],
            registry=registry,
        )
        self._cost = Counter(
            "retrato_cost_usd_total",
            "US dollars that calls have cost, as far as providers or price lists tell.",
            ["provider", "leg"],
            registry=registry,
        )

    def expect(self, legs: Iterable[str]) -> None:
        """These legs, or patterns of them, may be asked: their series begin at 0."""
        self._known = (*self._known, *legs)
        for leg in self._known:
            labels = self.labels(leg)
            for outcome in (_SUCCEEDED, _CANCELLED, *Fault):
                self._requests.labels(*labels, outcome)
            for outcome in (_SUCCEEDED, _FAILED):
                self._duration.labels(*labels, outcome)
            self._in_progress.labels(*labels)
            self._retries.labels(*labels)
            self._cost.labels(*labels)

    def labels(self, leg: str) -> tuple[str, str]:
        """The values of ``provider`` and ``leg`` under which *leg* is counted."""
        provider = leg.partition("/")[0]
        if leg in self._known:
            return provider, leg
        return provider, next((known for known in self._known if fnmatchcase(leg, known)), f"{provider}/other")

    @contextmanager
    def call(self, leg: str) -> Iterator[None]:
        """One call to *leg*, from its beginning to its end; a `ProviderError` that passes is how it failed."""
        labels = self.labels(leg)
        began_at = time.perf_counter()
        outcome = _CANCELLED
        self._in_progress.labels(*labels).inc()
        try:
            yield
            outcome = _SUCCEEDED
        except ProviderError as error:
            outcome = error.fault
            raise
        finally:
            self._in_progress.labels(*labels).dec()
            self._requests.labels(*labels, outcome).inc()
            if outcome != _CANCELLED:
                told = _SUCCEEDED if outcome == _SUCCEEDED else _FAILED
                self._duration.labels(*labels, told).observe(time.perf_counter() - began_at)

    def retried(self, leg: str) -> None:
        """*leg* will be asked once more for the same picture."""
        self._retries.labels(*self.labels(leg)).inc()

    def paid(self, leg: str, cost_usd: float | None) -> None:
        """A call has cost so much; None = unknown, which is not counted."""
        self._cost.labels(*self.labels(leg)).inc(max(0.0, cost_usd or 0))
