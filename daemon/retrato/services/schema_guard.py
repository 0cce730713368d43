"""
The schema guard: whether the database still serves this release (decision 0012), and whether what is installed
is as it should be.

Whether it serves is looked at when there is a reason to: the connection that listens is new, `retrato migrate` has
run, or a job has met what only a migration can mend; never on a poll. How things are installed is looked at once a
minute, and when somebody asks whether this replica is ready.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from retrato.domain.errors import NotMigratedError
from retrato.metrics.metrics import Metrics

log = structlog.get_logger()

_LOOK_EVERY_S = 10.0
"""However often somebody asks."""


async def _nothing() -> None:
    """Whatever the database is like will do."""


async def _as_it_should_be() -> Sequence[str]:
    """Nobody compares."""
    return ()


class SchemaGuard:
    """
    Shared by listener (doubts), worker (doubts), dispatcher (asks before it claims) and keeper; ends all work.

    *check* returns where the schema serves this release, and raises NotMigratedError where it does not;
    *check_strictly* also where functions and triggers were made for other tables of the application. *inspect*
    returns what is installed otherwise than it should be, in words.
    """

    def __init__(
        self,
        check: Callable[[], Awaitable[None]] = _nothing,
        *,
        check_strictly: Callable[[], Awaitable[None]] | None = None,
        inspect: Callable[[], Awaitable[Sequence[str]]] = _as_it_should_be,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check = check
        self._check_strictly = check_strictly or check
        self._inspect = inspect
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._doubted = self._strictly = False
        self._looked_at = float("-inf")
        self.refused = asyncio.Event()
        """Set when nothing more may be claimed."""
        self.reason: NotMigratedError | None = None
        """Why not."""
        self.drift: Sequence[str] = ()
        """What is installed otherwise than it should be, as the last look has seen it."""

    def doubt(self, *, strictly: bool = False) -> None:
        """Look before the next claim; *strictly* where a job has failed because of how the tables are."""
        self._doubted = True
        self._strictly = self._strictly or strictly

    async def require(self) -> None:
        """
        Look, if somebody doubts.

        Raises:
            NotMigratedError: the schema does not serve this release.
            StoreUnavailableError: nobody knows; the doubt stays.

        """
        if not self._doubted:
            return
        self._doubted = False
        try:
            await (self._check_strictly if self._strictly else self._check)()
        except BaseException:
            self._doubted = True
            raise
        self._strictly = False

    async def look(self, *, at_most_every_s: float = _LOOK_EVERY_S) -> Sequence[str]:
        """
        Compare what is installed with what should be, unless that was done lately; tell what has changed.

        Raises:
            RetratoError: nobody knows now.

        """
        if self._clock() - self._looked_at < at_most_every_s:
            return self.drift
        drift = tuple(await self._inspect())
        self._looked_at = self._clock()
        if drift and drift != self.drift:
            log.error(
                "installation.drifted", faults=drift, remedy="`retrato migrate --check`, then `retrato migrate`"
            )
        elif self.drift and not drift:
            log.info("installation.restored")
        self.drift = drift
        self._metrics.installation_faults.set(len(drift))
        return drift

    def refuse(self, reason: NotMigratedError) -> None:
        """No more claims; what is in hand may be finished, as on a stop."""
        if self.reason is None:
            log.error("schema.refused", reason=str(reason))
            self.reason = reason
        self.refused.set()
