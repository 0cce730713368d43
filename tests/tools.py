"""
Programs that only some tests need.

A test whose program is missing is skipped, and says loudly what went untested. RETRATO_TESTS_NEED names, separated
by commas, the programs that have to be there: a test that lacks one of those fails. `.ci/run` names what it has
installed.
"""

import os
import shutil
from typing import NoReturn

import pytest

PACKAGES = {
    "chromium": "chromium",
    "nginx": "nginx-light",
    "node": "nodejs",
    "pgbouncer": "pgbouncer",
    "postgres": "postgresql",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
}
"""Program → Debian's package with it."""

_OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome")}
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Debian keeps some programs out of the users' PATH."""


def found(tool: str) -> str:
    """The path of *tool*; empty where there is none."""
    names = (tool, *_OTHER_NAMES.get(tool, ()))
    return next((path for name in names if (path := shutil.which(name, path=_PATH))), "")


def needs(tool: str, *, untested: str) -> str:
    """The path of *tool*; without it the test ends here, and says that *untested* was not tested."""
    return found(tool) or lacks(tool, untested=untested)


def lacks(tool: str, *, untested: str) -> NoReturn:
    """End the test, because *tool* is missing: skipped, or failed where RETRATO_TESTS_NEED names it."""
    message = f"NOT TESTED: {untested}; {tool} is missing (Debian: apt install {PACKAGES[tool]})"
    if tool in os.environ.get("RETRATO_TESTS_NEED", "").split(","):
        pytest.fail(message)
    pytest.skip(message)
