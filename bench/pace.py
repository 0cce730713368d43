"""
How close to the bound a company is drawn: n personas, one start every PACE seconds, LATENCY seconds a picture.

The bound is (n - 1) x PACE + LATENCY: nobody can be faster who keeps the pace. Measured is the time from the
COMMIT of the insert to the COMMIT of the last write-back, both by the database's clock, with the real daemon as a
process of its own, a real Postgres and simulated providers.

    python bench/pace.py                            scaled down: 16 personas, pace 0.05 s, latency 0.1 s
    python bench/pace.py --pace 5 --latency 10 --leg fal-ai      in real time, about 90 s
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from pathlib import Path

import asyncpg

from retrato.embedded.server import EmbeddedPostgres
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import migrations, sample

TOOK = """
select extract(epoch from max(a.created_at) - min(p.created_at))
from retrato.avatars a join personas p on p.id::text = a.persona_id
"""


async def one_run(dsn: str, folder: Path, args: argparse.Namespace) -> float:
    """Insert a company, wait for its last avatar; returns the seconds between the two commits."""
    scenario = Scenario(latency_seconds={"default": (args.latency, args.latency)})
    async with Simulator(scenario) as simulator:
        environment = {
            "PATH": os.environ["PATH"],
            "RETRATO_DATABASE_URL": dsn,
            "RETRATO_PACE_SECONDS": str(args.pace),
            "RETRATO_PROVIDERS": "huggingface",
            "RETRATO_CONCURRENCY": str(args.concurrency),
            "RETRATO_CONSOLE_PORT": "0",
            "RETRATO_DATA_DIR": str(folder),
            "RETRATO_LOG_LEVEL": "warning",
            "HUGGINGFACE_API_KEY": "hf_simulated",
            **simulator.urls.as_settings(),
        }
        if args.leg == "endpoint":
            environment["RETRATO_HUGGINGFACE_ENDPOINT_URL"] = simulator.urls.huggingface_endpoint
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "retrato", "run", env=environment, cwd=folder
        )
        connection = await asyncpg.connect(dsn)
        try:
            while not await connection.fetchval("select count(*) from retrato.replicas"):
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)  # the daemon has gone to sleep
            await sample.insert_company(dsn, personas=args.personas)
            while await connection.fetchval("select count(*) from retrato.avatars") < args.personas:
                await asyncio.sleep(0.05)
            return float(await connection.fetchval(TOOK))
        finally:
            await connection.close()
            daemon.terminate()
            await daemon.wait()


async def main(args: argparse.Namespace) -> None:
    """Run and print."""
    bound = (args.personas - 1) * args.pace + args.latency
    with (
        tempfile.TemporaryDirectory(prefix="retrato-bench-") as name,
        EmbeddedPostgres(Path(name)) as server,
    ):
        await sample.create_host_tables(server.dsn)
        await migrations.apply(server.dsn)
        took = [await one_run(server.dsn, Path(name), args) for _ in range(args.runs)]
    median = statistics.median(took)
    print(
        f"{args.personas} personas, pace {args.pace:g} s, latency {args.latency:g} s, {args.leg}: "
        f"median {median:.3f} s of {[round(t, 3) for t in took]}, bound {bound:.3f} s, ratio {median / bound:.3f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--personas", type=int, default=16)
    parser.add_argument("--pace", type=float, default=0.05)
    parser.add_argument("--latency", type=float, default=0.1)
    # The endpoint answers with the picture itself; fal-ai's queue is polled, every half second at first.
    parser.add_argument("--leg", default="endpoint", choices=["endpoint", "fal-ai"])
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    asyncio.run(main(parser.parse_args()))
