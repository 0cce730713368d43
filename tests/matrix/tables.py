"""
How the tables of the matrix are read.

A row is one fault on one leg, and what is expected of it. A cell is a literal: nothing is worked out from the
policies. Lines that begin with # say what goes wrong below.

fault
    What the simulator is told, in order: ``html_502``; ``black x2`` for two in a row; ``cdn_404 x3 @cdn`` for
    another route than the leg's orders (``cdn``, ``hub``, or a step of the leg such as ``status``); commas between
    several. A name of the simulator's, or of *more*. And words of our own: ``refused``, nobody listens there;
    ``silent``, nobody lets us in; ``late``, a blocking order returns before the picture is there; ``long``, the
    prompt is longer than an address may be.
first attempt
    Its row at the end: ``drawn``, or the fault (``retrato.attempts``).
calls
    Orders that reached the leg, over HTTP.
billed
    Pictures that the leg would charge for.
breaker
    The leg at the end (``retrato.legs``): ``fine``, so many faults in a row (``1 fault``), or for how many seconds
    it was closed (``shut 900``).
alone
    What becomes of the job where this leg is all there is: ``drawn``, ``release 900`` (back to the queue for so
    many seconds, nothing burnt), ``retry 30`` (again then, an attempt burnt), ``fail refused``.
in company
    Who draws where others stand behind it, or what becomes of the job if nobody does. Empty where the leg draws
    by itself in the end: then nobody else is asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from retrato.simulator.fault import Fault
from retrato.simulator.faults import to_fault

REFUSED, SILENT, LATE, LONG = "refused", "silent", "late", "long"
_OWN = {REFUSED, SILENT, LATE, LONG}
_WITHOUT_LEG = {"cdn", "hub", "replicate", "wavespeed", "gen"}
_HEADER = ["fault", "first attempt", "calls", "billed", "breaker", "alone", "in company"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row. ``scripts`` is the fault as the simulator takes it: step of the leg, "" for its order → faults."""

    leg: str
    fault: str
    first: str = ""
    calls: int = 0
    billed: int = 0
    breaker: str = ""
    alone: str = ""
    company: str = ""
    scripts: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.leg}: {self.fault}"

    def script_keys(self, simulated: str) -> Iterator[tuple[str, tuple[Fault, ...]]]:
        """The scripts under the simulator's names of its routes; *simulated* is its name of the leg."""
        for step, faults in self.scripts.items():
            yield step if step in _WITHOUT_LEG else ".".join(filter(None, (simulated, step))), faults

    def says(self, word: str) -> bool:
        """Whether *word* is among its faults."""
        return word in self.fault.split(", ")

    @property
    def is_slow(self) -> bool:
        """Whether the client has to run out of patience, in real time."""
        return any(word in self.fault for word in ("hang", "stall", "delay", SILENT))


def table(leg: str, text: str, **more: Fault) -> tuple[Case, ...]:
    """The rows of *text*; *more* are faults that only this table knows."""
    lines = [line for line in text.strip().splitlines() if not line.startswith("#")]
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    assert header == _HEADER, f"{leg}: the columns are {header}, wanted {_HEADER}"
    assert all(len(row) == len(_HEADER) for row in rows), f"{leg}: a row lacks a cell"
    return tuple(
        Case(
            leg=leg,
            fault=fault,
            first=first,
            calls=int(calls),
            billed=int(billed),
            breaker=breaker,
            alone=alone,
            company=company,
            scripts=_scripts(fault, more),
        )
        for fault, first, calls, billed, breaker, alone, company in rows
    )


def scripted(leg: str, fault: str) -> Case:
    """A case of which nothing is foretold."""
    return Case(leg=leg, fault=fault, scripts=_scripts(fault, {}))


def _scripts(text: str, more: Mapping[str, Fault]) -> Mapping[str, tuple[Fault, ...]]:
    scripts: dict[str, tuple[Fault, ...]] = {}
    for step, faults in _parts(text, more):
        scripts[step] = scripts.get(step, ()) + faults
    return scripts


def _parts(text: str, more: Mapping[str, Fault]) -> Iterator[tuple[str, tuple[Fault, ...]]]:
    for part in text.split(", "):
        if part in _OWN:
            continue
        what, _, step = part.partition(" @")
        name, _, times = what.partition(" x")
        yield step, (more.get(name) or to_fault(name),) * int(times or 1)
