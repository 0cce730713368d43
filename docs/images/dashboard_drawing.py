"""
Draw deploy/monitoring/dashboard.json as one HTML page: its own queries, answered by a Prometheus.

Not Grafana: the same panels at the same places with the same queries, titles, units and legends, in our own
strokes.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from aiohttp import ClientSession

_CELL = 54
"""Width of one of the grid's 24 columns, in CSS pixels."""
_ROW = 26
_GAP = 6
_MOST_POINTS = 240
_COLOURS = ("#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#8ab8ff", "#ffa6b0")
_NAMED_COLOURS = {"green": _COLOURS[0], "orange": "#ff9830", "red": "#f2495c"}
_STYLE = """
body { margin: 0; background: #111217; color: #d0d1d6; font: 12px/1.35 'DejaVu Sans', sans-serif; }
main { position: relative; }
section { position: absolute; box-sizing: border-box; background: #181b1f; border: 1px solid #2b2e34;
  border-radius: 2px; padding: 5px 8px; overflow: hidden; }
section.row { background: none; border: 0; padding: 4px 2px; font-size: 13px; color: #fff; }
h2 { font-size: 12px; font-weight: 600; margin: 0; white-space: nowrap; }
.number { font-size: 30px; text-align: center; padding-top: 8px; }
.word { font-size: 15px; text-align: center; padding-top: 18px; color: #9fa7b3; }
.legend { white-space: nowrap; overflow: hidden; }
.legend span { margin-right: 10px; font-size: 11px; }
.legend i { display: inline-block; width: 12px; height: 3px; margin: 0 4px 3px 0; }
table { border-collapse: collapse; margin-top: 6px; font-size: 11px; }
td, th { padding: 2px 8px 2px 0; text-align: left; }
text { fill: #9fa7b3; font-size: 10px; }
"""


@dataclass(frozen=True)
class Span:
    """What is shown: from *start* to *end*, seconds since the epoch."""

    start: float
    end: float

    @property
    def step(self) -> float:
        """Seconds between two points."""
        return max(1.0, (self.end - self.start) / _MOST_POINTS)


@dataclass(frozen=True)
class Series:
    """One line: its legend and, for each moment, its value."""

    name: str
    points: dict[float, float]


