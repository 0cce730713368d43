"""The legs' breakers: one row per leg, shared by all replicas, by the server's clock."""

from retrato.domain.faults import POLICIES, Fault, counted_wait_s, counted_with
from retrato.store.database import Database
from retrato.store.queries import query, storable


class LegBook:
    """The real ``generation.ports.LegBook``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def closed(self) -> dict[str, float]:
        """Legs that must not be called now, with the seconds until each opens; > 0."""
        rows = await self._database.fetch(query("closed_legs"))
        return {row["leg"]: row["opens_in_s"] for row in rows}

    async def succeeded(self, leg: str) -> None:
        """A call on *leg* went well: its row of faults ends."""
        await self._database.execute(query("record_leg_success"), leg)

    async def failed(self, leg: str, *, fault: Fault, reason: str, retry_after_s: float | None) -> None:
        """
        A call on *leg* failed: count it and, by the fault's policy, close the leg for a while.

        Faults are counted among their kind (`counted_with`). The wait that a provider states goes before the
        policy's, as far as it counts (`counted_wait_s`).
        """
        policy = POLICIES[fault]
        if policy.breaker is None:  # the prompt or the request was at fault, not the leg
            await self._database.execute(query("end_probe"), leg)
            return
        await self._database.execute(
            query("record_leg_fault"),
            leg,
            fault.value,
            storable(reason, 500),
            counted_wait_s(fault, retry_after_s),
            policy.breaker.opens_after,
            policy.breaker.first_s,
            policy.breaker.longest_s,
            sorted(counted_with(fault)),
        )
