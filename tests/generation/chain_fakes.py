"""Stand-ins for everything around the chain: legs that follow a script, the store's two books, a clock."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from retrato.domain.attempt import Bid, LegLimits
from retrato.domain.errors import LeaseLostError, ProviderError, UnusablePictureError
from retrato.domain.faults import POLICIES, Fault, counted_wait_s, counted_with
from retrato.domain.job import Job
from retrato.domain.picture import Order, Picture, RawPicture
from retrato.generation.chain import Chain
from retrato.providers.catalogue import LegInfo
from retrato.providers.leg import Leg, NoteRequest, Provider

JOB = Job(persona_id="p1", empresa_id="e1", token=7, generation=1)

Step = ProviderError | BaseException | bytes
"""What one call of a fake leg does: raise, or return these bytes."""


class FakeTime:
    """A monotonic clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Row:
    """One attempt as the log keeps it."""

    provider: str
    leg: str
    seed: int
    redraw: int
    state: str = "sending"
    request_id: str | None = None
    fault: Fault | None = None
    error: str | None = None
    cost_usd: float | None = None


class FakeAttempts:
    """
    ``generation.ports.AttemptLog`` in memory.

    *trouble* is raised instead of writing; *refusals* of a leg, one after the other, instead of beginning.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.refusals: dict[str, list[Exception]] = {}
        self.is_lost = False
        self.trouble: Exception | None = None

    async def begin(self, job: Job, bid: Bid) -> int:
        if self.is_lost:
            raise LeaseLostError(f"job {job.persona_id} is not ours")
        if refusals := self.refusals.get(bid.leg):
            raise refusals.pop(0)
        self.rows.append(Row(provider=bid.provider, leg=bid.leg, seed=bid.order.seed, redraw=bid.redraw))
        return len(self.rows) - 1

    async def note_request(self, attempt_id: int, request_id: str) -> None:
        self._write(attempt_id, request_id=request_id)

    async def succeed(self, attempt_id: int, *, cost_usd: float | None, seed: int | None) -> None:  # noqa: ARG002
        self._write(attempt_id, state="succeeded", cost_usd=cost_usd)

    async def fail(
        self,
        attempt_id: int,
        *,
        fault: Fault,
        error: str,
        cost_usd: float | None,
        price_usd: float | None = None,  # noqa: ARG002
    ) -> None:
        self._write(attempt_id, state="failed", fault=fault, error=error, cost_usd=cost_usd)

    def _write(self, attempt_id: int, **values: Any) -> None:
        if self.trouble is not None:
            raise self.trouble
        for name, value in values.items():
            setattr(self.rows[attempt_id], name, value)


class FakeLegBook:
    """``generation.ports.LegBook`` in memory; tests/store/test_leg_book.py holds it to what the real one does."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time
        self._in_a_row: dict[str, int] = {}
        self._last: dict[str, Fault] = {}
        self._opens_at: dict[str, float] = {}
        self.events: list[tuple[str, str]] = []

    def close(self, leg: str, seconds: float) -> None:
        self._opens_at[leg] = self._time.now + seconds

    async def closed(self) -> dict[str, float]:
        left = {leg: at - self._time.now for leg, at in self._opens_at.items()}
        return {leg: seconds for leg, seconds in left.items() if seconds > 0}

    async def succeeded(self, leg: str) -> None:
        self.events.append((leg, "succeeded"))
        for kept in (self._in_a_row, self._last, self._opens_at):
            kept.pop(leg, None)

    async def failed(self, leg: str, *, fault: Fault, reason: str, retry_after_s: float | None) -> None:  # noqa: ARG002
        self.events.append((leg, fault.value))
        breaker = POLICIES[fault].breaker
        if breaker is None:
            return
        is_closed = leg in await self.closed()
        is_of_the_row = self._last.get(leg) in counted_with(fault)
        in_a_row = self._in_a_row[leg] + (not is_closed) if is_of_the_row else 1
        wait_s = counted_wait_s(fault, retry_after_s)
        if wait_s is None and in_a_row >= breaker.opens_after:
            wait_s = min(breaker.longest_s, breaker.first_s * 2 ** (in_a_row - breaker.opens_after))
        opens_at = self._time.now + wait_s if wait_s is not None else 0.0
        if not is_closed or opens_at > self._opens_at[leg]:
            self._in_a_row[leg], self._last[leg] = in_a_row, fault
        self._opens_at[leg] = max(self._opens_at.get(leg, 0.0), opens_at)


