"""
Checks the models of the lease and of the bell, and that the checker notices when a rule is missing.

    .venv/bin/python docs/lease/check.py                    all, about a minute on two cores, below 1 GB
    .venv/bin/python docs/lease/check.py --deep             more failures, more replicas: five minutes, 2 GB
    .venv/bin/python docs/lease/check.py --trace NO_FENCE   the shortest run that breaks a property, step by step

Needs Spin 6.5 and a C compiler. Exit code 1 when a result is not the one expected, 2 when a tool is missing.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONGEST_S = 600

# How the properties look in the verifier's messages, where macros are expanded; the first that fits counts.
PROPERTIES = {
    "no request is lost": r"picture_answers_all",
    "no flag stays up unseen": r"\(job!=\d+\)\|\| !\(ready\)\)\|\| !\(flag\)",
    "no circle of waiting": r"phase\[job_lock\]",
    "a zombie writes nothing": r"\(holder==r\)&&\(owner==r\)",
    "a zombie begins no call": r"\(holder==r\)",
    "what was written is kept": r"!\(written\[r\]\)",
    "one version a request": r"unanswered>0",
    "only what was tried fails": r"answers_all\[r\]",
    "no two calls at once": r"phase\[other\]!=",
    "the living keep their jobs": r"away\[owner\]",
    "all comes to rest": r"\(job==\d+\)\|\|\(job==\d+\)|non-progress cycle",
    "no job lies unheard": r"claimable>0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One model with some of its #defines, and what is to be found: ``breaks`` names the property, None = all hold.

    ``cycles`` looks for runs without an end instead of broken assertions.
    """

    name: str
    model: str = "lease"
    defines: Mapping[str, int | None] = field(default_factory=dict)
    breaks: str | None = None
    cycles: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What the verifier says: the broken property, if any, the number of states, and seconds with compilation."""

    broken: str | None
    states: int
    took_s: float


def whole(replicas: int, faults: int, raises: int, turns: int, *, cycles: bool = False) -> Case:
    """The whole lease protocol, within these limits."""
    what = "no run without an end" if cycles else "all rules"
    return Case(
        name=f"lease: {what}, {replicas} replicas, {faults} faults, {raises} raises, {turns} turns",
        defines={"N": replicas, "FAULTS": faults, "RAISES": raises, "TURNS": turns},
        cycles=cycles,
    )


def without(rule: str, breaks: str) -> Case:
    """The lease protocol without one rule."""
    return Case(name=rule, defines={rule: None, "FAULTS": 2, "RAISES": 1, "TURNS": 2}, breaks=breaks)


def silent(rule: str, *rest: str, faults: int = 1, name: str | None = None) -> Case:
    """The bell without one rule."""
    return Case(
        name=name or rule,
        model="bell",
        defines={rule: None, **dict.fromkeys(rest), "FAULTS": faults},
        breaks="no job lies unheard",
    )


CASES = (
    whole(2, 2, 2, 2),
    whole(2, 4, 1, 0),
    whole(3, 2, 1, 1),
    whole(2, 2, 1, 1, cycles=True),
    without("NO_FENCE", "a zombie writes nothing"),
    without("ATTEMPT_NUMBER_AS_TOKEN", "a zombie writes nothing"),
    without("NO_FENCE_AT_BEGIN", "a zombie begins no call"),
    without("JOB_ENDS_LATER", "one version a request"),
    without("NO_LOOK_FOR_TOKEN", "what was written is kept"),
    without("ONE_STATEMENT_FINISH", "no request is lost"),
    without("NO_GENERATION", "no request is lost"),
    without("ORDER_COUNTS_AS_NEW", "no request is lost"),
    without("UNREADY_RAISE_UNCOUNTED", "no request is lost"),
    without("DROP_UNCHECKED", "no request is lost"),
    without("RETRY_IGNORES_GENERATION", "only what was tried fails"),
    without("JOB_FIRST", "no circle of waiting"),
    without("FREE_LOCK_ALONE", "the living keep their jobs"),
    without("LEASE_ALONE", "the living keep their jobs"),
    without("NO_GRACE", "the living keep their jobs"),
    without("NO_SETTLING", "the living keep their jobs"),
    without("OWN_ORPHANS_STAY", "all comes to rest"),
    Case(name="bell: all rules, 2 dispatchers, 2 transactions, 3 jobs, 1 fault", model="bell"),
    Case(
        name="bell: TWO_INSTANTS, no fault, ALL_ASLEEP",
        model="bell",
        defines={"TWO_INSTANTS": None, "ALL_ASLEEP": None, "FAULTS": 0},
    ),
    silent("ASK_BEFORE_LOCK"),
    silent("NO_LOOK"),
    silent("LOOK_LAST", "TWO_INSTANTS", "ALL_ASLEEP", faults=0),
    silent("TWO_INSTANTS"),
    silent("QUIET_PUT_BACK"),
    silent("NO_LOOK_AFTER_RECONNECT"),
)
DEEP = (
    whole(2, 3, 1, 2),
    whole(3, 3, 1, 0),
    Case(
        name="bell: all rules, 2 dispatchers, 3 transactions, 3 jobs, 1 fault",
        model="bell",
        defines={"TRANSACTIONS": 3},
    ),
)


def tool(*names: str) -> str:
    """
    The first of these programs that is there.

    Raises:
        SystemExit: with code 2, saying what to install.

    """
    for name in names:
        if path := shutil.which(name):
            return path
    sys.stderr.write(f"{names[0]} is missing; on Debian and Ubuntu: apt-get install spin gcc\n")
    raise SystemExit(2)


def execute(*command: str, folder: Path) -> str:
    """
    What the command prints.

    Raises:
        subprocess.CalledProcessError: it failed; its output is in the error.

    """
    done = subprocess.run(  # noqa: S603 - the tools found above, with arguments from this file
        command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_S, check=True
    )
    return done.stdout


def defines_of(case: Case) -> list[str]:
    """As arguments of Spin."""
    return [f"-D{name}" if value is None else f"-D{name}={value}" for name, value in case.defines.items()]


def verifier(case: Case, folder: Path, *, shortest: bool = False) -> str:
    """Generate, compile and run the verifier of *case* in *folder*; returns what it prints."""
    source = shutil.copy(HERE / f"{case.model}.pml", folder)
    execute(tool("spin"), "-a", *defines_of(case), Path(source).name, folder=folder)
    what = "-DNP" if case.cycles else "-DSAFETY"
    search = ["-DREACH"] if shortest else []
    # What breaks breaks soon: compiling well would take longer than searching.
    effort = "-O0" if case.breaks else "-O1"
    execute(tool("gcc", "cc"), effort, "-w", what, *search, "-DNOFAIR", "-o", "pan", "pan.c", folder=folder)
    # -E: processes that wait for ever are no error, the observer looks after that.
    options = ["-E", "-m10000", "-w22", *(["-l"] if case.cycles else []), *(["-i"] if shortest else [])]
    return execute(str(folder / "pan"), *options, folder=folder)


def found_in(output: str, took_s: float) -> Found:
    """
    Read the verifier's report.

    Raises:
        ValueError: it did not search everything, or broke something that has no name here.

    """
    errors = re.search(r"errors: (\d+)", output)
    states = re.search(r"(\d[\d.e+]*) states, stored", output)
    if errors is None or states is None or "max search depth too small" in output:
        raise ValueError(f"the verifier did not come to an end:\n{output}")
    broken = None
    if int(errors[1]):
        message = next(line for line in output.splitlines() if line.startswith("pan:1:"))
        broken = next((name for name, looks in PROPERTIES.items() if re.search(looks, message)), None)
        if broken is None:
            raise ValueError(f"the verifier broke a property without a name: {message}")
    return Found(broken, int(float(states[1])), took_s)


def check(case: Case) -> Found:
    """Verify *case* in a folder of its own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="retrato-model-") as folder:
        output = verifier(case, Path(folder))
    return found_in(output, time.monotonic() - began)


