"""
What grows with the size of the queue, and what does not.

    python -m bench.scale.scale                   a million jobs, 10,000 companies, up to 8 replicas; 10 minutes
    python -m bench.scale.scale --jobs 10000      a look

Run it from the checkout. The raw figures go to bench/scale/results.json, from which report.py writes README.md and
the plots; for these matplotlib is installed into bench/scale/.venv.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from retrato.embedded.server import EmbeddedPostgres

from . import series
from .ground import connected, machine, postgres
from .rates import rates

_FOLDER = Path(__file__).resolve().parent
_RESULTS = _FOLDER / "results.json"
_REQUIREMENTS = _FOLDER / "requirements.txt"
_VENV = _FOLDER / ".venv"
_SERIES = ("backlog", "dead", "pinned", "replicas", "rates")


def all_series(server: EmbeddedPostgres, args: argparse.Namespace) -> Mapping[str, AsyncIterator[series.Row]]:
    """The series by name, none of them begun."""
    return {
        "backlog": series.backlog(server, args.jobs),
        "dead": series.dead(server, args.dead, pinned=False),
        "pinned": series.dead(server, args.dead, pinned=True),
        "replicas": series.replicas(server, args.replicas, args.drain),
        "rates": rates(server),
    }


async def measure(args: argparse.Namespace) -> None:
    """Run the series that are asked for; those that are not keep their earlier figures."""
    figures = json.loads(args.out.read_text(encoding="utf-8"))["figures"] if args.out.is_file() else {}
    with postgres() as server:
        async with connected(server.dsn) as connection:
            ground = machine(await connection.fetchval("show server_version"))
        for name, rows in all_series(server, args).items():
            if name in args.only:
                figures[name] = []
                async for row in rows:
                    figures[name].append(row)
                    print(name, json.dumps(row), flush=True)
    everything = {"machine": ground, "settings": {"jobs": args.jobs, "dead": args.dead}, "figures": figures}
    args.out.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


def report() -> None:
    """Write README.md and the plots from results.json."""
    python = _VENV / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", _VENV], check=True)
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, "-r", _REQUIREMENTS], check=True)
    subprocess.run([python, _FOLDER / "report.py"], check=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=_SERIES, default=_SERIES)
    parser.add_argument("--jobs", type=int, default=1_000_000, help="the longest backlog")
    parser.add_argument("--dead", type=int, default=100_000, help="most jobs that are claimed and finished")
    parser.add_argument("--replicas", type=int, default=8, help="most replicas at once")
    parser.add_argument("--drain", type=int, default=20_000, help="jobs of one drain")
    parser.add_argument("--out", type=Path, default=_RESULTS)
    return parser.parse_args()


def main() -> None:
    """Measure, and report where the figures are those that are kept."""
    args = arguments()
    asyncio.run(measure(args))
    if args.out == _RESULTS:
        report()


if __name__ == "__main__":
    main()
