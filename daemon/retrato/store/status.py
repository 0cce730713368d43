"""How things stand: for ``status``, for progress bars and for reports. Reads only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from retrato.store.database import Database
from retrato.store.migrations import standing
from retrato.store.queries import query
from retrato.store.standing import Standing

STATES = ("ready", "running", "queued", "retrying", "failed", "missing", "waiting")
UNDER_WAY = ("running", "queued", "retrying")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaStatus:
    """One row of the view ``retrato.persona_status``."""

    persona_id: str
    empresa_id: str
    name: str | None
    state: str
    provider: str | None
    attempts: int
    last_error: str | None
    avatar_url: str | None
    thumbnail_url: str | None
    version: int | None
    seed: int | None
    took_s: float | None
    generated_at: datetime | None
    run_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegStatus:
    """
    A leg that was asked at least once; ``median_s`` and the counts are those of the last 24 hours.

    ``state`` is ``available``, ``suspended`` (``closed``, until ``suspended_until``) or ``probing`` (the next call
    decides), for our account; another account may be suspended until ``other_key_until``.
    """

    leg: str
    state: str
    closed: bool
    suspended_until: datetime | None
    opens_in_s: float | None
    other_key_until: datetime | None
    faults_in_row: int
    last_fault: str | None
    reason: str | None
    succeeded_at: datetime | None
    succeeded_24h: int
    failed_24h: int
    median_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaStatus:
    """A replica that lives; ``locks`` is whether its lock can tell its death at once."""

    replica_id: str
    version: str
    locks: bool
    started_at: datetime
    silent_s: float
    running: int


def mixed_since(replicas: Sequence[ReplicaStatus]) -> datetime | None:
    """Since when replicas of more than one release have been alive; None where all are of one."""
    began: dict[str, datetime] = {}
    for replica in replicas:
        began[replica.version] = min(replica.started_at, began.get(replica.version, replica.started_at))
    return max(began.values()) if len(began) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one company paid to one provider in one month; pictures of unknown cost are counted, not guessed."""

    month: date
    empresa_id: str
    provider: str
    pictures: int
    cost_usd: float
    of_unknown_cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOrder:
    """With what a version was drawn, or would be: enough to draw it again. Sizes in pixels."""

    persona_id: str
    version: int
    seed: int | None
    prompt: str
    leg: str | None = None
    model: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsBudget:
    """The current month's money: spent, and set aside for calls under way or of unknown outcome."""

    month: date
    spent_usd: float
    reserved_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """So many jobs were tried and handed back, no attempt counted, for this reason."""

    reason: str
    jobs: int


class Status:
    """Reads the view and the tables of state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ping(self) -> None:
        """
        Ask the database for an answer.

        Raises:
            StoreUnavailableError: there is none.

        """
        await self._database.execute("select 1")

    async def standing(self) -> Standing:
        """How the database's schema stands to this release."""
        async with self._database.connection() as connection:
            return await standing(connection)

    async def counts(self, empresa_id: str | None = None) -> dict[str, dict[str, int]]:
        """Company → state → number of personas; states without personas are left out."""
        counts: dict[str, dict[str, int]] = {}
        for row in await self._database.fetch(query("count_by_state"), empresa_id):
            counts.setdefault(row["empresa_id"], {})[row["state"]] = row["personas"]
        return counts

    async def failed_companies(self) -> list[str]:
        """Companies with failed personas."""
        return [row["empresa_id"] for row in await self._database.fetch(query("failed_companies"))]

    async def personas(
        self,
        *,
        empresa_id: str | None = None,
        persona_ids: Sequence[str] | None = None,
        states: Sequence[str] | None = None,
        limit: int = 1000,
    ) -> list[PersonaStatus]:
        """Personas by name; at most *limit*."""
        rows = await self._database.fetch(query("list_personas"), empresa_id, persona_ids, states, limit)
        return [PersonaStatus(**dict(row)) for row in rows]

    async def ids_of_personas_named(self, name: str, *, empresa_id: str | None = None) -> list[str]:
        """Who is called so, case and blanks around it aside; of one company where that is told."""
        rows = await self._database.fetch(query("find_personas_named"), name, empresa_id)
        return [row["persona_id"] for row in rows]

    async def order_of(self, persona_id: str, version: int) -> PastOrder | None:
        """With what a version was drawn, None where there is no such version."""
        row = await self._database.fetchrow(query("past_order"), persona_id, version)
        return PastOrder(**dict(row)) if row is not None else None

    async def legs(self, keys: Mapping[str, str] | None = None) -> list[LegStatus]:
        """
        All legs that were ever asked, as they are for our accounts.

        *keys* are the fingerprints of these, by provider; where one is missing, whichever account is suspended
        longest counts.
        """
        rows = await self._database.fetch(query("list_legs"), json.dumps(dict(keys or {})))
        return [LegStatus(**dict(row)) for row in rows]

    async def key_salt(self) -> str:
        """What fingerprints of keys are salted with in this installation."""
        row = await self._database.fetchrow(query("read_key_salt"))
        assert row is not None
        return str(row["salt"])

    async def waiting(self) -> int:
        """How many jobs wait to be drawn, whenever; those of paused companies are not counted."""
        row = await self._database.fetchrow(query("count_waiting"))
        assert row is not None
        return int(row["waiting"])

    async def why_jobs_wait(self) -> list[Wait]:
        """The commonest reasons; jobs that nobody has tried yet have none."""
        return [Wait(**dict(row)) for row in await self._database.fetch(query("why_jobs_wait"))]

    async def replicas(self, *, seen_within_s: float) -> list[ReplicaStatus]:
        """Replicas that gave a sign of life lately."""
        rows = await self._database.fetch(query("list_replicas"), seen_within_s)
        return [ReplicaStatus(**dict(row)) for row in rows]

    async def costs(self, *, months: int = 1, empresa_id: str | None = None) -> list[Cost]:
        """What was paid in the last *months* calendar months (UTC), this one included."""
        rows = await self._database.fetch(query("sum_costs"), months, empresa_id)
        return [Cost(**dict(row)) for row in rows]

    async def budget(self) -> MonthsBudget | None:
        """What the current month's budget must count, whenever it was set; None where nothing was paid for."""
        row = await self._database.fetchrow(query("this_months_budget"))
        return MonthsBudget(**dict(row)) if row is not None else None
