"""Jobs: claim, keep, hand back. Every write names the fence of the claim that it belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from retrato.domain.job import Job
from retrato.store.database import Database
from retrato.store.floor import Floor, Sight
from retrato.store.queries import query, storable

_URGENT, _BULK = 0, 1
_BULK_FIRST_EVERY = 4
"""Every fourth claim that takes something begins with bulk work: urgent work goes first, but nothing starves."""
_MORE_JOBS = (0, 500, 500)
"""How many jobs more than wanted are looked at, while all that were found are of paused companies."""
_LOOK_BACK_EVERY_S = 12.0
"""How often a replica begins at the bottom again: what nobody gave a round lies below the floors."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """
    Jobs taken, in the order in which they should start.

    Without any: ``wait_s`` seconds until the turn may come, and seconds until the first waiting job is due.
    """

    jobs: Sequence[Job]
    wait_s: float = 0.0
    due_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a replica must know before it sleeps (look_before_sleep.sql)."""

    enqueuing: bool
    """Whether a transaction is under way that may have queued jobs without ringing."""
    claimable: bool
    """Whether there are jobs that could be claimed, were their rows not held by others at this moment."""
    due_in_s: float | None
    """Seconds until the first waiting job is due."""

    @property
    def restless(self) -> bool:
        """Whether there may be work that no bell will tell of, so that nobody may sleep for long."""
        return self.enqueuing or self.claimable


@dataclass(frozen=True, slots=True)
class Kept:
    """Answer to a heartbeat: the fences still owned, and whether jobs run that are not in this replica's hands."""

    owned: frozenset[int]
    others_run: bool


