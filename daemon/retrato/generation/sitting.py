"""One picture being drawn: what all legs share that are asked for it, in turn."""

from collections.abc import Callable
from dataclasses import dataclass, field

from retrato.domain.errors import BudgetSpentError, ProviderError
from retrato.domain.job import Job
from retrato.domain.picture import Order

SHORTEST_CALL_S = 5.0
"""With less time than this no further call is begun: it would be cut, and perhaps paid for."""


@dataclass(slots=True, kw_only=True)
class Sitting:
    """
    A persona sits for one portrait; legs come and go.

    ``ends_at`` is on ``clock`` (monotonic seconds). ``redraw`` counts the seeds that were given up, over all
    legs; ``calls`` the attempts begun. ``errors`` came from calls, ``lookups`` from providers that offered no
    leg, each in order; ``skipped`` are the legs that were not to be called, with the seconds to wait where they
    are known, ``waits_for`` those of them that were suspended, paused or full; ``short`` tells why the month's
    budget kept a leg from being asked.
    """

    job: Job
    version: int
    order_for: Callable[[int], Order]
    ends_at: float
    clock: Callable[[], float]
    redraw: int = 0
    calls: int = 0
    errors: list[ProviderError] = field(default_factory=list)
    lookups: list[ProviderError] = field(default_factory=list)
    skipped: dict[str, float | None] = field(default_factory=dict)
    waits_for: list[str] = field(default_factory=list)
    short: BudgetSpentError | None = None

    def order(self) -> Order:
        """The order with the present seed."""
        return self.order_for(self.redraw)

    def left_s(self) -> float:
        """Seconds until the deadline; not positive when it is over."""
        return self.ends_at - self.clock()

    def has_time(self, wait_s: float = 0.0) -> bool:
        """Whether a further call, begun after *wait_s* seconds, could still deliver."""
        return self.left_s() - wait_s >= SHORTEST_CALL_S
