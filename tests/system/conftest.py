"""
The fault matrix: real processes, a real Postgres, simulated providers, and everything that can break is broken.

It takes its time, so it runs only when it is asked for: ``make test-system``, RETRATO_SYSTEM=1, or by naming this
folder or a file in it.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.e2e.processes import Shell
from tests.system.report import Report
from tests.system.servers import PostgresServer
from tests.system.stage import Stage, open_stage

from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

_HERE = Path(__file__).resolve().parent
_REPORT = pytest.StashKey[Report]()
_WRITE_DOWN_CLAIMS = """
create table public.claims (persona_id text, token bigint, takeovers integer, attempts integer, at timestamptz);
create function public.write_down_claim() returns trigger language plpgsql as $$
begin
    insert into public.claims values (new.persona_id, new.token, new.takeovers, new.attempts, new.started_at);
    return null;
end $$;
create trigger write_down_claim after update of token on retrato.jobs
for each row when (new.token is not null and new.token is distinct from old.token)
execute function public.write_down_claim();
"""


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    if os.environ.get("RETRATO_SYSTEM") == "1":
        return None
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(_HERE) for path in named) else True


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REPORT] = Report()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    report = config.stash[_REPORT]
    if report.rows:
        terminalreporter.section("fault matrix")
        for line in report.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    return request.config.stash[_REPORT]


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """Postgres 18, whose data are durable; shot and started anew by the tests."""
    with tempfile.TemporaryDirectory(prefix="retrato-system-") as folder:
        running = PostgresServer(Path(folder))
        yield running
        running.close()


@pytest.fixture
def direct_dsn(server: PostgresServer) -> str:
    """Address of a migrated database of this test's own, straight to Postgres, where claims are written down."""

    async def make() -> str:
        name = await server.new_database()
        await server.run(name, _WRITE_DOWN_CLAIMS)
        return server.dsn_for(name)

    return asyncio.run(make())


@pytest.fixture
def scenario() -> Scenario:
    """The providers' world; tests that need another one parametrize it."""
    return Scenario(faces=False, latency_seconds={"default": (0.02, 0.05)})


@pytest.fixture
async def simulator(scenario: Scenario) -> AsyncIterator[Simulator]:
    async with Simulator(scenario) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, direct_dsn: str, simulator: Simulator) -> Shell:
    return Shell(tmp_path, direct_dsn, simulator)


@pytest.fixture
async def stage(direct_dsn: str, simulator: Simulator, shell: Shell, report: Report) -> AsyncIterator[Stage]:
    async with open_stage(direct_dsn, simulator, shell, report) as opened:
        yield opened