class Jobs:
    """The queue as one replica uses it."""

    def __init__(
        self,
        database: Database,
        *,
        replica_id: UUID,
        lease_s: float,
        look_back_every_s: float = _LOOK_BACK_EVERY_S,
    ) -> None:
        self._database = database
        self._replica_id = replica_id
        self._lease_s = lease_s
        # By lane, round and place; and the token of what runs.
        self._waiting = [Floor((0, 0), look_back_every_s=look_back_every_s) for _ in (_URGENT, _BULK)]
        self._running = Floor((0,), look_back_every_s=look_back_every_s)
        self._claims_served = 0

    async def claim(self, limit: int, *, pace_s: float, empresa_id: str | None = None) -> Claimed:
        """
        Take up to *limit* jobs that may start now, round the companies; one at a time where there is a pace.

        Jobs held by other replicas are passed over, so the result may be shorter. A job that has just become due
        may be taken by the next claim only. The lease ends ``lease_s`` seconds from now by the database's clock.

        Raises:
            StoreUnavailableError: Postgres could not be reached. Jobs that were taken all the same come back
                by their lease.

        """
        is_for_bulk = (self._claims_served + 1) % _BULK_FIRST_EVERY == 0
        lanes = [_BULK, _URGENT] if is_for_bulk else [_URGENT, _BULK]
        floors = [bound for floor in self._waiting for bound in floor.begin()]
        rows: list[asyncpg.Record] = []
        for more_jobs in _MORE_JOBS:
            rows = await self._database.fetch(
                query("claim_jobs"),
                limit,
                pace_s,
                lanes,
                self._lease_s,
                self._replica_id,
                floors,
                empresa_id,
                more_jobs,
            )
            for lane, floor in enumerate(self._waiting):
                floor.learn(_sight(rows[0], slice(2 * lane, 2 * lane + 2)))
            if not rows[0]["more_left"]:
                break
        if rows[0]["persona_id"] is None:
            return Claimed((), wait_s=max(0.0, rows[0]["wait_s"]), due_in_s=rows[0]["due_in_s"])
        self._claims_served += 1
        return Claimed([_job(row) for row in rows])

    async def look_before_sleep(self) -> Outlook:
        """Whether there may be work without a bell, and when the first waiting job is due."""
        (row,) = await self._database.fetch_fresh(
            query("look_before_sleep"), [bound for floor in self._waiting for bound in floor.at]
        )
        return Outlook(enqueuing=row["enqueuing"], claimable=row["claimable"], due_in_s=row["due_in_s"])

    async def heartbeat(self, held: Mapping[int, str], *, lock_key: int, locks: bool, version: str) -> Kept:
        """
        Say that this replica lives and lengthen the leases of *held* (fence → persona id).

        Raises:
            StoreUnavailableError: no answer within a quarter of the lease, so that there is time for another try.

        """
        row = await self._database.fetchrow(
            query("heartbeat"),
            self._replica_id,
            list(held.values()),
            list(held.keys()),
            self._lease_s,
            lock_key,
            locks,
            version,
            *self._running.begin(),
            timeout_s=self._lease_s / 4,
        )
        assert row is not None
        self._running.learn(
            Sight((row["seen"],), (row["reached"],), writer=row["writer"], oldest_writer=row["oldest_writer"])
        )
        return Kept(owned=frozenset(row["owned"]), others_run=row["others_run"])

    async def take_over(self, *, held: Iterable[int] = (), silence_s: float, most_takeovers: int) -> list[str]:
        """
        Put back into the queue what nobody works on any more; returns the personas.

        *held* are the fences in this replica's hands. A replica is dead when its lock is free and it has been
        silent for *silence_s* seconds; a job that has seen *most_takeovers* die fails.
        """
        rows = await self._database.fetch(
            query("take_over_jobs"), self._replica_id, silence_s, most_takeovers, list(held), *self._running.at
        )
        return [row["persona_id"] for row in rows]

    async def release(
        self,
        job: Job,
        *,
        delay_s: float = 0,
        reason: str | None = None,
        waits_for: Sequence[str] | None = None,
    ) -> bool:
        """
        Hand a job back without burning an attempt; returns whether it was still ours.

        *waits_for* are the legs for whose sake it is delayed: one that an operator resumes calls it. None = not
        said.
        """
        row = await self._database.write(
            query("release_job"),
            job.persona_id,
            job.token,
            delay_s,
            None if reason is None else storable(reason, 2000),
            None if waits_for is None else list(waits_for),
        )
        return row is not None

    async def retry(
        self,
        job: Job,
        *,
        most_attempts: int,
        delay_s: float,
        fault: str,
        error: str,
        waits_for: Sequence[str] | None = None,
    ) -> str | None:
        """
        End a failed run: back into the queue in *delay_s* seconds, or failed after *most_attempts*.

        *waits_for* as in `release`. Returns the job's new state, None when it was not ours any more.
        """
        row = await self._database.write(
            query("retry_job"),
            job.persona_id,
            job.token,
            job.generation,
            delay_s,
            most_attempts,
            fault,
            storable(error, 2000),
            None if waits_for is None else list(waits_for),
        )
        return row["state"] if row else None

    async def drop(self, job: Job) -> bool:
        """
        Remove a job whose persona is gone or not ready: there is nothing to draw.

        Returns False when the persona has become ready meanwhile, and the job is back in the queue instead.
        """
        async with self._database.transaction() as connection:
            if await connection.fetchrow(query("lock_job"), job.persona_id, job.token) is None:
                return True  # with its persona, or somebody else's now
            if await connection.fetchrow(query("drop_job"), job.persona_id, job.token) is not None:
                return True
            await connection.execute(query("release_job"), job.persona_id, job.token, 0, None, ())
            return False

    async def forget_replica(self) -> None:
        """Remove this replica's row: it stops in peace."""
        await self._database.execute(query("forget_replica"), self._replica_id)


def _job(row: asyncpg.Record) -> Job:
    return Job(
        persona_id=row["persona_id"],
        empresa_id=row["empresa_id"],
        token=row["token"],
        generation=row["generation"],
        attempts=row["attempts"],
        takeovers=row["takeovers"],
        version=row["version"],
        new_face=row["new_face"],
        waited_s=row["waited_s"],
    )


def _sight(row: asyncpg.Record, of_lane: slice) -> Sight:
    return Sight(
        seen=tuple(row["seen"][of_lane]),
        reached=tuple(row["reached"][of_lane]),
        writer=row["writer"],
        oldest_writer=row["oldest_writer"],
    )
