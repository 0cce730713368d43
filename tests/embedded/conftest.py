"""Servers in this process and in others, and a way to ask them."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.embedded.support import MoveData, Owner, Query, Spawn, StartOwner, Watch, has_ended

import retrato
from retrato.embedded import EmbeddedPostgres

OWNER = Path(__file__).with_name("owner.py")
SOURCE = Path(retrato.__file__).parents[1]


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Starts any other program, and kills it in the end."""
    processes = []

    def start(*argv: str | Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(argv, stderr=subprocess.PIPE)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def owner() -> Iterator[StartOwner]:
    """Starts owners; whoever still lives afterwards is killed, and with it its server."""
    owners = []

    def start(
        data_dir: Path,
        *,
        python: str = sys.executable,
        prefix: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Owner:
        process = subprocess.Popen(
            [*prefix, python, str(OWNER), str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{SOURCE}:{os.environ.get('PYTHONPATH', '')}", **(env or {})},
        )
        owners.append(Owner(process))
        return owners[-1]

    yield start
    for started in owners:
        started.kill()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with data, shared by the tests that are not about the first start, which is slow."""
    folder = tmp_path_factory.mktemp("data")
    with EmbeddedPostgres(folder, durable=False):
        pass
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module", autouse=True)
def _temporary() -> Iterator[None]:
    """Sockets of servers whose owner was killed stay behind; here, not among the files of others."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="retrato-", dir="/tmp") as folder,
    ):
        patch.setattr("tempfile.tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield


@pytest.fixture(autouse=True)
def _no_remains(tmp_path: Path) -> Iterator[None]:
    """Pytest keeps the folders of three runs; with 40 MB of Postgres in each that is too much."""
    yield
    shutil.rmtree(tmp_path)


@pytest.fixture
def move_data(data_dir: Path) -> Iterator[MoveData]:
    """Puts that folder to another place for one test; a folder of ours is not tied to its path."""
    moved = []

    def move(place: Path) -> Path:
        place.parent.mkdir(parents=True, exist_ok=True)
        moved.append(shutil.move(data_dir, place))
        return place

    yield move
    for place in moved:
        shutil.move(place, data_dir)


@pytest.fixture
def shared_dir() -> Iterator[Path]:
    """A folder that every user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="retrato-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def query() -> Query:
    """The first value of one statement, over a connection of its own."""

    async def ask(dsn: str | None, statement: str, **target: Any) -> Any:
        connection = await asyncpg.connect(dsn, timeout=5, **target)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close(timeout=5)

    def run(dsn: str | None, statement: str = "select 1", **target: Any) -> Any:
        return asyncio.run(ask(dsn, statement, **target))

    return run


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Holds on to a process that lives now; the answer waits up to five seconds for its end."""
    held = []

    def hold(pid: int) -> Callable[[], bool]:
        pidfd = os.pidfd_open(pid)
        held.append(pidfd)
        return lambda: has_ended(pidfd)

    yield hold
    for pidfd in held:
        os.close(pidfd)


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A server for the tests that only look at one."""
    with EmbeddedPostgres(data_dir, durable=False, max_connections=17) as running:
        assert running.owned
        yield running
