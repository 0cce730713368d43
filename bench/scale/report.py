"""
results.json as Markdown tables in README.md (between the two marks there), and as plots.

Run by scale.py; by hand `bench/scale/.venv/bin/python bench/scale/report.py` (it draws with matplotlib).
"""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

Rows = list[dict[str, Any]]

_FOLDER = Path(__file__).resolve().parent
_BEGIN, _END = "<!-- begin: written by report.py -->", "<!-- end -->"
_TITLES = {
    "backlog": ("jobs", "Jobs that wait"),
    "dead": ("dead", "Jobs claimed and finished since the last vacuum"),
    "pinned": ("dead", "Jobs claimed and finished under an old snapshot"),
}
_NOTHING_WAITS = 0.5
"""Where zero stands on a logarithmic axis, as a share of the first step."""


def weighed_table(rows: Rows, size: str, title: str) -> str:
    """Pages and milliseconds, a statement a row, a size a column."""
    sizes = sorted({row[size] for row in rows})
    cells = {(row["statement"], row[size]): f"{row['pages']:,} / {row['took_ms']:.2f}" for row in rows}
    lines = [
        [f"{title} (pages / ms)", *(f"{one:,}" for one in sizes)],
        ["---", *("---:" for _ in sizes)],
        *([name, *(cells[name, one] for one in sizes)] for name in _statements(rows)),
    ]
    return _markdown(lines)


def replicas_table(rows: Rows) -> str:
    """Jobs a second by replicas."""
    return _markdown(
        [
            ["Replicas", *(str(row["replicas"]) for row in rows)],
            ["---", *("---:" for _ in rows)],
            ["jobs/s", *(f"{row['jobs_per_s']:,.0f}" for row in rows)],
        ]
    )


def rates_table(rows: Rows) -> str:
    """The single figures."""
    return _markdown([["Rates", ""], ["---", "---:"], *([row["what"], f"{row['value']:,}"] for row in rows)])


def ground(results: dict[str, Any]) -> str:
    """On what it was measured, in words."""
    machine = results["machine"]
    return (
        f"{machine['date']}, {machine['cores']} cores (load average {machine['load_average']} before), "
        f"{machine['memory_gib']} GiB, Python {machine['python']}, PostgreSQL {machine['postgres']}."
    )


def write_readme(results: dict[str, Any], path: Path) -> None:
    """Replace what stands between the marks."""
    figures = results["figures"]
    parts = [
        weighed_table(figures[series], size, title)
        for series, (size, title) in _TITLES.items()
        if series in figures
    ]
    if "replicas" in figures:
        parts.append(replicas_table(figures["replicas"]))
    if "rates" in figures:
        parts.append(rates_table(figures["rates"]))
    before, rest = path.read_text(encoding="utf-8").split(_BEGIN)
    after = rest.split(_END)[1]
    told = "\n\n".join([*parts, ground(results)])
    path.write_text(f"{before}{_BEGIN}\n{told}\n{_END}{after}", encoding="utf-8")


def plot_weighed(rows: Rows, size: str, title: str, path: Path) -> None:
    """Pages by size, a line a statement; both axes logarithmic."""
    figure, axes = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
    sizes = sorted({row[size] for row in rows})
    places = [one or sizes[1] * _NOTHING_WAITS for one in sizes]
    for name in _statements(rows):
        pages = {row[size]: row["pages"] for row in rows if row["statement"] == name}
        axes.plot(places, [pages[one] for one in sizes], marker="o", markersize=3, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(places, [f"{one:,}" for one in sizes])
    axes.minorticks_off()
    axes.set_ylabel("pages touched")
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def plot_replicas(rows: Rows, path: Path) -> None:
    """Jobs a second by replicas."""
    figure, axes = plt.subplots(figsize=(5, 2.8), layout="constrained")
    bars = axes.bar([str(row["replicas"]) for row in rows], [row["jobs_per_s"] for row in rows])
    axes.bar_label(bars, fmt="{:,.0f}", fontsize=8, padding=2)
    axes.set_xlabel("replicas")
    axes.set_ylabel("jobs a second")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _statements(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["statement"] for row in rows))


def _markdown(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Write all."""
    results = json.loads((_FOLDER / "results.json").read_text(encoding="utf-8"))
    write_readme(results, _FOLDER / "README.md")
    for series, (size, title) in _TITLES.items():
        if series in results["figures"]:
            plot_weighed(results["figures"][series], size, title, _FOLDER / f"{series}.svg")
    if "replicas" in results["figures"]:
        plot_replicas(results["figures"]["replicas"], _FOLDER / "replicas.svg")


if __name__ == "__main__":
    main()
