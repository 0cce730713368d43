"""The lock files are whole, and speak of no machine and no index."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNTIME, DEV, DEPLOY = (ROOT / f"requirements/{name}.lock" for name in ("runtime", "dev", "deploy"))
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
NPM = ROOT / "deploy/checks/package-lock.json"


def _names(requirements):
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", name[0]).lower() for name in found if name} - {"retrato"}


@pytest.mark.parametrize("lock", [RUNTIME, DEV, DEPLOY], ids=lambda lock: lock.name)
def test_every_pin_has_hashes(lock):
    pins = re.split(r"^(?=[a-z])", lock.read_text(), flags=re.MULTILINE)[1:]

    assert [pin.partition(" ")[0] for pin in pins if "--hash=sha256:" not in pin] == []


@pytest.mark.parametrize("lock", [RUNTIME, DEV, DEPLOY], ids=lambda lock: lock.name)
def test_lock_names_no_place(lock):
    assert re.findall(r"^--.*|\S*://\S*|(?<!\S)/\S+", lock.read_text(), re.MULTILINE) == []


def test_locks_hold_what_the_project_asks_for():
    extras = PROJECT["optional-dependencies"]

    assert _names(PROJECT["dependencies"]) <= set(dict(PIN.findall(RUNTIME.read_text())))
    assert _names([*extras["dev"], *extras["embedded"]]) <= set(dict(PIN.findall(DEV.read_text())))
    assert _names(PYPROJECT["dependency-groups"]["deploy"]) <= set(dict(PIN.findall(DEPLOY.read_text())))


def test_packages_from_npm_have_hashes_and_name_no_place():
    packages = json.loads(NPM.read_text())["packages"]

    assert {name for name, one in packages.items() if name and "integrity" not in one} == set()
    assert {name for name, one in packages.items() if "resolved" in one} == set()


def test_development_and_production_run_the_same_versions():
    runtime, dev = dict(PIN.findall(RUNTIME.read_text())), dict(PIN.findall(DEV.read_text()))

    assert {name: (pin, dev.get(name)) for name, pin in runtime.items() if dev.get(name) != pin} == {}
