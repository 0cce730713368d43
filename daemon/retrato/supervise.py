"""
Who supervises whom: one TaskGroup holds every long-lived service.

A service runs until ``stop`` is set and then ends by itself. One that ends unasked, or fails, ends them all: a
daemon that is half alive is worse than one that its supervisor starts anew.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import structlog

log = structlog.get_logger()


class Service(Protocol):
    """Something that runs until it is told to stop."""

    @property
    def name(self) -> str:
        """A word for logs and errors."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set, then finish what is begun and return."""


class ServiceEndedError(RuntimeError):
    """A service returned although nobody had asked it to."""


async def supervise(services: Sequence[Service], *, stop: asyncio.Event, limit_s: float) -> None:
    """
    Run *services* until *stop* is set and all have returned.

    Those that have not returned *limit_s* seconds after that are named in the log and cancelled.

    Raises:
        ExceptionGroup: a service failed or ended unasked; the others were cancelled.

    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_run(service, stop), name=service.name) for service in services]
        await stop.wait()
        _, late = await asyncio.wait(tasks, timeout=limit_s)
        for task in late:
            log.warning("service.cut_off", service=task.get_name(), after_s=limit_s)
            task.cancel()


async def _run(service: Service, stop: asyncio.Event) -> None:
    await service.run(stop)
    if not stop.is_set():
        raise ServiceEndedError(f"{service.name} ended although nobody asked it to")


class Pulse:
    """
    Whether all that must keep turning does: none of the parts may be silent for longer than *limit_s* seconds.

    Liveness is this and that the event loop turns, never that a database or a provider answers: their outage must
    not restart the daemon. *clock* is monotonic.
    """

    def __init__(self, *, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._turned_at: dict[str, float] = {}

    def turned(self, part: str) -> None:
        """*part* has come round once more."""
        self._turned_at[part] = self._clock()

    def ended(self, part: str) -> None:
        """*part* has come to its end: nothing is expected of it any more."""
        self._turned_at.pop(part, None)

    def stalled(self) -> list[str]:
        """Those that have been silent for too long; nobody = all is well."""
        now = self._clock()
        return sorted(part for part, turned_at in self._turned_at.items() if now - turned_at > self._limit_s)


def backoff(
    *, first_s: float = 0.1, longest_s: float = 5.0, uniform: Callable[[float, float], float] = random.uniform
) -> Iterator[float]:
    """Waits in seconds that double up to *longest_s*, each drawn from its upper half so that replicas spread."""
    wait_s = first_s
    while True:
        yield uniform(wait_s / 2, wait_s)
        wait_s = min(longest_s, wait_s * 2)


async def wait_for_any(*events: asyncio.Event, timeout_s: float | None) -> None:
    """Return when one of *events* is set, or *timeout_s* seconds have passed."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
