"""What a chain works with, whichever leg and whichever picture."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from retrato.domain.errors import StoreUnavailableError
from retrato.domain.picture import Picture
from retrato.generation.placeholders import PlaceholderMemory
from retrato.generation.ports import AttemptLog, LegBook
from retrato.metrics.metrics import Metrics

log = structlog.get_logger()

Finish = Callable[[bytes, int, int], Awaitable[Picture]]
"""Checks and normalises raw bytes to width x height pixels; raises `UnusablePictureError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """
    What every turn works with.

    ``may_start`` is the lease guard: False when the heartbeat is overdue, so that no paid call may begin.
    """

    attempts: AttemptLog
    legs: LegBook
    finish: Finish
    waits_s: Sequence[float]
    may_start: Callable[[], bool]
    sleep: Callable[[float], Awaitable[None]]
    placeholders: PlaceholderMemory = field(default_factory=PlaceholderMemory)
    metrics: Metrics = field(default_factory=Metrics)

    async def recorded(self, writing: Awaitable[Any]) -> None:
        """Write down what has happened; while the database is away the picture goes before the books."""
        try:
            await writing
        except StoreUnavailableError as exc:
            self.metrics.database_error("chain")
            log.warning("attempt.not_recorded", error=str(exc))
