"""The listener: whether it hears, and when it last did."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge


class HearingMetrics:
    """Hints heard, and the connection on which they arrive."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._connected = Gauge(
            "retrato_listener_connected", "Whether hints (NOTIFY) arrive here: 1 or 0.", registry=registry
        )
        self._notifications = Counter("retrato_notifications_total", "Hints heard.", registry=registry)
        self._last = Gauge(
            "retrato_last_notification_timestamp_seconds",
            "When a hint was last heard, 0 = not yet.",
            registry=registry,
        )
        self._pings_failed = Counter(
            "retrato_listener_pings_failed_total",
            "Times that the LISTEN connection did not answer in time.",
            registry=registry,
        )

    def watch(self, is_connected: Callable[[], bool]) -> None:
        """Ask *is_connected* on each scrape."""
        self._connected.set_function(is_connected)

    def heard(self) -> None:
        """A hint has arrived."""
        self._notifications.inc()
        self._last.set_to_current_time()

    def ping_failed(self) -> None:
        """The connection did not answer."""
        self._pings_failed.inc()
