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
from retrato.services.schema_guard import SchemaGuard
from retrato.store.chores import Chore, Chores, Swept
from retrato.store.requests import Requests, Wish
from retrato.supervise import failed, wait_for_any

log = structlog.get_logger()

Sweep = Literal["new", "all", "off"]

_EVERY_S = 60.0
_PERSONAS_A_STEP = 1000
_STEPS_A_TURN = 20
_REST = 0.75
"""Of the time between two looks at whose turn it is: less than the shortest, so that no turn is missed."""
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
        guard: SchemaGuard | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._guard = guard or SchemaGuard()
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
            for chore in (self.inspect, self.sweep, self.forget, self.prune):
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

    async def inspect(self, _stop: asyncio.Event) -> int:
        """Compare what is installed with what should be: each replica for itself, by its own mapping."""
        return len(await self._guard.look())

    async def forget(self, stop: asyncio.Event) -> int:
        """A few steps of the look for what belongs to rows that are no more; returns how many were forgotten."""
        position = await self._chores.take(Chore.FORGET, rest_s=self._every_s * _REST)
        if position is None:
            return 0
        forgotten = 0
        for _ in range(_STEPS_A_TURN):
            last, gone = await self._chores.forget_gone(position, limit=_PERSONAS_A_STEP)
            forgotten += gone
            position = last or ""
            await self._chores.note(Chore.FORGET, position)
            if last is None or stop.is_set():
                break
        if forgotten:
            log.warning("forget.found", forgotten=forgotten, reason="their rows are gone, and no trigger saw it")
        return forgotten

    async def sweep(self, stop: asyncio.Event) -> int:
        """A few steps of the sweep, if it is this replica's turn; returns how many personas were queued."""
        if self._sweep == "off":
            return 0
        position = await self._chores.take(Chore.SWEEP, rest_s=self._every_s * _REST)
        if position is None:
            return 0
        queued = 0
        for _ in range(_STEPS_A_TURN):
            swept = await self._chores.sweep(position, limit=_PERSONAS_A_STEP, everybody=self._sweep == "all")
            queued += await self._queue(swept)
            if swept.position is None:
                await self._chores.note(Chore.SWEEP, "")
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
