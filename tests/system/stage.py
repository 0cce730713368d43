"""
The stage of one case: a database, its application, the providers, the replicas, and the auditor at the end.

Every claim is written down by a trigger of the tests' own, for the jobs themselves are gone when they are done.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from tests.e2e.processes import Shell
from tests.system.application import Application
from tests.system.auditor import Auditor, Findings
from tests.system.pick_up import PickUp
from tests.system.replicas import Replica, Replicas, open_replicas
from tests.system.report import Report

from retrato.simulator.server import Simulator
from retrato.store.queries import REPLICA_LOCK_CLASS

_LISTENERS = f"""
select a.backend_start as since
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.classid = {REPLICA_LOCK_CLASS} and a.datname = current_database()
order by since
"""
_QUIET = "select not exists (select from retrato.jobs where state <> 'failed')"


class Stage:
    """Everything that a case needs."""

    def __init__(
        self, application: Application, simulator: Simulator, shell: Shell, replicas: Replicas, report: Report
    ) -> None:
        self.application = application
        self.simulator = simulator
        self.shell = shell
        self.replicas = replicas
        self._report = report

    async def jobs_of(self, replica: Replica) -> list[str]:
        """The personas that *replica* works on now."""
        rows = await self.application.fetch(
            "select persona_id from retrato.jobs where state = 'running' and replica_id = $1::text::uuid",
            replica.id,
        )
        return [row["persona_id"] for row in rows]

    async def claimed_since(self, moment: datetime, *, personas: Sequence[str] | None = None) -> float:
        """
        Wait until each of *personas*, or just anybody, was claimed after *moment*.

        Returns the seconds from *moment* to the last of these claims, or to anybody's first.
        """
        if personas is None:
            first = await self.application.until("select min(at) from public.claims where at > $1", moment)
            return seconds(first - moment)
        last = await self.application.until(
            """
            select case when count(*) = cardinality($2::text[]) then max(first) end
            from (
                select min(at) as first from public.claims
                where at > $1 and persona_id = any($2::text[])
                group by persona_id
            ) again
            """,
            moment,
            list(personas),
        )
        return seconds(last - moment)

    async def listening_since(self, moment: datetime) -> tuple[float, float]:
        """Wait until all replicas listen; seconds from *moment* until the first did, and the last; 0 if before."""
        async with asyncio.timeout(60):
            while (  # noqa: ASYNC110 - other processes connect
                len(rows := await self.application.fetch(_LISTENERS)) < len(self.replicas.running)
            ):
                await asyncio.sleep(0.02)
        first, last = (max(0.0, seconds(row["since"] - moment)) for row in (rows[0], rows[-1]))
        return first, last

    async def claims(self) -> list[asyncpg.Record]:
        """All claims so far, in order: persona_id, token, takeovers, attempts, at."""
        return await self.application.fetch("select * from public.claims order by at")

    async def takeovers(self) -> int:
        """How many claims were of jobs that had been taken over from a replica."""
        return int(await self.application.value("select count(*) from public.claims where takeovers > 0"))

    async def quiet(self) -> None:
        """Wait until nothing is queued and nobody works."""
        await self.application.until(_QUIET)

    @property
    def pictures(self) -> Path:
        """The folder that all replicas store their pictures in."""
        return self.shell.folder / ".retrato" / "avatars"

    async def audit(self) -> Findings:
        """What the auditor finds when all is quiet."""
        await self.quiet()
        return await Auditor(self.application, self.simulator.world.ledger, self.pictures).audit()

    async def settle(
        self,
        case: str,
        *,
        recovery_s: float | None = None,
        limit_s: float | None = None,
        remark: str = "",
        pick_up: PickUp | None = None,
    ) -> Findings:
        """
        Wait until all is quiet, audit, add a row to the table, and insist: nothing lost, doubled or paid twice.

        A picture may be paid for twice only where the replica died before it could note the provider's id of the
        request; the table shows it, and says so.
        """
        findings = await self.audit()
        self._report.add(
            case,
            lost=findings.lost,
            doubled=findings.doubled,
            paid_twice=findings.paid_twice,
            recovery_s=recovery_s,
            limit_s=limit_s,
            remark="; ".join(filter(None, (remark, str(pick_up or ""), _excuse(findings)))),
        )
        wrong = findings.lost or findings.doubled or findings.missing_pictures or findings.unexplained
        assert not wrong, findings
        if recovery_s is not None and limit_s is not None:
            assert recovery_s <= limit_s, f"{case}: {recovery_s:.2f} s"
        return findings


def _excuse(findings: Findings) -> str:
    return f"paid twice: died before it had heard the request's id, {findings.paid_twice}" * bool(
        findings.paid_twice
    )


def now() -> datetime:
    """The moment. The servers run on the same machine, so it is their clock too."""
    return datetime.now(UTC)


def seconds(span: timedelta) -> float:
    """A span of time as a number of seconds."""
    return span.total_seconds()


@asynccontextmanager
async def open_stage(dsn: str, simulator: Simulator, shell: Shell, report: Report) -> AsyncIterator[Stage]:
    """The stage for the length of the block; *dsn* leads straight to Postgres."""
    application = Application(dsn)
    await application.open()
    try:
        async with open_replicas(shell, application) as replicas:
            yield Stage(application, simulator, shell, replicas, report)
    finally:
        await application.close()
