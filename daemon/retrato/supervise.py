"""
Who supervises whom: one TaskGroup holds every long-lived service.

A service runs until ``stop`` is set and then ends by itself. One that ends unasked, or fails, ends them all: a
daemon that is half alive is worse than one that its supervisor starts anew.
"""

import asyncio
import random
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
