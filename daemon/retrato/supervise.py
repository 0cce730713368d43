"""
Who supervises whom: one TaskGroup holds every long-lived service, of two classes.

A service runs until ``stop`` is set and then ends by itself. One that draws or keeps leases ends them all when it
fails or ends unasked: a replica that only seems to draw is worse than one that its supervisor starts anew. A
supporting one (pages, reports, maintenance) is started again, whatever it raises, and the others do not notice.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

log = structlog.get_logger()

_LONGEST_REST_S = 5.0
"""Between two starts of a supporting service: far below the watchdog's limit, which one of them feeds."""
_STEADY_AFTER_S = 60.0
"""Who has run for so long begins with the shortest rest again."""


class Service(Protocol):
    """Something that runs until it is told to stop."""

    @property
    def name(self) -> str:
        """A word for logs and errors."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set, then finish what is begun and return."""


class ServiceEndedError(RuntimeError):
    """A service returned although nobody had asked it to."""


async def supervise(
    services: Sequence[Service],
    *,
    stop: asyncio.Event,
    limit_s: float,
    supporting: Sequence[Service] = (),
    on_failure: Callable[[str], None] = lambda _name: None,
) -> None:
    """
    Run *services* and *supporting* ones until *stop* is set and all have returned.

    Those that have not returned *limit_s* seconds after that are named in the log and cancelled. *on_failure*
    hears the name of a supporting service each time that it has failed or ended unasked.

    Raises:
        ExceptionGroup: one of *services* failed or ended unasked; the others were cancelled.

    """
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_run(one.name, one.run, stop), name=one.name) for one in services]
        helping = [
            group.create_task(
                sustain(service.name, service.run, stop, over=over, on_failure=on_failure), name=service.name
            )
            for service in supporting
        ]
        await stop.wait()
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + limit_s
        late = await _late(tasks, limit_s)
        over.set()
        late |= await _late(helping, ends_at - loop.time())
        for task in late:
            log.warning("service.cut_off", service=task.get_name(), after_s=limit_s)
            task.cancel()


async def _late(tasks: Sequence["asyncio.Task[None]"], timeout_s: float) -> set["asyncio.Task[None]"]:
    """Those of *tasks* that have not ended *timeout_s* seconds from now."""
    return (await asyncio.wait(tasks, timeout=max(0.0, timeout_s)))[1] if tasks else set()


async def _run(name: str, run: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    await run(stop)
    if not stop.is_set():
        raise ServiceEndedError(f"{name} ended although nobody asked it to")


async def sustain(
    name: str,
    run: Callable[[asyncio.Event], Awaitable[None]],
    stop: asyncio.Event,
    *,
    over: asyncio.Event | None = None,
    on_failure: Callable[[str], None] = lambda _name: None,
) -> None:
    """
    Call *run* until it returns after *stop*. What it raises is logged and told; after a rest it is called again.

    That goes on after *stop* until *over* (the same event by default): a drain takes its time. Only who cancels
    this task ends it. A CancelledError that nobody asked for is a failure like any other, and so are SystemExit
    and KeyboardInterrupt, with which the event loop would end the process.
    """
    over = over or stop
    rests = backoff(longest_s=_LONGEST_REST_S)
    loop = asyncio.get_running_loop()
    while True:
        began_at = loop.time()
        try:
            await _run(name, run, stop)
        except BaseException as exc:
            if isinstance(exc, GeneratorExit) or was_cancelled(exc):
                raise
            if loop.time() - began_at > _STEADY_AFTER_S:
                rests = backoff(longest_s=_LONGEST_REST_S)
            rest_s = next(rests)
            failed(name, exc, on_failure=on_failure, again_in_s=round(rest_s, 2))
        else:
            return
        await wait_for_any(over if stop.is_set() else stop, timeout_s=rest_s)
        if over.is_set():
            return


def was_cancelled(error: BaseException) -> bool:
    """Whether *error* is the end of this task that was asked for, and not a CancelledError from elsewhere."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def failed(name: str, error: BaseException, *, on_failure: Callable[[str], None], **said: object) -> None:
    """Log and count that the supporting part *name* has failed; that this cannot be logged is no failure."""
    with suppress(Exception):
        on_failure(name)
    try:
        log.error("service.failed", service=name, exc_info=error, **said)
    except Exception:  # noqa: BLE001 - e.g. no descriptor is left to read the lines of the traceback from
        with suppress(Exception):
            log.error("service.failed", service=name, error=type(error).__name__, **said)  # noqa: TRY400


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