class FakeLeg:
    """Follows *script*, one step a call, the last one for ever; remembers the orders."""

    def __init__(
        self,
        name: str,
        *script: Step,
        repeat_is_free: bool = False,
        request_id: str | None = None,
        during: Callable[[], None] = lambda: None,
        hangs: bool = False,
        limits: LegLimits = LegLimits(),  # noqa: B008 - frozen
    ) -> None:
        self.name = name
        self.provider = name.partition("/")[0]
        self.model = "flux"
        self.repeat_is_free = repeat_is_free
        self.limits = limits
        self.seeds: list[int] = []
        self._script = list(script) or [b"picture"]
        self._request_id = request_id
        self._during = during
        self._hangs = hangs

    def price_usd(self, order: Order) -> float | None:  # noqa: ARG002
        return 0.025

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        self.seeds.append(order.seed)
        if self._request_id is not None:
            await on_request_id(self._request_id)
        self._during()
        if self._hangs:
            await asyncio.Event().wait()
        return self._next(order)

    def _next(self, order: Order) -> RawPicture:
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, BaseException):
            raise step
        return RawPicture(data=step, model="flux-dev", seed=order.seed, steps=28, guidance=3.5, cost_usd=0.025)


class FakeResumableLeg(FakeLeg):
    """A leg whose requests can be collected later, by a script of their own."""

    def __init__(
        self, name: str, *script: Step, later: Sequence[Step], request_id: str = "r1", **more: Any
    ) -> None:
        super().__init__(name, *script, request_id=request_id, **more)
        self.resumed: list[str] = []
        self._later = list(later)

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        self.resumed.append(request_id)
        self._script = [self._later.pop(0) if len(self._later) > 1 else self._later[0]]
        return self._next(order)


class FakeProvider:
    """Offers *legs*, or raises *error*."""

    def __init__(self, *legs: Leg, error: ProviderError | None = None) -> None:
        self.name = legs[0].provider if legs else "empty"
        self._legs = legs
        self._error = error

    async def legs(self) -> Sequence[Leg]:
        if self._error is not None:
            raise self._error
        return self._legs

    def catalogue(self) -> Sequence[LegInfo]:
        return ()

    async def credit_left(self) -> float | None:
        return None

    async def close(self) -> None:
        pass


async def finish(data: bytes, width: int, height: int) -> Picture:
    """Anything is a picture, except what begins with "bad"."""
    if data.startswith(b"bad"):
        raise UnusablePictureError("all black")
    return Picture(image=data, thumbnail=data, width=width, height=height, sha256="0" * 64)


def order_for(redraw: int) -> Order:
    """Seed 100 first, then 101, …"""
    return Order(prompt="a captain", seed=100 + redraw)


@dataclass
class Studio:
    """A chain with everything around it."""

    time: FakeTime = field(default_factory=FakeTime)
    attempts: FakeAttempts = field(default_factory=FakeAttempts)

    def __post_init__(self) -> None:
        self.book = FakeLegBook(self.time)

    def row(self, leg: str) -> Row:
        """An attempt that somebody else has left behind."""
        return Row(provider=leg.partition("/")[0], leg=leg, seed=55, redraw=0)

    def chain(self, *legs: FakeLeg | Provider, **more: Any) -> Chain:
        """A chain of *legs*, each a provider of its own unless it is one."""
        providers = [FakeProvider(leg) if isinstance(leg, FakeLeg) else leg for leg in legs]
        defaults = {"finish": finish, "sleep": self.time.sleep, "clock": self.time.clock}
        return Chain(providers, self.attempts, self.book, **(defaults | more))
