"""The queue as a replica sees it that has jobs in hand, and what each of its statements costs at the moment."""

from collections.abc import Sequence
from uuid import uuid4

import asyncpg

from retrato.domain.job import Job
from retrato.store.avatars import Avatars, Finished
from retrato.store.jobs import Jobs, Kept

from .scales import Cost, Scales, cost

_LEASE_S = 600.0
_AT_ONCE = 50
_ENQUEUE = "select retrato.enqueue(array['a'], array['c1'], 1::smallint, false)"
_FILL = """
select retrato.enqueue(array_agg('p' || n), array_agg('c' || n % $3::integer), 1::smallint, false)
from generate_series($1::integer + 1, $1::integer + $2::integer) n
"""


class WeighedQueue:
    """Grows and shrinks on command; all that a replica asks of it can be weighed."""

    def __init__(self, connection: asyncpg.Connection, scales: Scales) -> None:
        self.connection = connection
        self._scales = scales
        self._jobs = Jobs(scales, replica_id=uuid4(), lease_s=_LEASE_S, look_back_every_s=_LEASE_S)
        self._held: Sequence[Job] = ()
        self._queued = 0

    async def take(self, jobs: int) -> None:
        """Take *jobs* jobs in hand: they are what is weighed with."""
        self._held = (await self._jobs.claim(jobs, pace_s=0)).jobs

    async def fill(self, jobs: int, *, companies: int) -> None:
        """Queue *jobs* more, round the *companies*; no persona of the application's stands behind them."""
        while jobs > 0:
            step = min(jobs, 100_000)
            await self.connection.execute(_FILL, self._queued, step, companies)
            self._queued += step
            jobs -= step

    async def finish(self, jobs: int) -> None:
        """
        Claim and end *jobs* jobs, and beat, as a replica does that lives through it.

        Their rows and index entries stay until a vacuum can remove them.
        """
        while jobs > 0:
            done = (await self._jobs.claim(min(jobs, _AT_ONCE), pace_s=0)).jobs
            await self.connection.execute(
                "delete from retrato.jobs where persona_id = any($1)", [job.persona_id for job in done]
            )
            jobs -= len(done)
        for _ in range(2):
            await self._beat()

    async def costs(self, *, calls: int = 2) -> dict[str, Cost]:
        """Cost by statement; by the plans that the session keeps, see `forget_plans`."""
        fences = self._fences()
        asked = {
            "claim of one": lambda: self._jobs.claim(1, pace_s=0),
            "claim of twenty": lambda: self._jobs.claim(20, pace_s=0),
            "claim in its turn": lambda: self._jobs.claim(1, pace_s=0.001),
            "claim for a company": lambda: self._jobs.claim(1, pace_s=0, empresa_id="c1"),
            "claim for nobody": lambda: self._jobs.claim(1, pace_s=0, empresa_id="zzz"),
            "look before sleep": self._jobs.look_before_sleep,
            "heartbeat": self._beat,
            "take-over": lambda: self._jobs.take_over(held=fences, silence_s=4, most_takeovers=3),
            "write-back": lambda: Avatars(self._scales).write(_finished(self._held[0])),
        }
        costs = {name: await self._scales.weigh(ask, calls=calls) for name, ask in asked.items()}
        return {**costs, "enqueue": await cost(self.connection, _ENQUEUE, calls=calls)}

    def _fences(self) -> dict[int, str]:
        return {job.token: job.persona_id for job in self._held}

    async def _beat(self) -> Kept:
        return await self._jobs.heartbeat(self._fences(), lock_key=1, locks=True, version="bench")

    async def forget_plans(self) -> None:
        """Functions plan anew, with what the planner believes now."""
        await self._scales.forget_plans()
        await self.connection.execute("discard plans")


def _finished(job: Job) -> Finished:
    """A first version of the job's persona."""
    url = f"https://pictures.example/{job.token}"
    return Finished(
        persona_id=job.persona_id,
        token=job.token,
        generation=job.generation,
        version=1,
        image_key=f"{job.token}.webp",
        thumbnail_key=f"{job.token}-small.webp",
        image_url=f"{url}.webp",
        thumbnail_url=f"{url}-small.webp",
        sha256="0" * 64,
        image_bytes=240_188,
        stored_bytes=252_410,
        width=1024,
        height=1024,
        provider="none",
        leg="none",
        model="none",
        prompt="A portrait of Ana",
        seed=768726142,
        redraw=0,
        steps=28,
        guidance=3.5,
        cost_usd=0.025,
        attempts=1,
        took_s=4.2,
        service="none",
        metadados={"flux_generation": {"seed_used": 768726142}},
    )
