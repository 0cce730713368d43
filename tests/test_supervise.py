"""One group holds all services; none may end unasked, and none may outstay its welcome."""

import asyncio
from itertools import islice

import pytest
from structlog.testing import capture_logs

from retrato.domain.errors import ConfigError, NotMigratedError, StoreUnavailableError
from retrato.supervise import Pulse, ServiceEndedError, backoff, supervise, wait_for_any


class Steady:
    """Runs until stop, and then for *lingers_s* seconds more."""

    name = "steady"

    def __init__(self, *, lingers_s: float = 0.0) -> None:
        self._lingers_s = lingers_s
        self.running = asyncio.Event()
        self.ended: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        try:
            self.running.set()
            await stop.wait()
            await asyncio.sleep(self._lingers_s)
            self.ended = "in peace"
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise


class Brittle:
    """Ends at once: with *error*, or as if its work were done."""

    name = "brittle"

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def run(self, _stop: asyncio.Event) -> None:
        if self._error is not None:
            raise self._error


async def test_all_services_end_when_asked_to():
    stop, services = asyncio.Event(), [Steady(), Steady(lingers_s=0.01)]
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(supervise(services, stop=stop, limit_s=5))
        await services[1].running.wait()

        stop.set()

    assert [service.ended for service in services] == ["in peace", "in peace"]


async def test_service_that_fails_ends_them_all_and_its_error_is_told():
    steady = Steady()

    with pytest.raises(ExceptionGroup) as caught:
        await supervise([steady, Brittle(ValueError("no such leg"))], stop=asyncio.Event(), limit_s=5)

    assert [str(error) for error in caught.value.exceptions] == ["no such leg"]
    assert steady.ended == "cancelled"


async def test_service_that_ends_unasked_ends_them_all_and_is_named():
    steady = Steady()

    with pytest.raises(ExceptionGroup) as caught:
        await supervise([steady, Brittle()], stop=asyncio.Event(), limit_s=5)

    [error] = caught.value.exceptions
    assert isinstance(error, ServiceEndedError)
    assert "brittle ended although nobody asked" in str(error)
    assert steady.ended == "cancelled"


async def test_service_that_ends_after_stop_has_done_as_it_was_told():
    stop = asyncio.Event()
    stop.set()

    await supervise([Brittle()], stop=stop, limit_s=5)


async def test_service_that_outstays_the_limit_is_named_and_cut_off():
    stop, late = asyncio.Event(), Steady(lingers_s=60)
    stop.set()

    with capture_logs() as lines:
        async with asyncio.timeout(5):
            await supervise([late, Steady()], stop=stop, limit_s=0.02)

    assert late.ended == "cancelled"
    assert [(line["event"], line["service"]) for line in lines] == [("service.cut_off", "steady")]


async def test_error_after_stop_is_not_hidden():
    stop = asyncio.Event()
    stop.set()

    with pytest.raises(ExceptionGroup):
        await supervise([Brittle(ValueError("half way"))], stop=stop, limit_s=5)


EVERY_CLASS = [
    ValueError("no such leg"),
    OSError(24, "Too many open files"),
    MemoryError(),
    RecursionError(),
    NotMigratedError("a column is gone"),
    ConfigError("a column that was named is gone"),
    StoreUnavailableError("away"),
    asyncio.CancelledError(),
    TimeoutError(),
    SystemExit(3),
    KeyboardInterrupt(),
    StopAsyncIteration(),
    ExceptionGroup("", [ValueError("one of them")]),
    BaseExceptionGroup("", [SystemExit(3), asyncio.CancelledError()]),
    None,
]
"""What a supporting service may end with; None = it returns unasked."""


class Weak:
    """Ends with *error*, *times* over, and then runs until stop."""

    name = "weak"

    def __init__(self, error: BaseException | None, *, times: int = 2) -> None:
        self._error = error
        self._left = times
        self.steady = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        self._left -= 1
        if self._left >= 0:
            await asyncio.sleep(0)
            if self._error is not None:
                raise self._error
            return
        self.steady.set()
        await stop.wait()


