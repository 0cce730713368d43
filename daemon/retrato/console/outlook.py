"""When a company's pictures will be there, as far as it can be said."""

from enum import StrEnum

from retrato.store.console_rows import Tempo


class Hindrance(StrEnum):
    """Why no remaining time can be told."""

    PAUSED = "paused"
    NOBODY_WORKS = "nobody works"
    NOT_MEASURED = "not measured"


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
