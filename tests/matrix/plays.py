"""Random plays for the chain: what may go wrong, wherever, in whichever order; and what then happened."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from hypothesis import strategies as st
from tests.generation.chain_fakes import JOB, FakeAttempts, FakeLegBook, Row, finish, order_for
from tests.matrix.troupe import (
    BAD,
    CHECKED,
    ERRORS,
    FAILED,
    HANGS,
    LOST,
    OPEN,
    Call,
    Line,
    Part,
    Stage,
    cast,
)
from tests.matrix.virtual_time import run

from retrato.domain.attempt import Bid, Pending
from retrato.domain.errors import (
    BudgetSpentError,
    ChainExhaustedError,
    LeaseLostError,
    LegFullError,
    RefusedError,
    RetratoError,
)
from retrato.domain.job import Job
from retrato.domain.picture import Drawn
from retrato.generation.chain import Chain, RefusalPolicy

NAMES = ("a/1", "a/2", "b/1", "c/1")
WAITS_S = (3.0, 6.0, 12.0)


@dataclass(frozen=True, kw_only=True)
class Play:
    """One random world."""

    parts: Mapping[str, Part]
    turned_away: Mapping[str, Sequence[RetratoError | None]] = field(default_factory=dict)
    """Leg → why its first, second, … call may not begin; None lets it begin."""
    deadline_s: float = 300.0
    refusal_policy: RefusalPolicy = "stop"
    may_start_until_s: float = 1000.0
    begun_before: str | None = None
    """The leg that an earlier claim of the job has ordered from, without hearing what became of it."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What happened in it."""

    play: Play
    calls: list[Call]
    bills: list[tuple[str, int]]
    rows: list
    drawn: Drawn | None
    error: RetratoError | None
    took_s: float


def _lines(*whats: str):
    return st.lists(
        st.builds(
            Line,
            what=st.sampled_from(whats),
            took_s=st.sampled_from([0.0, 0.0, 1.0, 8.0, 45.0]),
            wait_s=st.sampled_from([None, None, 0.0, 2.0, 30.0, 61.0]),
            whole_provider=st.booleans(),
        ),
        max_size=7,
    ).map(tuple)


_TROUBLE = (BAD, CHECKED, LOST, LOST, HANGS, "refused", "refused", "transient", "transient", *ERRORS)
"""A good picture needs no line: it comes when the script is over."""
_PARTS = st.one_of(
    st.builds(
        Part,
        kind=st.sampled_from(["plain", "free"]),
        orders=_lines(*_TROUBLE),
        closed_s=st.sampled_from([0.0, 0.0, 0.0, 20.0]),
    ),
    st.builds(
        Part,
        kind=st.sampled_from(["resumable", "cancellable"]),
        orders=_lines(*_TROUBLE, *[OPEN] * 6),
        questions=_lines(BAD, CHECKED, LOST, OPEN, OPEN, OPEN, FAILED, HANGS),
        closed_s=st.sampled_from([0.0, 0.0, 0.0, 20.0]),
        can_take_back=st.booleans(),
    ),
)


def _reasons(leg: str):
    """Why *leg* may not be called, call by call."""
    full = st.sampled_from([0.0, 1.0, 5.0, 30.0]).map(lambda wait_s: LegFullError(leg, wait_s=wait_s))
    return st.lists(st.one_of(st.none(), full, st.just(BudgetSpentError(leg, price_usd=0.025))), max_size=4)


@st.composite
def plays(draw: st.DrawFn) -> Play:
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    return Play(
        parts={name: draw(_PARTS) for name in names},
        turned_away={name: draw(st.one_of(st.just([]), _reasons(name))) for name in names},
        deadline_s=draw(st.sampled_from([6.0, 30.0, 120.0, 300.0])),
        refusal_policy=draw(st.sampled_from(["stop", "stop", "next"])),
        may_start_until_s=draw(st.sampled_from([1000.0, 1000.0, 1000.0, 25.0])),
        begun_before=draw(st.sampled_from([None, None, *names])),
    )


class _Clock:
    """The loop's time, as the fake book wants it."""

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()


class _Attempts(FakeAttempts):
    """Turns calls away as the play says."""

    def __init__(self, turned_away: Mapping[str, Sequence[RetratoError | None]]) -> None:
        super().__init__()
        self._turned_away = {leg: list(reasons) for leg, reasons in turned_away.items()}

    async def begin(self, job: Job, bid: Bid) -> int:
        reasons = self._turned_away.get(bid.leg)
        reason = reasons.pop(0) if reasons else None
        if reason is not None:
            raise reason
        return await super().begin(job, bid)


def _pending(leg: str) -> Pending:
    return Pending(
        id=0,
        provider=leg.partition("/")[0],
        leg=leg,
        model="flux",
        redraw=0,
        order=order_for(0),
        request_id="r",
        seed=None,
        cost_usd=None,
        image_key=None,
        thumbnail_key=None,
        sha256=None,
    )


async def _performed(play: Play) -> Record:
    clock = _Clock()
    book = FakeLegBook(clock)
    attempts = _Attempts(play.turned_away)
    stage = Stage(book=book, clock=lambda: clock.now)
    for name, part in play.parts.items():
        if part.closed_s:
            book.close(name, part.closed_s)
    chain = Chain(
        cast(play.parts, stage),
        attempts,
        book,
        finish=finish,
        waits_s=WAITS_S,
        deadline_s=play.deadline_s,
        refusal_policy=play.refusal_policy,
        may_start=lambda: clock.now < play.may_start_until_s,
        clock=lambda: clock.now,
    )
    pending = None
    if play.begun_before is not None:
        pending = _pending(play.begun_before)
        attempts.rows.append(Row(provider=pending.provider, leg=pending.leg, seed=100, redraw=0, request_id="r"))
        stage.bills.append((pending.leg, 100))
    drawn, error = None, None
    try:
        drawn = await chain.draw(JOB, version=1, order_for=order_for, pending=pending)
    except (RefusedError, ChainExhaustedError, LeaseLostError) as exc:
        error = exc
    return Record(
        play=play,
        calls=stage.calls,
        bills=stage.bills,
        rows=attempts.rows,
        drawn=drawn,
        error=error,
        took_s=clock.now,
    )


def perform(play: Play) -> Record:
    """Let the chain meet *play*, on a loop whose waits take no time."""
    return run(_performed(play))


def asked_after(record: Record) -> list[Call]:
    """The questions after what was begun before: those that come before anything is ordered."""
    return list(takewhile(lambda call: call.what == "resume", record.calls))


def pairs_on_one_leg(record: Record) -> list[tuple[Call, Call]]:
    return [
        pair for leg in record.play.parts for pair in pairwise(call for call in record.calls if call.leg == leg)
    ]
