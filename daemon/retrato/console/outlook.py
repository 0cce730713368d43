"""What so many pictures will take and cost, as far as it can be said."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from retrato.domain.attempt import LegLimits
from retrato.providers.catalogue import LegInfo
from retrato.store.console_rows import Tempo


class Hindrance(StrEnum):
    """Why no remaining time can be told."""

    PAUSED = "paused"
    NOBODY_WORKS = "nobody works"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What *personas* pictures would cost (US dollars) and take (seconds); None where it is not known."""

    personas: int
    cost_usd: float | None
    time_s: float | None


def remaining_s(personas: int, tempo: Tempo, *, pace_s: float, concurrency: int) -> float | Hindrance:
    """
    How long *personas* of one company will take, all going well, or why that cannot be told.

    A start follows a start after the pace, or after the time for which a picture keeps one of the places at
    work, whichever is longer. Companies are served in turn, so that the others' turns count too; and who waits
    for another try does not start before its time.
    """
    if tempo.paused:
        return Hindrance.PAUSED
    if tempo.replicas == 0:
        return Hindrance.NOBODY_WORKS
    median_s = tempo.median_s or tempo.call_median_s
    if median_s is None and not pace_s:
        return Hindrance.NOT_MEASURED
    every_s = max(pace_s, (median_s or 0) / (concurrency * tempo.replicas))
    in_turn_s = (personas + tempo.ahead) * every_s
    return max(in_turn_s, tempo.last_starts_in_s or 0) + (median_s or 0)


def on_leg(personas: int, info: LegInfo, *, median_s: float | None, pace_s: float, concurrency: int) -> Outlook:
    """What *personas* pictures would cost and take on one leg alone, drawn by one replica."""
    return Outlook(
        personas=personas,
        cost_usd=None if info.price_usd is None else personas * info.price_usd,
        time_s=None
        if median_s is None
        else (personas - 1) * _every_s(info.limits, median_s, pace_s, concurrency) + median_s,
    )


def _every_s(limits: LegLimits, median_s: float, pace_s: float, concurrency: int) -> float:
    """Seconds between two starts: the pace, the leg's own, or as long as a picture keeps one of the places."""
    at_once = min(concurrency, limits.at_once or concurrency)
    return max(pace_s, limits.interval_s or 0, median_s / at_once)


def first_choice(catalogue: Sequence[LegInfo], providers: Sequence[str]) -> LegInfo | None:
    """The leg that is asked first: the first usable one of the first provider that has one."""
    for provider in providers:
        for info in catalogue:
            if info.provider == provider and info.usable:
                return info
    return None
