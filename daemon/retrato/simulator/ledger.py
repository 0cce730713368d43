"""The ledger: every request the simulated providers saw, and every picture they would have charged for."""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

DRAW = "draw"
"""The step that orders a picture."""


@dataclass(slots=True, kw_only=True)
class Call:
    """
    One HTTP request, filled in as it goes on. Times are seconds on the event loop's monotonic clock.

    ``outcome`` is ``ok``, ``rejected`` (the provider's own rules), the name of the scripted fault, or
    ``abandoned`` (the client left first); it is empty while the request is in hand. ``finished`` is then
    None. ``status`` is None where no header was sent. ``leaked`` is true when the result host was sent an
    ``Authorization`` header.
    """

    number: int
    leg: str
    step: str
    method: str
    path: str
    started: float
    finished: float | None = None
    prompt: str | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    status: int | None = None
    fault: str = "ok"
    outcome: str = ""
    leaked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One picture that was drawn and is to be paid for, whether or not anybody took it."""

    leg: str
    prompt: str
    seed: int
    cost_usd: float
    at: float


@dataclass(slots=True)
class Ledger:
    """What happened. Ordered by time; nothing is ever removed except by ``clear``."""

    calls: list[Call] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    peaks: Counter[str] = field(default_factory=Counter)
    _opened: int = 0

    def open(self, *, leg: str, step: str, method: str, path: str, started: float) -> Call:
        """Enter a request that has just arrived."""
        self._opened += 1
        call = Call(number=self._opened, leg=leg, step=step, method=method, path=path, started=started)
        self.calls.append(call)
        return call

    def peak(self, leg: str, at_once: int) -> None:
        """Note that *at_once* pictures are in work on *leg* now; ``""`` stands for all legs together."""
        self.peaks[leg] = max(self.peaks[leg], at_once)

    def orders(self, leg: str | None = None) -> list[Call]:
        """The requests that ordered a picture, on one leg or all."""
        return [call for call in self.calls if call.step == DRAW and leg in {None, call.leg}]

    def billed(self, leg: str | None = None, *, prompt: str | None = None, seed: int | None = None) -> int:
        """How many pictures are to be paid for, on one leg or all, for one prompt and seed or any."""
        return sum(1 for bill in self._bills(leg, prompt, seed))

    def billed_usd(self, leg: str | None = None) -> float:
        """What they cost together."""
        return sum(bill.cost_usd for bill in self._bills(leg, None, None))

    def paid_twice(self) -> list[tuple[str, int]]:
        """Every (prompt, seed) that is to be paid for more than once, on whichever legs."""
        counts = Counter((bill.prompt, bill.seed) for bill in self.bills)
        return [key for key, count in counts.items() if count > 1]

    def max_at_once(self, leg: str | None = None) -> int:
        """The most pictures that were ever in work at the same time, on one leg or on all together."""
        return self.peaks[leg or ""]

    def gaps(self, leg: str | None = None) -> list[float]:
        """Seconds between the starts of consecutive orders: the pace that the client kept."""
        starts = sorted(call.started for call in self.orders(leg))
        return [later - earlier for earlier, later in itertools.pairwise(starts)]

    def leaks(self) -> list[Call]:
        """The requests that showed a key to the result host."""
        return [call for call in self.calls if call.leaked]

    def clear(self) -> None:
        """Forget everything. Requests in hand finish on calls that nobody sees any more."""
        self.calls.clear()
        self.bills.clear()
        self.peaks.clear()

    def to_json(self) -> dict[str, Any]:
        """All of it, for the admin page."""
        return {
            "calls": [asdict(call) for call in self.calls],
            "bills": [asdict(bill) for bill in self.bills],
            "billed": dict(Counter(bill.leg for bill in self.bills)),
            "billed_usd": round(self.billed_usd(), 6),
            "paid_twice": [list(pair) for pair in self.paid_twice()],
            "max_at_once": {leg or "all": peak for leg, peak in self.peaks.items()},
        }

    def _bills(self, leg: str | None, prompt: str | None, seed: int | None) -> Iterable[Bill]:
        for bill in self.bills:
            if leg in {None, bill.leg} and prompt in {None, bill.prompt} and seed in {None, bill.seed}:
                yield bill