@pytest.mark.parametrize("error", EVERY_CLASS, ids=repr)
async def test_supporting_service_is_started_again_whatever_it_ends_with(error):
    stop, drawing, weak, counted = asyncio.Event(), Steady(), Weak(error), []

    with capture_logs() as lines:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(
                supervise([drawing], supporting=[weak], stop=stop, limit_s=5, on_failure=counted.append)
            )
            await weak.steady.wait()
            undisturbed = drawing.ended is None
            stop.set()

    assert undisturbed
    assert drawing.ended == "in peace"
    assert counted == ["weak", "weak"]
    assert [(line["event"], line["service"]) for line in lines] == [("service.failed", "weak")] * 2
    assert all(line["exc_info"] for line in lines)


async def test_supporting_service_is_started_again_also_while_the_others_drain():
    stop, drained, weak = asyncio.Event(), asyncio.Event(), Weak(ValueError("half way"), times=3)

    class Draining:
        name = "draining"

        async def run(self, _stop: asyncio.Event) -> None:
            await drained.wait()

    stop.set()
    with capture_logs() as lines:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(supervise([Draining()], supporting=[weak], stop=stop, limit_s=9))
            await weak.steady.wait()
            drained.set()

    assert [line["event"] for line in lines] == ["service.failed"] * 3


async def test_supporting_service_that_fails_for_ever_does_not_delay_the_end():
    stop, weak = asyncio.Event(), Weak(ValueError("always"), times=10_000)

    with capture_logs():
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(supervise([Steady()], supporting=[weak], stop=stop, limit_s=60))
            await asyncio.sleep(0.05)
            stop.set()


async def test_supporting_service_ends_with_those_that_draw():
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(10):
            await supervise(
                [Brittle(ValueError("no such leg"))], supporting=[Steady()], stop=asyncio.Event(), limit_s=5
            )

    assert [str(error) for error in caught.value.exceptions] == ["no such leg"]


async def test_failure_that_cannot_be_logged_is_no_second_one(monkeypatch):
    stop, weak = asyncio.Event(), Weak(ValueError("no such leg"))
    monkeypatch.setattr("retrato.supervise.log.error", lambda *_, **__: 1 / 0)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(supervise([Steady()], supporting=[weak], stop=stop, limit_s=5))
        await weak.steady.wait()
        stop.set()


def test_waits_double_up_to_the_longest():
    waits = backoff(first_s=0.1, longest_s=1.0, uniform=lambda _low, high: high)

    assert list(islice(waits, 6)) == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])


def test_waits_are_drawn_from_their_upper_half_so_that_replicas_spread():
    drawn_from = []

    waits = backoff(first_s=1.0, longest_s=2.0, uniform=lambda low, high: drawn_from.append((low, high)) or low)

    assert list(islice(waits, 2)) == [0.5, 1.0]
    assert drawn_from == [(0.5, 1.0), (1.0, 2.0)]


async def test_waiting_for_any_ends_with_the_first_event():
    silent, ringing = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().call_soon(ringing.set)

    async with asyncio.timeout(5):
        await wait_for_any(silent, ringing, timeout_s=None)

    assert ringing.is_set()
    assert not silent.is_set()


async def test_waiting_for_any_ends_when_the_time_is_over():
    async with asyncio.timeout(5):
        await wait_for_any(asyncio.Event(), timeout_s=0.001)


async def test_waiting_for_any_leaves_no_task_behind():
    before = asyncio.all_tasks()

    await wait_for_any(asyncio.Event(), asyncio.Event(), timeout_s=0.001)
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before


def test_part_that_has_not_turned_for_longer_than_the_limit_is_stalled():
    now_s = 0.0
    pulse = Pulse(limit_s=10, clock=lambda: now_s)
    pulse.turned("keeper")
    pulse.turned("dispatcher")

    now_s = 8.0
    pulse.turned("keeper")
    in_time = pulse.stalled()
    now_s = 12.0

    assert in_time == []
    assert pulse.stalled() == ["dispatcher"]


def test_part_that_turns_again_or_has_ended_is_not_stalled():
    now_s = 0.0
    pulse = Pulse(limit_s=10, clock=lambda: now_s)
    pulse.turned("keeper")
    pulse.turned("dispatcher")
    now_s = 11.0

    pulse.ended("dispatcher")
    pulse.turned("keeper")

    assert pulse.stalled() == []