class Prometheus:
    """Answers the dashboard's queries, with its variables filled in."""

    def __init__(self, session: ClientSession, url: str, *, rate_interval: str) -> None:
        self._session = session
        self._url = url
        self._words = {"$__rate_interval": rate_interval, "$job": ".+", "$leg": ".+"}

    async def now(self, target: dict[str, Any], at: float) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series at one moment."""
        answer = await self._ask("query", target, time=at)
        return [(one["metric"], float(one["value"][1])) for one in answer]

    async def over(self, target: dict[str, Any], span: Span) -> list[Series]:
        """All series over *span*."""
        answer = await self._ask("query_range", target, start=span.start, end=span.end, step=span.step)
        return [
            Series(_legend(target, one["metric"]), {at: float(value) for at, value in one["values"]})
            for one in answer
        ]

    async def _ask(self, what: str, target: dict[str, Any], **times: float) -> list[dict[str, Any]]:
        expression = target["expr"]
        for word, meaning in self._words.items():
            expression = expression.replace(word, meaning)
        async with self._session.post(
            f"{self._url}/api/v1/{what}", data={"query": expression, **{k: str(v) for k, v in times.items()}}
        ) as response:
            answer = await response.json()
        if answer["status"] != "success":
            raise ValueError(f"{expression}: {answer['error']}")
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result


async def draw(dashboard: dict[str, Any], prometheus: Prometheus, span: Span) -> str:
    """The page."""
    panels = [await _panel(panel, prometheus, span) for panel in dashboard["panels"]]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"]) * _ROW
    return (
        f"<!DOCTYPE html><meta charset=utf-8><style>{_STYLE}</style>"
        f'<main style="width:{24 * _CELL}px;height:{height}px">{"".join(panels)}</main>'
    )


async def _panel(panel: dict[str, Any], prometheus: Prometheus, span: Span) -> str:
    place = panel["gridPos"]
    width, height = place["w"] * _CELL - _GAP, place["h"] * _ROW - _GAP
    style = f"left:{place['x'] * _CELL}px;top:{place['y'] * _ROW}px;width:{width}px;height:{height}px"
    if panel["type"] == "row":
        return f'<section class="row" style="{style}">{escape(panel["title"])}</section>'
    draw_kind = {"stat": _stat, "table": _table, "timeseries": _chart}[panel["type"]]
    body = await draw_kind(panel, prometheus, span, (width - 18, height - 26))
    return f'<section style="{style}"><h2>{escape(panel["title"])}</h2>{body}</section>'


async def _stat(panel: dict[str, Any], prometheus: Prometheus, span: Span, _size: tuple[int, int]) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    found = [value for target in panel["targets"] for _, value in await prometheus.now(target, span.end)]
    if not found:
        return f'<p class="word">{escape(defaults.get("noValue", "No data"))}</p>'
    steps = defaults.get("thresholds", {}).get("steps", [{"color": "green", "value": None}])
    colour = [step["color"] for step in steps if step["value"] is None or found[0] >= step["value"]][-1]
    return f'<div class="number" style="color:{_NAMED_COLOURS[colour]}">{_said(found[0], defaults)}</div>'


async def _table(panel: dict[str, Any], prometheus: Prometheus, span: Span, _size: tuple[int, int]) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    rows = [row for target in panel["targets"] for row in await prometheus.now(target, span.end)]
    if not rows:
        return f'<p class="word">{escape(defaults.get("noValue", "No data"))}</p>'
    names = sorted({name for labels, _ in rows for name in labels})
    head = "".join(f"<th>{escape(name)}</th>" for name in [*names, "value"])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(labels.get(name, ''))}</td>" for name in names)
        + f"<td>{_said(value, defaults)}</td></tr>"
        for labels, value in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


async def _chart(panel: dict[str, Any], prometheus: Prometheus, span: Span, size: tuple[int, int]) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    series = [one for target in panel["targets"] for one in await prometheus.over(target, span)]
    if not series:
        return '<p class="word">No data</p>'
    if "stacking" in defaults["custom"]:
        series = _stacked(series)
    width, height = size[0], size[1] - 20
    values = [value for one in series for value in one.points.values() if math.isfinite(value)]
    top = defaults.get("max") or _round_up(max(values, default=0))
    frame = _Frame(span, width=width, height=height, top=top)
    lines = "".join(frame.line(one, _colour(number)) for number, one in reversed(list(enumerate(series))))
    legend = "".join(
        f'<span><i style="background:{_colour(number)}"></i>{escape(one.name)}</span>'
        for number, one in enumerate(series)
    )
    axes = frame.axes(defaults)
    return f'<svg width="{width}" height="{height}">{axes}{lines}</svg><div class="legend">{legend}</div>'


@dataclass(frozen=True)
class _Frame:
    """The field of a chart: left of it are the values, below it the times."""

    span: Span
    width: int
    height: int
    top: float
    left: int = 52
    below: int = 18

    def _x(self, at: float) -> float:
        return self.left + (at - self.span.start) / (self.span.end - self.span.start) * (self.width - self.left)

    def _y(self, value: float) -> float:
        return (self.height - self.below) - value / self.top * (self.height - self.below - 8)

    def line(self, series: Series, colour: str) -> str:
        """A stroke for each stretch without a gap, and a faint field below it."""
        floor = self._y(0)
        drawn = []
        for stretch in _stretches(series.points, self.span.step):
            dots = " ".join(f"{self._x(at):.1f},{self._y(value):.1f}" for at, value in stretch)
            first, last = self._x(stretch[0][0]), self._x(stretch[-1][0])
            drawn.append(
                f'<polygon points="{first:.1f},{floor:.1f} {dots} {last:.1f},{floor:.1f}" '
                f'fill="{colour}" fill-opacity="0.12"/>'
                f'<polyline points="{dots}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
            )
        return "".join(drawn)

    def axes(self, defaults: dict[str, Any]) -> str:
        """Three values and a handful of times."""
        drawn = []
        for value in (0, self.top / 2, self.top):
            y = self._y(value)
            drawn.append(
                f'<line x1="{self.left}" x2="{self.width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#2b2e34"/>'
                f'<text x="{self.left - 6}" y="{y + 3:.1f}" text-anchor="end">{_said(value, defaults)}</text>'
            )
        count = max(2, (self.width - self.left) // 90)
        for number in range(count):
            at = self.span.start + (number + 0.5) * (self.span.end - self.span.start) / count
            clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
            drawn.append(f'<text x="{self._x(at):.1f}" y="{self.height - 4}" text-anchor="middle">{clock}</text>')
        return "".join(drawn)


def _stretches(points: dict[float, float], step: float) -> Iterator[list[tuple[float, float]]]:
    stretch: list[tuple[float, float]] = []
    for at, value in sorted(points.items()):
        if stretch and (at - stretch[-1][0] > 1.5 * step or not math.isfinite(value)):
            yield stretch
            stretch = []
        if math.isfinite(value):
            stretch.append((at, value))
    if stretch:
        yield stretch


def _stacked(series: Sequence[Series]) -> list[Series]:
    """Each one on the sum of those before it."""
    below: dict[float, float] = {}
    stacked = []
    for one in series:
        below = below | {at: below.get(at, 0) + value for at, value in one.points.items()}
        stacked.append(Series(one.name, {at: below[at] for at in one.points}))
    return stacked


def _legend(target: dict[str, Any], labels: dict[str, str]) -> str:
    legend = str(target.get("legendFormat") or json.dumps(labels))
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return legend


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 …; 1 for nothing at all."""
    if value <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= value * 0.999)


def _said(value: float, defaults: dict[str, Any]) -> str:
    """A number in the panel's unit."""
    match defaults.get("unit"):
        case "percentunit":
            return f"{value * 100:.3g} %"
        case "currencyUSD":
            return f"${value:.2f}"
        case "s" if value >= 120:  # noqa: PLR2004 - two minutes
            return f"{value / 60:.3g} min"
        case "s":
            return f"{value:.3g} s"
        case "bytes":
            return f"{value / 2**20:.3g} MiB" if value >= 2**20 else f"{value / 2**10:.3g} KiB"
    return f"{value:.0f}" if defaults.get("decimals") == 0 or value >= 100 else f"{value:.3g}"  # noqa: PLR2004
