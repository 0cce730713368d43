"""
The housekeeper: finds personas that no trigger has queued, and forgets old attempts.

Once a minute each replica asks whether it is its turn; the turns are shared, so ten replicas do no more than one.
A replica that dies in between leaves the rest to the next one.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Literal

import structlog

from retrato.domain.errors import RetratoError, StoreUnavailableError
from retrato.metrics.metrics import Metrics
from retrato.store.chores import Chore, Chores, Swept
from retrato.store.requests import Requests, Wish
from retrato.supervise import failed, wait_for_any

log = structlog.get_logger()

Sweep = Literal["new", "all", "off"]

_EVERY_S = 60.0
_PERSONAS_A_STEP = 1000
_STEPS_A_TURN = 20
_BETWEEN_LAPS_S = 600.0
"""After the last persona the sweep rests; what was missed in a small database is found within a minute or ten."""
_PRUNE_EVERY_S = 3600.0
_ATTEMPTS_A_STEP = 1000
_MOST_PRUNED = 100_000
_UNFINISHED_AFTER_H = 24


class Housekeeper:
    """Does the chores whose turn this replica gets. *keep_attempts_days* 0 keeps them for ever."""

    name = "housekeeper"

    def __init__(
        self,
        chores: Chores,
        requests: Requests,
        *,
        sweep: Sweep,
        keep_attempts_days: int,
        every_s: float = _EVERY_S,
        rng: random.Random | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._chores = chores
        self._requests = requests
        self._sweep = sweep
        self._keep_attempts_days = keep_attempts_days
        self._every_s = every_s
        self._rng = rng or random.Random()  # noqa: S311 - spreads the replicas
        self._metrics = metrics or Metrics()

    async def run(self, stop: asyncio.Event) -> None:
        """Ask for a turn once a minute until *stop*."""
        wait_s = self._rng.uniform(0, self._every_s / 4)
        while True:
            await wait_for_any(stop, timeout_s=wait_s)
            if stop.is_set():
                return
            for chore in (self.sweep, self.prune):
                await self._do(chore, stop)
            wait_s = self._every_s * self._rng.uniform(0.8, 1.2)

    async def _do(self, chore: Callable[[asyncio.Event], Awaitable[int]], stop: asyncio.Event) -> None:
        """One chore. What cannot be done is no reason to end the daemon: avatars are drawn without it."""
        try:
            await chore(stop)
        except StoreUnavailableError as exc:
            self._metrics.database_error("housekeeper")
            log.warning("housekeeper.put_off", error=str(exc))
        except RetratoError as exc:
            log.error("housekeeper.failed", error=str(exc))  # noqa: TRY400 - the message says it all
        except Exception as exc:  # noqa: BLE001 - the other chores are done all the same
            failed(self.name, exc, on_failure=self._metrics.service_failed)

    async def sweep(self, stop: asyncio.Event) -> int:
        """A few steps of the sweep, if it is this replica's turn; returns how many personas were queued."""
        if self._sweep == "off":
            return 0
        position = await self._chores.take(Chore.SWEEP, rest_s=self._every_s * 0.9)
        if position is None:
            return 0
        queued = 0
        for _ in range(_STEPS_A_TURN):
            swept = await self._chores.sweep(position, limit=_PERSONAS_A_STEP, everybody=self._sweep == "all")
            queued += await self._queue(swept)
            if swept.position is None:
                await self._chores.note(Chore.SWEEP, "", rest_s=_BETWEEN_LAPS_S)
                break
            position = swept.position
            await self._chores.note(Chore.SWEEP, position)
            if stop.is_set():
                break
        if queued:
            self._metrics.jobs.swept(queued)
            log.warning("sweep.found", queued=queued, reason="no trigger had queued these personas")
        return queued

    async def _queue(self, swept: Swept) -> int:
        missing = await self._requests.for_found(swept.missing, Wish.MISSING) if swept.missing else 0
        flagged = await self._requests.for_found(swept.flagged, Wish.ALL) if swept.flagged else 0
        return missing + flagged

    async def prune(self, stop: asyncio.Event) -> int:
        """Forget what is old, if it is this replica's turn; returns how many attempts went."""
        if await self._chores.take(Chore.PRUNE, rest_s=_PRUNE_EVERY_S) is None:
            return 0
        await self._chores.close_unfinished(hours=_UNFINISHED_AFTER_H)
        pruned = 0
        while self._keep_attempts_days and pruned < _MOST_PRUNED and not stop.is_set():
            gone = await self._chores.prune_attempts(days=self._keep_attempts_days, limit=_ATTEMPTS_A_STEP)
            pruned += gone
            if gone < _ATTEMPTS_A_STEP:
                break
        if pruned:
            log.info("attempts.pruned", attempts=pruned, older_than_days=self._keep_attempts_days)
        return pruned