def line_of(case: Case, found: Found) -> str:
    """One row of the report."""
    verdict = "ok" if found.broken == case.breaks else "NOT AS EXPECTED"
    says = f"violated: {found.broken}" if found.broken else "holds"
    wants = f"violated: {case.breaks}" if case.breaks else "holds"
    return f"{case.name:<70} {wants:<38} {says:<38} {found.states:>9,} {found.took_s:>6.1f} s  {verdict}"


def check_all(cases: Sequence[Case]) -> bool:
    """Check *cases*, two at a time, and print a row for each; returns whether all is as expected."""
    header = f"{'case':<70} {'expected':<38} {'found':<38} {'states':>9} {'time':>8}"
    sys.stdout.write(header + "\n")
    as_expected = True
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        for case, found in zip(cases, pool.map(check, cases), strict=True):
            sys.stdout.write(line_of(case, found) + "\n")
            sys.stdout.flush()
            as_expected = as_expected and found.broken == case.breaks
    return as_expected


def trace(case: Case) -> str:
    """The shortest run that breaks a property of *case*: process, line of the model, statement."""
    with tempfile.TemporaryDirectory(prefix="retrato-model-") as name:
        folder = Path(name)
        verifier(case, folder, shortest=True)
        told = execute(tool("spin"), "-t", "-p", *defines_of(case), f"{case.model}.pml", folder=folder)
    steps = re.findall(r"proc +(\d+) \((\w+):\d+\) (\S+:\d+) \(state \d+\)\t\[(.*)\]", told)
    return "\n".join(f"{process} {kind:<12} {where:<16} {what}" for process, kind, where, what in steps)


def main() -> int:
    """Run as a command; returns the exit code."""
    broken = {case.name: case for case in CASES if case.breaks}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deep", action="store_true", help="search the larger spaces too")
    parser.add_argument("--trace", choices=broken, help="show how the protocol breaks without this rule")
    args = parser.parse_args()
    tool("spin")
    tool("gcc", "cc")
    if args.trace:
        sys.stdout.write(trace(broken[args.trace]) + "\n")
        return 0
    return 0 if check_all([*CASES, *DEEP] if args.deep else CASES) else 1


if __name__ == "__main__":
    sys.exit(main())
