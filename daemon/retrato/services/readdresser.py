"""
Rewriting the addresses in the application's rows after the prefix has changed, a few rows at a time.

Each step is a short transaction, and the next one looks for itself what is left: it may be killed at any moment,
begun again, and run twice at once.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from retrato.domain.errors import RowLockedError
from retrato.store.addresses import Addresses
from retrato.supervise import backoff

ROWS_AT_ONCE = 200
_PAUSE_S = 0.02
_MOST_WAITS = 20
"""So often, for about a quarter of a minute, rows are waited for that an application holds."""


def _nobody_looks(_rewritten: int) -> None:
    """For those who show no progress."""


class Readdresser:
    """Gives rows whose address begins with another prefix *public_url*; *pause_s* lets others through."""

    def __init__(
        self,
        addresses: Addresses,
        public_url: str,
        *,
        rows_at_once: int = ROWS_AT_ONCE,
        pause_s: float = _PAUSE_S,
        longest_wait_s: float = 1.0,
    ) -> None:
        self._addresses = addresses
        self._public_url = public_url
        self._rows_at_once = rows_at_once
        self._pause_s = pause_s
        self._longest_wait_s = longest_wait_s

    async def plan(self) -> Mapping[str, int]:
        """Old prefix → how many rows would be rewritten; changes nothing."""
        return await self._addresses.count(await self._addresses.old_prefixes(self._public_url))

    async def run(self, *, progress: Callable[[int], None] = _nobody_looks) -> tuple[int, int]:
        """
        Rewrite; returns how many rows were, and how many an application held for all tries.

        *progress* hears after each step how many rows it has rewritten.

        Raises:
            ConfigError: a table of the application's does not take the addresses.
            StoreUnavailableError: the database is away; what is done is done.

        """
        prefixes = await self._addresses.old_prefixes(self._public_url)
        done, waits, waited = 0, backoff(longest_s=self._longest_wait_s), 0
        left = sum((await self._addresses.count(prefixes)).values())
        while left:
            for table in self._addresses.tables:
                done += await self._walk(table, prefixes, progress)
            before, left = left, sum((await self._addresses.count(prefixes)).values())
            if left >= before:  # those that are left are held, or a trigger of theirs takes each address back
                waited += 1
                if waited > _MOST_WAITS:
                    break
                await asyncio.sleep(next(waits))
        return done, left

    async def _walk(self, table: str, prefixes: Sequence[str], progress: Callable[[int], None]) -> int:
        """One way through *table*; returns how many rows were rewritten."""
        done, position = 0, ""
        while True:
            try:
                step = await self._addresses.rewrite(
                    table, position, prefixes=prefixes, public_url=self._public_url, limit=self._rows_at_once
                )
            except RowLockedError:
                return done  # the next pass comes back to it
            done += step.rewritten
            progress(step.rewritten)
            if step.found < self._rows_at_once or step.position is None:
                return done
            position = step.position
            await asyncio.sleep(self._pause_s)
