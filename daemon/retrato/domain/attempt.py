"""An attempt: one call to one provider, before it is made and when somebody else left it unfinished."""

from dataclasses import dataclass

from retrato.domain.picture import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class LegLimits:
    """
    What one leg allows, over all replicas; None = no limit.

    ``interval_s`` seconds between two calls' starts, ``at_once`` calls under way. ``shared_with`` names the leg of
    the same account with which this one's calls are counted; faults of the account (`faults.OF_THE_ACCOUNT`) close
    both.
    """

    interval_s: float | None = None
    at_once: int | None = None
    shared_with: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """
    A call that is about to be made, for the books.

    ``price_usd`` is the estimate that is set aside, None where the price is not known. ``hold_s`` is for how
    long the leg's slot is kept at most, should nobody ever close the attempt.
    """

    version: int
    provider: str
    leg: str
    model: str
    redraw: int
    order: Order
    limits: LegLimits = LegLimits()
    price_usd: float | None = None
    hold_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """
    The last attempt of an earlier claim that may still be worth something.

    With ``image_key`` the picture is stored already and only the write-back is missing; with ``request_id`` the
    provider can be asked what became of it; with neither its outcome will never be known. ``generation`` is the
    request that it answers: a later one is not answered by it.
    """

    id: int
    provider: str
    leg: str
    model: str
    redraw: int
    order: Order
    request_id: str | None
    seed: int | None
    cost_usd: float | None
    image_key: str | None
    thumbnail_key: str | None
    sha256: str | None
    generation: int | None = None
