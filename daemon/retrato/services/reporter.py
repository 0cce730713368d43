"""
The reporter: tells the service manager (systemd) how this replica is, for as long as it runs.

    hold on ─▶ READY ─▶ STATUS, WATCHDOG … ─▶ hold on … until the work in hand is drained

READY comes when LISTEN was answered, or was found not to work. The watchdog is fed from here and not from a
thread: that this task runs proves that the event loop turns, and the pulse that keeper and dispatcher do. It never
waits for the database: an outage must not restart the daemon. What the queue holds is read apart from that, and
only while there is work.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from retrato.metrics.jobs import JobMetrics
from retrato.notify import Notifier
from retrato.services.holdings import Holdings
from retrato.services.listener import Listener
from retrato.store.gauges import MOST_COUNTED
from retrato.supervise import Pulse, failed, sustain, wait_for_any

log = structlog.get_logger()

_EVERY_S = 5.0
_LOOK_EVERY_S = 15.0
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


class Queue(Protocol):
    """A look at the whole queue that is kept for some seconds (store/gauges.py)."""

    @property
    def queued(self) -> int | None:
        """How many jobs might be claimed; None = not known."""

    async def refresh(self) -> None:
        """Look, unless somebody has done so lately; does not raise."""


class Reporter:
    """Tells *notifier* that this replica is ready, what it does, that it lives, and that it still drains."""

    name = "reporter"

    def __init__(
        self,
        notifier: Notifier,
        *,
        pulse: Pulse,
        holdings: Holdings,
        listener: Listener,
        jobs: JobMetrics,
        queue: Queue,
        every_s: float = _EVERY_S,
        look_every_s: float = _LOOK_EVERY_S,
        on_failure: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._notifier = notifier
        self._pulse = pulse
        self._holdings = holdings
        self._listener = listener
        self._jobs = jobs
        self._queue = queue
        self._every_s = min(every_s, (notifier.watchdog_s or every_s * 2) / 2)
        self._look_every_s = look_every_s
        self._on_failure = on_failure
        self._told_stalled: list[str] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Report until the dispatcher has let go of its last job; a part that stalls is logged in any case."""
        async with asyncio.TaskGroup() as group:
            if self._notifier.is_heard:
                group.create_task(sustain(self.name, self._look, stop, on_failure=self._on_failure))
            await self._begin(stop)
            await self._go_on(stop)
            await self._end()

    def stopping(self) -> None:
        """The whole process is about to end: not every drain means that."""
        self._notifier.tell(STOPPING=1)

    async def _look(self, stop: asyncio.Event) -> None:
        """Keep the queue's depth fresh while there is work; once it was empty, an idle replica asks nothing."""
        while not stop.is_set():
            if len(self._holdings) or self._queue.queued != 0:
                await self._queue.refresh()
            await wait_for_any(stop, timeout_s=self._look_every_s)

    async def _begin(self, stop: asyncio.Event) -> None:
        settled = self._listener.settled
        while not settled.is_set() and not stop.is_set():
            self._notifier.hold_on("waiting for an answer to LISTEN")
            await wait_for_any(settled, stop, timeout_s=self._every_s)
        if settled.is_set():
            self._notifier.tell(READY=1, STATUS=self._status())

    async def _go_on(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._notifier.tell(STATUS=self._status(), **self._sign_of_life())
            await wait_for_any(stop, timeout_s=self._every_s)

    async def _end(self) -> None:
        drained = self._holdings.drained
        while not drained.is_set():
            self._notifier.hold_on(f"draining, {len(self._holdings)} in hand", **self._sign_of_life())
            await wait_for_any(drained, timeout_s=self._every_s)
        self._notifier.hold_on("drained")

    def _sign_of_life(self) -> dict[str, int]:
        """For the watchdog; none while a part has stopped turning, so that the manager starts us anew."""
        stalled = self._pulse.stalled()
        if stalled and stalled != self._told_stalled:
            log.error("daemon.stalled", parts=stalled)
        self._told_stalled = stalled
        return {} if stalled else {"WATCHDOG": 1}

    def _status(self) -> str:
        """The line for people; whatever is wrong with it, the sign of life beside it goes out."""
        try:
            return self._line()
        except Exception as exc:  # noqa: BLE001 - the manager ends a process that is silent
            failed(self.name, exc, on_failure=self._on_failure)
            return "the status is not known"

    def _line(self) -> str:
        """What is drawn, what waits, when the last picture came, and what is wrong."""
        told = [self._work(), self._last_picture()]
        if not self._listener.connected.is_set():
            told.append("LISTEN is not answered: polling")
        if self._told_stalled:
            told.append(f"stalled: {' and '.join(self._told_stalled)}")
        return ", ".join(told)

    def _work(self) -> str:
        drawing, queued = self._holdings.drawing(), self._queue.queued
        if not len(self._holdings) and not queued:
            return "idle"
        if queued is None:
            return f"{drawing} drawing"
        return f"{drawing} drawing, {queued}{'+' if queued >= MOST_COUNTED else ''} queued"

    def _last_picture(self) -> str:
        if self._jobs.last_written_at is None:
            return "no picture yet"
        return f"last picture {_ago(time.monotonic() - self._jobs.last_written_at)} ago"


def _ago(seconds: float) -> str:
    """*seconds* in the largest unit that fits, rounded down."""
    for unit, size_s in (("d", _DAY_S), ("h", _HOUR_S), ("min", _MINUTE_S)):
        if seconds >= size_s:
            return f"{seconds // size_s:.0f} {unit}"
    return f"{seconds:.0f} s"
