"""
results.json as a Markdown table in README.md (between the two marks there), and as a plot.

Run by run.py; again by hand with `bench/peers/.venv/bin/python bench/peers/report.py` (it draws with matplotlib).
"""

import json
import math
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from systems import SYSTEMS, System

mpl.use("svg")
from matplotlib import pyplot as plt

_FOLDER = Path(__file__).resolve().parent
_BEGIN, _END = "<!-- begin: written by report.py -->", "<!-- end -->"
_NOT_MEASURED = "–"  # noqa: RUF001 - a dash in a table


class Results:
    """The file, and its figures as cells of the table."""

    def __init__(self, path: Path) -> None:
        everything = json.loads(path.read_text(encoding="utf-8"))
        self.machine: dict[str, Any] = everything["machine"]
        self.settings: dict[str, Any] = everything["settings"]
        self.figures: dict[str, Any] = everything["figures"]
        measured = {name for measure in self.figures.values() for name in _systems_in(measure)}
        self.systems = [system for system in SYSTEMS.values() if system.name in measured]

    @property
    def concurrencies(self) -> list[str]:
        """Of the drains."""
        return list(self.figures.get("drain", {}))

    def drains(self, concurrency: str, system: System, what: str = "jobs_per_s") -> list[float]:
        """One figure a run."""
        return [figure[what] for figure in self.figures["drain"][concurrency].get(system.name, [])]

    def drain(self, concurrency: str, system: System) -> str:
        """Jobs a second."""
        return _median(self.drains(concurrency, system), "{:,.0f}")

    def memory(self, system: System) -> str:
        """MiB of the worker after the drain with the most jobs at once."""
        rss_bytes = self.drains(self.concurrencies[-1], system, "rss_bytes")
        return _median([figure / 2**20 for figure in rss_bytes], "{:.0f} MiB")

    def latency(self, system: System) -> str:
        """Milliseconds, of all runs together."""
        samples = sorted(one for run in self.figures["latency"].get(system.name, []) for one in run)
        if not samples:
            return _NOT_MEASURED
        p99 = samples[math.ceil(0.99 * len(samples)) - 1]
        return f"{median(samples) * 1000:.1f} / {p99 * 1000:.1f} ms"

    def enqueue(self, system: System) -> str:
        """Commits a second."""
        return _median(self.figures["enqueue"].get(system.name, []), "{:,.0f}")

    def take_over(self, system: System) -> str:
        """Seconds; beyond the limit counts as endless."""
        took_s = self.figures["takeover"].get(system.name, [])
        if took_s and not system.takes_over and set(took_s) == {None}:
            return "never (needs a periodic task)"
        return _median(_endless(took_s), "{:.1f} s", beyond=f"> {self.settings['take_over_limit_s']} s")

    def restart(self, system: System) -> str:
        """Seconds, of all runs together."""
        samples = _endless([one for run in self.figures["restart"].get(system.name, []) for one in run])
        if not samples:
            return _NOT_MEASURED
        beyond = f"> {self.settings['pick_up_limit_s']} s or ended"
        return " / ".join(
            beyond if math.isinf(took_s) else _time(took_s) for took_s in (median(samples), max(samples))
        )


def _time(took_s: float) -> str:
    return f"{took_s * 1000:.0f} ms" if took_s < 1 else f"{took_s:.1f} s"


def _systems_in(measure: Any) -> set[str]:
    return {name for name in measure if name in SYSTEMS} | {
        name for part in measure.values() if isinstance(part, dict) for name in part
    }


def _endless(values: list[float | None]) -> list[float]:
    return [math.inf if value is None else value for value in values]


def _median(values: list[float], form: str, *, beyond: str = "") -> str:
    if not values:
        return _NOT_MEASURED
    middle = median(values)
    return beyond if math.isinf(middle) else form.format(middle)


def table(results: Results) -> str:
    """All measures, a row each."""
    rows = [
        (f"drain, {concurrency} at once (jobs/s)", lambda s, c=concurrency: results.drain(c, s))
        for concurrency in results.concurrencies
    ]
    if results.concurrencies:
        rows.append((f"memory after the drain, {results.concurrencies[-1]} at once", results.memory))
    further = {
        "latency": ("pick-up when idle, p50 / p99", results.latency),
        "enqueue": ("enqueuing commits/s, 64 committers", results.enqueue),
        "takeover": ("job of a killed worker is taken over after", results.take_over),
        "restart": ("pick-up after a restart of Postgres, median / slowest", results.restart),
    }
    rows += [row for measure, row in further.items() if measure in results.figures]
    head = ["", *(f"{system.title} {results.machine['versions'][system.name]}" for system in results.systems)]
    lines = [head, ["---"] * len(head), *([name, *map(cell, results.systems)] for name, cell in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ground(results: Results) -> str:
    """On what it was measured, in words."""
    machine, settings = results.machine, results.settings
    loop = "uvloop" if settings["uvloop"] else "asyncio's own loop"
    return (
        f"{machine['date']}, {machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, "
        f"Python {machine['python']}, PostgreSQL {machine['postgres']}, {loop}; "
        f"{settings['jobs']:,} jobs a drain, {settings['samples']} samples a run; medians over the runs."
    )


def write_readme(results: Results, path: Path) -> None:
    """Replace what stands between the marks."""
    before, rest = path.read_text(encoding="utf-8").split(_BEGIN)
    after = rest.split(_END)[1]
    path.write_text(f"{before}{_BEGIN}\n{table(results)}\n\n{ground(results)}\n{_END}{after}", encoding="utf-8")


def plot(results: Results, path: Path) -> None:
    """Jobs a second by concurrency; the whiskers are the slowest and the fastest run."""
    figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
    width = 0.8 / len(results.systems)
    for nth, system in enumerate(results.systems):
        runs = [results.drains(concurrency, system) for concurrency in results.concurrencies]
        middles = [median(run) if run else 0 for run in runs]
        whiskers = [
            [middle - min(run, default=0) for middle, run in zip(middles, runs, strict=True)],
            [max(run, default=0) - middle for middle, run in zip(middles, runs, strict=True)],
        ]
        places = [place + (nth - (len(results.systems) - 1) / 2) * width for place in range(len(runs))]
        bars = axes.bar(places, middles, width * 0.92, yerr=whiskers, capsize=2, label=system.title)
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=7, padding=2)
    axes.set_xticks(range(len(results.concurrencies)), [f"{c} at once" for c in results.concurrencies])
    axes.set_ylabel("jobs a second")
    axes.set_title(f"Drain of {results.settings['jobs']:,} no-op jobs, one worker process", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Write both."""
    results = Results(_FOLDER / "results.json")
    write_readme(results, _FOLDER / "README.md")
    if results.concurrencies:
        plot(results, _FOLDER / "drain.svg")


if __name__ == "__main__":
    main()
