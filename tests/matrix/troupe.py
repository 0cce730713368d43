"""Legs that follow a script, what they would charge for, and a record of everything that was asked of them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from retrato.domain.attempt import LegLimits
from retrato.domain.errors import (
    BadRequestError,
    BusyError,
    CheckerError,
    DownError,
    OutOfCreditError,
    ProviderError,
    RefusedError,
    UnknownOutcomeError,
)
from retrato.domain.picture import Order, RawPicture
from retrato.generation.ports import LegBook
from retrato.providers.leg import NoteRequest

GOOD, BAD, CHECKED, LOST, OPEN, HANGS, FAILED = "good", "bad", "checked", "lost", "open", "hangs", "failed"
"""
What may come of a call besides a plain error: a picture, a bad one, one that a checker rejects; no answer, without
or with an id to ask after; nothing at all until somebody cuts it; and, when asked after, that the drawing failed.
"""
ERRORS: dict[str, type[ProviderError]] = {
    "refused": RefusedError,
    "no_credit": OutOfCreditError,
    "throttled": BusyError,
    "transient": DownError,
    "bad_request": BadRequestError,
}
"""To the chain, the others are like one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One call's answer: what, after how many seconds, and which wait it states."""

    what: str
    took_s: float = 0.0
    wait_s: float | None = None
    whole_provider: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    A leg's script: answers to its orders, and to questions after accepted ones. When it is over all goes well.

    ``kind`` is ``plain``, ``free`` (knows the identical order again), ``resumable`` or ``cancellable``.
    """

    kind: str
    orders: tuple[Line, ...] = ()
    questions: tuple[Line, ...] = ()
    closed_s: float = 0.0
    can_take_back: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing that was asked of a leg; ``was_closed``: its breaker was open at that moment."""

    leg: str
    what: str
    seed: int
    at: float
    was_closed: bool
    came: str


@dataclass(slots=True)
class Stage:
    """What all legs of one play write on. ``bills`` are (leg, seed) of pictures to be paid for."""

    book: LegBook
    clock: Callable[[], float]
    calls: list[Call] = field(default_factory=list)
    bills: list[tuple[str, int]] = field(default_factory=list)


class Player:
    """A leg with a script."""

    def __init__(self, name: str, part: Part, stage: Stage) -> None:
        self.name = name
        self.provider = name.partition("/")[0]
        self.model = "flux"
        self.limits = LegLimits()
        self.repeat_is_free = part.kind == "free"
        self._orders = list(part.orders)
        self._questions = list(part.questions)
        self._part = part
        self._stage = stage

    def price_usd(self, order: Order) -> float | None:  # noqa: ARG002
        return 0.025

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        line = self._orders.pop(0) if self._orders else Line(what=GOOD)
        await self._note("draw", order, line)
        if line.what not in ERRORS:
            self._bill(order)
        if self._part.kind in {"resumable", "cancellable"} and line.what not in {*ERRORS, LOST}:
            await on_request_id("r")
        return await self._say(line, order)

    async def _note(self, what: str, order: Order, line: Line) -> None:
        closed = await self._stage.book.closed()
        self._stage.calls.append(
            Call(
                leg=self.name,
                what=what,
                seed=order.seed,
                at=self._stage.clock(),
                was_closed=self.name in closed,
                came=line.what,
            )
        )

    def _bill(self, order: Order) -> None:
        bill = (self.name, order.seed)
        if not (self.repeat_is_free and bill in self._stage.bills):
            self._stage.bills.append(bill)

    async def _say(self, line: Line, order: Order) -> RawPicture:
        try:
            await asyncio.sleep(line.took_s)
        except asyncio.CancelledError:  # it was cut before its answer came
            self._stage.calls[-1] = replace(self._stage.calls[-1], came=HANGS)
            raise
        if line.what in ERRORS:
            raise ERRORS[line.what](
                line.what, leg=self.name, retry_after_s=line.wait_s, whole_provider=line.whole_provider
            )
        match line.what:
            case "checked":
                raise CheckerError(line.what, leg=self.name, cost_usd=0.025)
            case "lost":
                raise UnknownOutcomeError(line.what, leg=self.name)
            case "open":
                raise UnknownOutcomeError(line.what, leg=self.name, request_id="r")
            case "hangs":
                await asyncio.Event().wait()
            case "failed":
                self._stage.bills.remove((self.name, order.seed))
                raise DownError(line.what, leg=self.name)
        return RawPicture(data=line.what.encode(), model="flux", seed=order.seed, cost_usd=0.025)


class ResumablePlayer(Player):
    """A leg whose accepted orders can be asked after."""

    async def resume(self, order: Order, request_id: str) -> RawPicture:  # noqa: ARG002
        line = self._questions.pop(0) if self._questions else Line(what=GOOD)
        await self._note("resume", order, line)
        return await self._say(line, order)


class CancellablePlayer(ResumablePlayer):
    """The same, and they can be taken back: then they are not paid for."""

    async def cancel(self, request_id: str) -> bool:  # noqa: ARG002
        await asyncio.sleep(4)
        if self._part.can_take_back:
            last = next(call for call in reversed(self._stage.calls) if call.leg == self.name)
            self._stage.bills.remove((self.name, last.seed))
        return self._part.can_take_back


class Ensemble:
    """A provider with several legs."""

    def __init__(self, name: str, legs: Sequence[Player]) -> None:
        self.name = name
        self._legs = legs

    async def legs(self) -> Sequence[Any]:
        return self._legs


def cast(parts: dict[str, Part], stage: Stage) -> list[Ensemble]:
    """The providers of *parts*, leg → its script, in order."""
    players: dict[str, list[Player]] = {}
    for name, part in parts.items():
        build = {"resumable": ResumablePlayer, "cancellable": CancellablePlayer}.get(part.kind, Player)
        players.setdefault(name.partition("/")[0], []).append(build(name, part, stage))
    return [Ensemble(name, legs) for name, legs in players.items()]
