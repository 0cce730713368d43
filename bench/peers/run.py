"""
Retrato's queue beside pgqueuer, procrastinate and chancy: the same measures on the same Postgres in the same run.

    python bench/peers/run.py                                     everything, about half an hour
    python bench/peers/run.py --only drain,latency --jobs 1000    a look

The peers are installed into bench/peers/.venv. Every measure goes round the systems, the whole round is repeated
--runs times. The raw figures go to bench/peers/results.json, from which report.py writes the README and the plot.
Measures that were left out keep their earlier figures there, if the machine and the versions are the same.
"""

import argparse
import asyncio
import json
import random
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import environment
import measures
from measures import Bench
from processes import Cast
from server import MOST_CONNECTIONS, SETTINGS, Server
from systems import SYSTEMS, System

from retrato.embedded.server import EmbeddedPostgres

_RESULTS = environment.FOLDER / "results.json"


class Results:
    """Raw figures: measure → system → list; for ``drain`` measure → concurrency → system → list."""

    def __init__(self, path: Path, *, machine: dict[str, Any], settings: dict[str, Any]) -> None:
        self._path = path
        self._machine = machine
        self._settings = settings
        self._figures: dict[str, Any] = {}

    def add(self, figure: Any, *names: str) -> None:
        """Append *figure* under *names*, and say it."""
        *outer, last = names
        place = self._figures
        for name in outer:
            place = place.setdefault(name, {})
        place.setdefault(last, []).append(figure)
        print(" ".join(names), _short(figure), flush=True)

    def save(self) -> None:
        """Write the file; what was not measured now stays as it was, if it was measured on the same."""
        kept = {}
        if self._path.is_file():
            earlier = json.loads(self._path.read_text(encoding="utf-8"))
            if _same_ground(earlier["machine"], self._machine) and earlier["settings"] == self._settings:
                kept = earlier["figures"]
        everything = {
            "machine": self._machine,
            "settings": self._settings,
            "figures": {**kept, **self._figures},
        }
        self._path.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


def _same_ground(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return {**one, "date": None} == {**other, "date": None}


def _short(figure: Any) -> str:
    if isinstance(figure, list) and len(figure) > 10:
        return f"median {sorted(figure)[len(figure) // 2] * 1000:.2f} ms of {len(figure)}"
    return json.dumps(figure)


async def drains(bench: Bench, systems: list[System], args: argparse.Namespace, results: Results) -> None:
    """One round."""
    for concurrency in args.concurrency:
        for system in systems:
            figure = await measures.drain(bench, system, jobs=args.jobs, concurrency=concurrency)
            results.add(figure, "drain", str(concurrency), system.name)


async def latencies(bench: Bench, systems: list[System], args: argparse.Namespace, results: Results) -> None:
    """One round."""
    for system in systems:
        results.add(await measures.latency(bench, system, samples=args.samples), "latency", system.name)


async def enqueuings(bench: Bench, systems: list[System], args: argparse.Namespace, results: Results) -> None:
    """One round."""
    for system in systems:
        results.add(await measures.enqueue(bench, system, seconds=args.seconds), "enqueue", system.name)


async def take_overs(bench: Bench, systems: list[System], _: argparse.Namespace, results: Results) -> None:
    """One round, all systems at once."""
    for name, figure in (await measures.take_overs(bench, systems)).items():
        results.add(figure, "takeover", name)


async def restarts(bench: Bench, systems: list[System], _: argparse.Namespace, results: Results) -> None:
    """One round, all systems at once; nothing on a server that is not ours."""
    if bench.server.can_restart:
        for name, figures in (await measures.after_restart(bench, systems)).items():
            results.add(figures, "restart", name)


ROUNDS = {
    "drain": drains,
    "latency": latencies,
    "enqueue": enqueuings,
    "takeover": take_overs,
    "restart": restarts,
}


@asynccontextmanager
async def open_server(dsn: str | None) -> AsyncIterator[Server]:
    """The server at *dsn*, or an embedded one of this run's own."""
    if dsn is not None:
        yield Server(dsn)
        return
    with tempfile.TemporaryDirectory(prefix="retrato-peers-") as folder:
        embedded = EmbeddedPostgres(Path(folder), max_connections=MOST_CONNECTIONS, extra_settings=SETTINGS)
        await asyncio.to_thread(embedded.start)
        try:
            yield Server(embedded.dsn, embedded)
        finally:
            await asyncio.to_thread(embedded.stop)


async def measure(args: argparse.Namespace) -> None:
    """Install the systems, measure, save after every round."""
    systems = [SYSTEMS[name] for name in args.systems]
    cast = Cast(uvloop=args.uvloop)
    async with open_server(args.dsn) as server:
        for system in systems:
            await cast.install(system, await server.create(measures.template_of(system)))
        results = Results(
            args.out,
            machine=environment.machine(await server.version()),
            settings={
                "jobs": args.jobs,
                "samples": args.samples,
                "seconds": args.seconds,
                "uvloop": args.uvloop,
                "take_over_limit_s": measures.TAKE_OVER_LIMIT_S,
                "pick_up_limit_s": measures.PICK_UP_LIMIT_S,
            },
        )
        bench = Bench(server, cast, random.Random(7))
        for _ in range(args.runs):
            for measure in args.only:
                await ROUNDS[measure](bench, systems, args, results)
            results.save()


def words(allowed: tuple[str, ...]) -> Any:
    """An argparse type: words out of *allowed*, separated by commas."""

    def split(text: str) -> list[str]:
        unknown = set(text.split(",")) - set(allowed)
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(allowed)}")
        return text.split(",")

    return split


def numbers(text: str) -> list[int]:
    """An argparse type: whole numbers, separated by commas."""
    return [int(part) for part in text.split(",")]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=words(tuple(ROUNDS)), default=list(ROUNDS), help=", ".join(ROUNDS))
    parser.add_argument("--systems", type=words(tuple(SYSTEMS)), default=list(SYSTEMS), help=", ".join(SYSTEMS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=10_000, help="of one drain")
    parser.add_argument("--concurrency", type=numbers, default=[10, 50, 200], help="of the drains")
    parser.add_argument("--samples", type=int, default=200, help="pick-up times of one latency measure")
    parser.add_argument("--seconds", type=float, default=3.0, help="of one enqueue measure")
    parser.add_argument("--uvloop", action="store_true", help="run every system on uvloop")
    parser.add_argument("--dsn", help="another server than the embedded one; it is not restarted")
    parser.add_argument("--out", type=Path, default=_RESULTS)
    return parser.parse_args()


def main() -> None:
    """Install the peers, measure, report."""
    args = arguments()
    environment.install_peers()
    asyncio.run(measure(args))
    if args.out == _RESULTS:
        subprocess.run([environment.PEERS_PYTHON, environment.FOLDER / "report.py"], check=True)


if __name__ == "__main__":
    main()
