"""Looks: one a persona, no two alike in a company, also across replicas."""

import json
from collections.abc import Callable

import asyncpg

from retrato.domain.errors import LeaseLostError
from retrato.domain.job import Job
from retrato.domain.look import Look
from retrato.store.database import Database
from retrato.store.queries import query


class Looks:
    """Keeps what was drawn. The table's unique fingerprint decides between two who draw at the same moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(
        self, job: Job, *, version: int, suits: Callable[[Look], bool], draw: Callable[[int], Look]
    ) -> Look:
        """
        How the job's persona looks on *version*.

        The look that it has is kept over all versions while it *suits* the row, and unless Forçar has asked for a
        new face. Otherwise *draw* is asked for look number 0, 1, 2 …, until one is free in the company; it must
        come to one that is free for sure.

        Raises:
            LeaseLostError: the job is not ours any more.

        """
        row = await self._database.fetchrow(query("read_look"), job.persona_id)
        attempt = 0
        if row is not None:
            look = Look.from_dict(json.loads(row["look"]))
            if (row["version"] == version or not job.new_face) and suits(look):
                return look
            attempt = look.attempt + 1
        while True:
            look = draw(attempt)
            if await self._keep(job, look, version):
                return look
            attempt += 1

    async def kept(self, persona_id: str) -> Look | None:
        """The look that a persona has, None while nothing was drawn for it."""
        row = await self._database.fetchrow(query("read_look"), persona_id)
        return Look.from_dict(json.loads(row["look"])) if row is not None else None

    async def _keep(self, job: Job, look: Look, version: int) -> bool:
        """Whether nobody else in the company has this look."""
        try:
            row = await self._database.fetchrow(
                query("keep_look"),
                job.persona_id,
                job.token,
                json.dumps(look.to_dict()),
                look.fingerprint,
                version,
            )
        except asyncpg.UniqueViolationError:
            return False
        if row is None:
            raise LeaseLostError(f"job {job.persona_id} is not held under fence {job.token} any more")
        return True
