"""The legs compared: what so many pictures will cost and take on each, as far as it can be said."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrato.domain.attempt import LegLimits
from retrato.providers.catalogue import LegInfo

COMPARED = (16, 160, 1600)
"""So many personas the legs are compared for, unless somebody asks for another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What *personas* pictures would cost (US dollars) and take (seconds); None where it is not known."""

    personas: int
    cost_usd: float | None
    time_s: float | None


def on_leg(personas: int, info: LegInfo, *, median_s: float | None, pace_s: float, concurrency: int) -> Outlook:
    """What *personas* pictures would cost and take on one leg alone, drawn by one replica, all going well."""
    return Outlook(
        personas=personas,
        cost_usd=None if info.price_usd is None else personas * info.price_usd,
        time_s=None
        if median_s is None
        else (personas - 1) * _every_s(info.limits, median_s, pace_s, concurrency) + median_s,
    )


def success_rate(*, succeeded: int, failed: int) -> float | None:
    """The share of calls that succeeded, None where there were none."""
    calls = succeeded + failed
    return succeeded / calls if calls else None


def first_choice(catalogue: Sequence[LegInfo], providers: Sequence[str]) -> LegInfo | None:
    """The leg that is asked first: the first usable one of the first provider that has one."""
    for provider in providers:
        for info in catalogue:
            if info.provider == provider and info.usable:
                return info
    return None


def _every_s(limits: LegLimits, median_s: float, pace_s: float, concurrency: int) -> float:
    """Seconds between two starts: the pace, the leg's own, or as long as a picture keeps one of the places."""
    at_once = min(concurrency, limits.at_once or concurrency)
    return max(pace_s, limits.interval_s or 0, median_s / at_once)
