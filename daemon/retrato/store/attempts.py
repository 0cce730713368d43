"""Attempts: one row per call to a provider, committed before the call."""

from retrato.domain.errors import LeaseLostError
from retrato.domain.faults import Fault
from retrato.domain.job import Job
from retrato.store.database import Database
from retrato.store.queries import query, storable


class AttemptLog:
    """The real ``generation.ports.AttemptLog``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, job: Job, *, version: int, provider: str, leg: str, model: str, seed: int, redraw: int
    ) -> int:
        """
        Commit an attempt in state ``sending`` and return its id.

        Raises:
            LeaseLostError: the job is not ours any more; the call must not be made.

        """
        row = await self._database.fetchrow(
            query("begin_attempt"), job.persona_id, job.token, version, provider, leg, model, seed, redraw
        )
        if row is None:
            raise LeaseLostError(f"job {job.persona_id} is not held under fence {job.token} any more")
        return int(row["id"])

    async def note_request(self, attempt_id: int, request_id: str) -> None:
        """Keep the provider's id of the request, as soon as it is known."""
        await self._database.execute(query("note_request"), attempt_id, request_id)

    async def note_picture(self, job: Job, *, image_key: str, sha256: str) -> None:
        """Keep where the picture of the attempt that succeeded is stored, before the write-back."""
        await self._database.execute(query("note_picture"), job.token, image_key, sha256, job.persona_id)

    async def succeed(self, attempt_id: int, *, cost_usd: float | None, seed: int | None) -> None:
        """The provider delivered a usable picture."""
        await self._end(attempt_id, "succeeded", cost_usd=cost_usd, seed=seed)

    async def fail(self, attempt_id: int, *, fault: Fault, error: str, cost_usd: float | None) -> None:
        """The attempt ended without a usable picture."""
        await self._end(attempt_id, "failed", fault=fault.value, error=storable(error, 2000), cost_usd=cost_usd)

    async def _end(
        self,
        attempt_id: int,
        state: str,
        *,
        fault: str | None = None,
        error: str | None = None,
        cost_usd: float | None,
        seed: int | None = None,
    ) -> None:
        await self._database.execute(query("end_attempt"), attempt_id, state, fault, error, cost_usd, seed)
