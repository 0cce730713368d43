"""Jobs: claim, keep, hand back. Every write names the fence of the claim that it belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from retrato.domain.job import Job
from retrato.store.database import Database
from retrato.store.queries import query, storable

_URGENT, _BULK = 0, 1
_PROMOTED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Claimed:
    """Jobs taken, in the order in which they should start; without any, seconds until the turn may come."""

    jobs: Sequence[Job]
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a replica must know before it sleeps (look_before_sleep.sql)."""

    enqueuing: bool
    due_in_s: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Answer to a heartbeat: the fences still owned, and whether other replicas have work in hand."""

    owned: frozenset[int]
    others_work: bool


class Jobs:
    """The queue as one replica uses it."""

    def __init__(self, database: Database, *, replica_id: UUID, lease_s: float) -> None:
        self._database = database
        self._replica_id = replica_id
        self._lease_s = lease_s
        self._claim = query("claim_jobs")
        self._look = query("look_before_sleep")
        self._promote = query("promote_jobs")
        self._heartbeat = query("heartbeat")
        self._take_over = query("take_over_jobs")

    async def claim(
        self,
        limit: int,
        *,
        pace_s: float,
        position: str = "",
        bulk_first: bool = False,
        empresa_id: str | None = None,
    ) -> Claimed:
        """
        Take up to *limit* jobs that may start now, round the companies; one at a time where there is a pace.

        Jobs held by other replicas are passed over, so the result may be shorter. *position* is the company
        served last (used without a pace only; with one the database knows it). The lease ends ``lease_s``
        seconds from now by the database's clock.

        Raises:
            StoreUnavailableError: Postgres could not be reached. Jobs that were taken all the same come back
                by their lease.

        """
        lanes = [_BULK, _URGENT] if bulk_first else [_URGENT, _BULK]
        async with self._database.connection() as connection:
            await connection.execute(self._promote, _PROMOTED_AT_ONCE)
            rows = await connection.fetch(
                self._claim, limit, pace_s, lanes, self._lease_s, self._replica_id, position, empresa_id
            )
        if len(rows) == 1 and rows[0]["persona_id"] is None:
            return Claimed((), wait_s=max(0.0, rows[0]["wait_s"]))
        jobs = [
            Job(
                persona_id=row["persona_id"],
                empresa_id=row["empresa_id"],
                token=row["token"],
                generation=row["generation"],
                attempts=row["attempts"],
                takeovers=row["takeovers"],
                version=row["version"],
                waited_s=row["waited_s"],
            )
            for row in rows
        ]
        return Claimed(jobs)

    async def look_before_sleep(self) -> Outlook:
        """Whether hints may be missing now, and when the first waiting job is due."""
        row = await self._database.fetchrow(self._look)
        assert row is not None
        return Outlook(enqueuing=row["enqueuing"], due_in_s=row["due_in_s"])

    async def heartbeat(self, held: Mapping[int, str], *, lock_key: int, locks: bool, version: str) -> Kept:
        """Say that this replica lives and lengthen the leases of *held* (fence → persona id)."""
        row = await self._database.fetchrow(
            self._heartbeat,
            self._replica_id,
            list(held.values()),
            list(held.keys()),
            self._lease_s,
            lock_key,
            locks,
            version,
        )
        assert row is not None
        return Kept(owned=frozenset(row["owned"]), others_work=row["others_work"])

    async def take_over(self, *, silence_s: float, most_takeovers: int) -> list[str]:
        """Put the jobs of dead replicas back into the queue; returns the personas."""
        rows = await self._database.fetch(self._take_over, self._replica_id, silence_s, most_takeovers)
        return [row["persona_id"] for row in rows]

    async def release(self, jobs: Sequence[Job], *, delay_s: float = 0, reason: str | None = None) -> int:
        """Hand jobs back without burning an attempt; returns how many were still ours."""
        rows = await self._database.fetch(
            query("release_jobs"),
            [job.persona_id for job in jobs],
            [job.token for job in jobs],
            delay_s,
            reason,
        )
        return len(rows)

    async def retry(self, job: Job, *, most_attempts: int, delay_s: float, fault: str, error: str) -> str | None:
        """
        End a failed run: back into the queue in *delay_s* seconds, or failed after *most_attempts*.

        Returns the job's new state, None when it was not ours any more.
        """
        row = await self._database.fetchrow(
            query("retry_job"),
            job.persona_id,
            job.token,
            most_attempts,
            delay_s,
            fault,
            storable(error, 2000),
            job.generation,
        )
        return row["state"] if row else None

    async def drop(self, job: Job) -> None:
        """Remove a job that has nothing to draw: its persona is gone or not ready any more."""
        await self._database.execute(query("drop_job"), job.persona_id, job.token)

    async def forget_replica(self) -> None:
        """Remove this replica's row: it stops in peace."""
        await self._database.execute(query("forget_replica"), self._replica_id)
