"""
The legs' breakers: one row per leg, shared by all replicas, by the server's clock.

What only a person can mend (a key, the credit, a model) suspends the leg for the account that met it, known by
the fingerprint of its settings (`providers.fingerprints`): a replica with another key asks at once, and one that
still has the old key does not suspend the leg for the others.
"""

import json
from collections.abc import Mapping

from retrato.domain.faults import POLICIES, Fault, counted_wait_s, counted_with
from retrato.store.database import Database
from retrato.store.queries import query, storable


class LegBook:
    """The real ``generation.ports.LegBook``. *keys* are the fingerprints of our accounts, by provider."""

    def __init__(self, database: Database, *, keys: Mapping[str, str] | None = None) -> None:
        self._database = database
        self._keys = dict(keys or {})

    async def closed(self) -> dict[str, float]:
        """Legs that must not be called now, with the seconds until each may be; > 0."""
        rows = await self._database.fetch(query("closed_legs"), json.dumps(self._keys))
        return {row["leg"]: row["opens_in_s"] for row in rows}

    async def succeeded(self, leg: str) -> None:
        """A call on *leg* went well: its row of faults ends, and so does its suspension."""
        await self._database.execute(query("record_leg_success"), leg, self._key(leg))

    async def failed(self, leg: str, *, fault: Fault, reason: str, retry_after_s: float | None) -> None:
        """
        A call on *leg* failed: count it and, by the fault's policy, suspend the leg for a while.

        Faults are counted among their kind (`counted_with`). The wait that a provider states goes before the
        policy's, as far as it counts (`counted_wait_s`).
        """
        policy = POLICIES[fault]
        if policy.breaker is None:  # the prompt or the request was at fault, not the leg
            await self._database.execute(query("end_probe"), leg, self._key(leg))
            return
        belongs_to_account = policy.alert and self._key(leg) is not None
        await self._database.execute(
            query("record_key_fault" if belongs_to_account else "record_leg_fault"),
            leg,
            fault.value,
            storable(reason, 500),
            counted_wait_s(fault, retry_after_s),
            policy.breaker.opens_after,
            policy.breaker.first_s,
            policy.breaker.longest_s,
            *([self._key(leg)] if belongs_to_account else [sorted(counted_with(fault)), self._key(leg)]),
        )

    async def call_waiting(self, *, has_just_started: bool) -> int:
        """
        Let the jobs come now that wait for what is suspended for other accounts only; returns how many there were.

        A replica that *has_just_started* may have been given money or another provider: jobs that wait for these
        come too.
        """
        row = await self._database.write(query("call_waiting"), json.dumps(self._keys), has_just_started)
        assert row is not None
        return int(row["called"])

    def _key(self, leg: str) -> str | None:
        return self._keys.get(leg.partition("/")[0])
