"""
Two releases on one database: real processes, a real Postgres, simulated providers.

`make test` plays the upgrade from the release before. With RETRATO_SYSTEM=1 (`make test-system`) there is also the
one to a release to come, and replicas of either release die with work in hand.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.e2e.processes import Daemon, Shell
from tests.system.application import Application
from tests.system.auditor import Auditor
from tests.upgrade import releases
from tests.upgrade.releases import Release

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator
from retrato.store import sample

_PUBLIC_URL = "https://avatars.example"
"""Replicas write the same addresses, wherever each of them listens."""
_PAIRS = [("previous", "current")]
_IS_SYSTEM = os.environ.get("RETRATO_SYSTEM") == "1"
if _IS_SYSTEM:
    _PAIRS.append(("current", "following"))

_CONTRACTS = "update retrato.installation set serves_from = {number}"
_EXPANDS = """
alter table retrato.jobs add column remark text;
create function retrato.remark(persona_id text, remark text) returns void language sql set search_path = '' as
'update retrato.jobs j set remark = $2 where j.persona_id = $1';
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe says."""

    status: int
    json: Any


async def probe(daemon: Daemon, path: str) -> Answer:
    """Ask a daemon's ``/healthz`` or ``/readyz``."""
    url = (await daemon.said("console.started"))["url"]
    async with aiohttp.ClientSession() as session, session.get(url + path) as answer:
        return Answer(answer.status, await answer.json())


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.name == "test_taking_over.py" and not _IS_SYSTEM else None


@pytest.fixture(scope="session")
def current() -> Release:
    return releases.current()


@pytest.fixture(scope="session")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return releases.previous(tmp_path_factory.mktemp("previous"))


@pytest.fixture(scope="session")
def following(current: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release to come, whose schema serves the working tree's code."""
    return current.successor(tmp_path_factory.mktemp("following") / "code", _EXPANDS)


@pytest.fixture(scope="session")
def contracting(current: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release to come, whose schema does not serve the working tree's code any more."""
    taken_away = _CONTRACTS.format(number=current.schema + 1)
    return current.successor(tmp_path_factory.mktemp("contracting") / "code", taken_away)


@pytest.fixture(params=_PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[Release, Release]:
    """A release and the one after it."""
    older, newer = request.param
    return request.getfixturevalue(older), request.getfixturevalue(newer)


@pytest.fixture
async def dsn(bare_dsn: str) -> str:
    """Address of an application's database, in which nothing of ours is installed yet."""
    await sample.create_host_tables(bare_dsn)
    return bare_dsn


@pytest.fixture
def scenario() -> Scenario:
    """The providers' world; tests that need another one parametrize it."""
    return Scenario(faces=False, latency_seconds={"default": (0.02, 0.05)})


@pytest.fixture
async def simulator(scenario: Scenario) -> AsyncIterator[Simulator]:
    async with Simulator(scenario) as running:
        yield running


@pytest.fixture
async def application(dsn: str) -> AsyncIterator[Application]:
    opened = Application(dsn)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def older(tmp_path: Path, dsn: str, simulator: Simulator, pair: tuple[Release, Release]) -> Shell:
    """Runs the older release, which has migrated the database."""
    shell = Shell(tmp_path, dsn, simulator, RETRATO_PUBLIC_URL=_PUBLIC_URL, **pair[0].settings)
    migrated = await shell.run("migrate")
    assert migrated.code == 0, migrated.err
    return shell


@pytest.fixture
def newer(tmp_path: Path, dsn: str, simulator: Simulator, pair: tuple[Release, Release], older: Shell) -> Shell:
    """Runs the newer release beside it, with the same folder of pictures."""
    return Shell(tmp_path, dsn, simulator, RETRATO_PUBLIC_URL=_PUBLIC_URL, **pair[1].settings)


@pytest.fixture
def auditor(application: Application, simulator: Simulator, tmp_path: Path) -> Auditor:
    return Auditor(application, simulator.world.ledger, tmp_path / ".retrato" / "avatars")
