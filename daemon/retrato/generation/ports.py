"""
What the chain needs from the store, as two small protocols, so that it can be tested without one.

The real ones are ``store.attempts.AttemptLog`` and ``store.legs.LegBook``.
"""

from typing import Protocol

from retrato.domain.attempt import Bid
from retrato.domain.faults import Fault
from retrato.domain.job import Job


class AttemptLog(Protocol):
    """One row per call to a provider, committed before the call, so that nothing paid is forgotten."""

    async def begin(self, job: Job, bid: Bid) -> int:
        """
        Take the leg's turn, set the money aside, commit an attempt in state ``sending``, and return its id.

        Raises:
            LeaseLostError: the job is not ours any more; the call must not be made.
            PausedError: an operator has paused everything, or the company.
            LegFullError: the leg's limits, another's probe of it, or an operator do not allow a call now.
            BudgetSpentError: the month's budget does not allow it.

        """

    async def note_request(self, attempt_id: int, request_id: str) -> None:
        """Keep the provider's id of the request, as soon as it is known."""

    async def succeed(self, attempt_id: int, *, cost_usd: float | None, seed: int | None) -> None:
        """The provider delivered a usable picture."""

    async def fail(
        self,
        attempt_id: int,
        *,
        fault: Fault,
        error: str,
        cost_usd: float | None,
        price_usd: float | None = None,
    ) -> None:
        """The attempt ended without a usable picture; with an unknown outcome *price_usd* counts as spent."""


class LegBook(Protocol):
    """The legs' breakers, shared by all replicas."""

    async def closed(self) -> dict[str, float]:
        """Legs that must not be called now, with the seconds until each opens; > 0."""

    async def succeeded(self, leg: str) -> None:
        """A call on *leg* went well: its row of faults ends."""

    async def failed(self, leg: str, *, fault: Fault, reason: str, retry_after_s: float | None) -> None:
        """A call on *leg* failed: count it and, by the fault's policy, close the leg for a while."""
