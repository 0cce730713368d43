"""
The unit on real systemds, old and new, each in a container: ``make test-systemd``.

It wants root, some tools and the network for Debian's packages, so it runs only when it is asked for: with
RETRATO_SYSTEMD=1, or by naming this folder or a file in it.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.systemd.machine import PYTHON_OF, ROOT, Machine, tree_of, what_is_missing, wheels_of
from tests.systemd.unit import Unit

_HERE = Path(__file__).resolve().parent
_ROWS = pytest.StashKey[list[tuple[str, str, str]]]()


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    if os.environ.get("RETRATO_SYSTEMD") == "1":
        return None
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(_HERE) for path in named) else True


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ROWS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if rows := config.stash[_ROWS]:
        terminalreporter.section("under systemd")
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows:
            terminalreporter.write_line(
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            )


@pytest.fixture(scope="session", params=sorted(PYTHON_OF))
def installed(request: pytest.FixtureRequest) -> Iterator[Unit]:
    """A machine on which everything was done that docs/deployment.md says."""
    if missing := what_is_missing():
        pytest.exit(f"NOTHING WAS TESTED UNDER SYSTEMD. Missing: {'; '.join(missing)}", returncode=1)
    wheels = wheels_of(request.param)
    with Machine(tree_of(request.param), binds=[wheels, ROOT / "deploy"]) as machine:
        unit = Unit(machine, release=request.param)
        unit.install(wheels)
        yield unit


@pytest.fixture
def unit(installed: Unit) -> Iterator[Unit]:
    """The unit as it was installed: stopped, nobody in the database, providers that answer quickly."""
    installed.reset()
    yield installed
    installed.reset()


@pytest.fixture
def measured(request: pytest.FixtureRequest, installed: Unit) -> Callable[[str, str], None]:
    """Keeps a row of the table that is printed at the end."""

    def keep(what: str, result: str) -> None:
        request.config.stash[_ROWS].append((f"systemd {installed.version}", what, result))

    return keep
