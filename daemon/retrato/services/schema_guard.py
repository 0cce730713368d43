"""
The schema guard: whether the database still serves this release (decision 0012).

It looks when there is a reason to: the connection that listens is new, or `retrato migrate` has run; never on a
poll.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from retrato.domain.errors import NotMigratedError

log = structlog.get_logger()


async def _nothing() -> None:
    """Whatever the database is like will do."""


class SchemaGuard:
    """
    Shared by listener (doubts), dispatcher (asks before it claims) and keeper; ends the work of them all.

    *check* returns where the schema serves this release, and raises NotMigratedError where it does not.
    """

    def __init__(self, check: Callable[[], Awaitable[None]] = _nothing) -> None:
        self._check = check
        self._doubted = False
        self.refused = asyncio.Event()
        """Set when nothing more may be claimed."""
        self.reason: NotMigratedError | None = None
        """Why not."""

    def doubt(self) -> None:
        """Look before the next claim."""
        self._doubted = True

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
            await self._check()
        except BaseException:
            self._doubted = True
            raise

    def refuse(self, reason: NotMigratedError) -> None:
        """No more claims; what is in hand may be finished, as on a stop."""
        if self.reason is None:
            log.error("schema.refused", reason=str(reason))
            self.reason = reason
        self.refused.set()
