"""
How the tables of the matrix are read.

A row is one fault on one leg, and what is expected of it; a cell is a literal, nothing is worked out from the policies.

fault
    What the simulator is told, in order: ``html_502``; ``black x2`` for two in a row; ``cdn_404 x3 @cdn`` for
    another route than the leg's orders (``cdn``, or a step of the leg such as ``status``); commas between several.
    A name of the simulator's, or of *more*. ``refused`` stands for a port on which nobody listens, ``silent`` for one
    that lets nobody in.
first attempt
    Its row at the end: ``drawn``, or the fault (``retrato.attempts``).
calls
    Orders that reached the leg, over HTTP.
billed
    Pictures that the leg would charge for.
breaker
    The leg at the end (``retrato.legs``): ``fine``, so many faults in a row (``1 fault``), or for how many seconds it
    was closed (``shut 900``).
alone
    What becomes of the job where this leg is all there is: ``drawn``, ``release 900`` (back to the queue for so many
    seconds, nothing burnt), ``retry 30 transient`` (again later, an attempt burnt), ``fail refused``.
in company
    Who draws where others stand behind it, or what becomes of the job if nobody does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from retrato.simulator.fault import Fault
from retrato.simulator.faults import to_fault

REFUSED, SILENT = "refused", "silent"
_HEADER = ["fault", "first attempt", "calls", "billed", "breaker", "alone", "in company"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row. ``scripts`` is the fault as the simulator takes it: step of the leg, or ``cdn`` → faults."""

    leg: str
    fault: str
    first: str
    calls: int
    billed: int
    breaker: str
    alone: str
    company: str
    scripts: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.leg}: {self.fault}"

    @property
    def is_slow(self) -> bool:
        """Whether the client has to run out of patience, in real time."""
        return any(word in self.fault for word in ("hang", "stall", "delay", SILENT))


def table(leg: str, text: str, **more: Fault) -> tuple[Case, ...]:
    """The rows of *text*; *more* are faults that only this table knows."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
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


def _scripts(text: str, more: Mapping[str, Fault]) -> Mapping[str, tuple[Fault, ...]]:
    scripts: dict[str, tuple[Fault, ...]] = {}
    for step, faults in _parts(text, more):
        scripts[step] = scripts.get(step, ()) + faults
    return scripts


def _parts(text: str, more: Mapping[str, Fault]) -> Iterator[tuple[str, tuple[Fault, ...]]]:
    for part in text.split(", ") if text not in {REFUSED, SILENT} else ():
        what, _, step = part.partition(" @")
        name, _, times = what.partition(" x")
        yield step, (more.get(name) or to_fault(name),) * int(times or 1)
