"""Idle pick-up: how long it takes from a committed insert to the provider's door."""

import asyncio
import statistics
from dataclasses import dataclass

from tests.system.application import Application

from retrato.simulator.ledger import Ledger

FAST_S = 0.25
"""The median on a busy machine with two cores, for what takes some 20 ms; a poll would take seconds."""

_SPACING_S = 0.1
"""Between two inserts, so that replicas are idle."""
_LOOK_AGAIN_S = 0.002


@dataclass(frozen=True, slots=True)
class PickUp:
    """Seconds from the return of each COMMIT to the order's arrival at the provider, in order."""

    waits_s: tuple[float, ...]

    @property
    def p50_s(self) -> float:
        """Half of them were faster."""
        return statistics.median(self.waits_s)

    @property
    def p99_s(self) -> float:
        """One of a hundred was slower."""
        return statistics.quantiles(self.waits_s, n=100, method="inclusive")[98]

    def __str__(self) -> str:
        first_ms, p50_ms, p99_ms = (value * 1000 for value in (self.waits_s[0], self.p50_s, self.p99_s))
        return f"pick-up ms: first {first_ms:.0f}, p50 {p50_ms:.0f}, p99 {p99_ms:.0f} of {len(self.waits_s)}"


async def measure(application: Application, ledger: Ledger, *, count: int = 200) -> PickUp:
    """Insert *count* personas one by one while nothing else is queued, and wait for each one's order."""
    loop = asyncio.get_running_loop()
    waits_s = []
    for _ in range(count):
        before = len(ledger.orders())
        await application.insert()
        committed = loop.time()
        async with asyncio.timeout(60):
            while len(ledger.orders()) == before:  # noqa: ASYNC110 - another process orders
                await asyncio.sleep(_LOOK_AGAIN_S)
        waits_s.append(ledger.orders()[before].started - committed)
        await asyncio.sleep(_SPACING_S)
    return PickUp(tuple(waits_s))
