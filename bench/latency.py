"""
How soon an idle replica begins, and what an idle replica asks of the database.

Pick-up: from the COMMIT of a single insert to the claim, both by the server's clock (``track_commit_timestamp``,
and ``jobs.started_at``), with the whole daemon as a process and simulated providers; it sleeps in between.
Idle load: all statements of the daemon in so many minutes without work, as the server's log has them.

    python bench/latency.py                              about six minutes
    python bench/latency.py --samples 50 --minutes 1     a look
"""

import argparse
import asyncio
import random
import re
import statistics
from dataclasses import dataclass

import asyncpg

from retrato.embedded.server import EmbeddedPostgres
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from scale.ground import connected, daemon, install, postgres

_PICTURE_S = 0.2
_SETTLE_S = 3.0
_COMPANY = "insert into empresas (codigo, nome, descricao) values ('a', 'a', '-') returning id"
_INSERT = """
insert into personas (persona_code, full_name, role, empresa_id)
values (gen_random_uuid(), 'Ana Souza', 'Analista', $1)
returning id::text, pg_current_xact_id()::xid as xid
"""
_PICKED_UP = """
select extract(epoch from started_at - pg_xact_commit_timestamp($2))::float8 * 1000
from retrato.jobs
where persona_id = $1 and state = 'running'
"""
_STATEMENT = re.compile(r"^retrato\|LOG:  duration: ([\d.]+) ms  (?:execute [^:]*|statement): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class IdleLoad:
    """What the daemon did while there was nothing to do."""

    statements_per_minute: float
    longest_ms: float
    connections: int
    by_beginning: dict[str, int]


async def pick_up_ms(connection: asyncpg.Connection, company: object) -> float:
    """One insert, and the milliseconds until it was claimed; returns when it is drawn."""
    persona_id, xid = await connection.fetchrow(_INSERT, company)
    while (took_ms := await connection.fetchval(_PICKED_UP, persona_id, xid)) is None:
        await asyncio.sleep(0.01)
    while await connection.fetchval("select exists (select from retrato.jobs)"):
        await asyncio.sleep(0.01)
    return float(took_ms)


async def pick_ups(dsn: str, samples: int) -> list[float]:
    """So many pick-ups, with the replica asleep in between."""
    rng = random.Random(7)
    took_ms = []
    async with connected(dsn) as connection:
        company = await connection.fetchval(_COMPANY)
        for _ in range(samples):
            await asyncio.sleep(rng.uniform(0.02, 0.1))
            took_ms.append(await pick_up_ms(connection, company))
    return took_ms


async def idle_load(server: EmbeddedPostgres, minutes: float) -> IdleLoad:
    """Count what the server logs of the daemon; before, it has logged no statement."""
    async with connected(server.dsn) as connection:
        await connection.execute("alter system set log_min_duration_statement = 0")
        await connection.execute("select pg_reload_conf()")
        await asyncio.sleep(minutes * 60)
        told = await asyncio.to_thread(server.log_path.read_text, encoding="utf-8", errors="replace")
        connections = await connection.fetchval(
            "select count(*) from pg_stat_activity where application_name = 'retrato'"
        )
    found = _STATEMENT.findall(told)
    beginnings = [statement.strip()[:60] or "(a comment)" for _, statement in found]
    return IdleLoad(
        statements_per_minute=len(found) / minutes,
        longest_ms=max((float(took) for took, _ in found), default=0.0),
        connections=connections,
        by_beginning={beginning: beginnings.count(beginning) for beginning in sorted(set(beginnings))},
    )


async def main(args: argparse.Namespace) -> None:
    """Run and print."""
    scenario = Scenario(latency_seconds={"default": (_PICTURE_S, _PICTURE_S)})
    with postgres(track_commit_timestamp="on", log_line_prefix="%a|") as server:
        await install(server.dsn)
        async with Simulator(scenario) as simulator, daemon(server.dsn, simulator):
            await asyncio.sleep(_SETTLE_S)
            took_ms = await pick_ups(server.dsn, args.samples)
            await asyncio.sleep(_SETTLE_S)
            load = await idle_load(server, args.minutes)
    cuts = statistics.quantiles(took_ms, n=100)
    print(
        f"pick-up of {args.samples}: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, longest {max(took_ms):.1f} ms"
    )
    print(
        f"idle, {args.minutes:g} min: {load.statements_per_minute:.1f} statements a minute, the longest "
        f"{load.longest_ms:.1f} ms, {load.connections} connections"
    )
    for beginning, times in load.by_beginning.items():
        print(f"  {times / args.minutes:5.1f} a minute  {beginning}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=2.0, help="of the idle load")
    asyncio.run(main(parser.parse_args()))
