"""The benchmarks' ground: a Postgres of their own, the sample application's tables, replicas as processes."""

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from retrato.embedded.server import EmbeddedPostgres
from retrato.simulator.server import Simulator
from retrato.store import migrations, sample

# Durable, as in production; larger than an idle laptop's default, so that no checkpoint falls into a measure.
_SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB"}
_CONNECTIONS = 300
_BARE_REPLICA = Path(__file__).resolve().parents[1] / "peers" / "workers" / "ours.py"


@contextmanager
def postgres(**settings: str) -> Iterator[EmbeddedPostgres]:
    """A server that lives as long as the block; *settings* are further parameters of postgresql.conf."""
    with (
        tempfile.TemporaryDirectory(prefix="retrato-bench-") as folder,
        EmbeddedPostgres(
            Path(folder), max_connections=_CONNECTIONS, extra_settings={**_SETTINGS, **settings}
        ) as server,
    ):
        yield server


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection, closed in the end."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def new_database(server: EmbeddedPostgres, name: str, *, template: str = "template1") -> str:
    """Make a database anew, a copy of *template*; returns its address."""
    async with connected(server.dsn) as connection:
        await connection.execute(f"drop database if exists {name} with (force)")
        await connection.execute(f"create database {name} template {template}")
    return server.dsn_for(name)


async def install(dsn: str) -> None:
    """The sample application's tables, and ours."""
    await sample.create_host_tables(dsn)
    await migrations.apply(dsn)


async def install_bare(dsn: str) -> None:
    """A single narrow table as the application's, and ours."""
    process = await asyncio.create_subprocess_exec(sys.executable, _BARE_REPLICA, "install", dsn)
    if await process.wait() != 0:
        raise RuntimeError("the bare replica could not install its tables")


@asynccontextmanager
async def bare_replica(dsn: str, *, concurrency: int, every: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """
    The real dispatcher, worker, write-back, keeper and listener as a process; its pipeline draws nothing.

    It writes a line for the first and every *every*-th job that it starts. It ends with the block.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        _BARE_REPLICA,
        "work",
        dsn,
        "--concurrency",
        str(concurrency),
        "--every",
        str(every),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=tempfile.gettempdir(),  # no settings file of the checkout is read
        env={"PATH": os.environ["PATH"]},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def next_start(replica: asyncio.subprocess.Process) -> dict[str, Any]:
    """
    The next line of a `bare_replica`: how many jobs it has started, and when by ``time.monotonic``.

    Raises:
        RuntimeError: it has ended.

    """
    assert replica.stdout is not None
    line = await replica.stdout.readline()
    if not line:
        raise RuntimeError("the replica has ended; see its log above")
    return json.loads(line)


@asynccontextmanager
async def daemon(
    dsn: str, simulator: Simulator, *, pages: bool = False, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """
    The whole daemon as a process, with simulated providers; yields when it has announced itself.

    *pages*: with its console. *settings* are environment variables.
    """
    with tempfile.TemporaryDirectory(prefix="retrato-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "retrato",
            "run",
            *([] if pages else ["--no-console"]),
            cwd=folder,
            env=_environment(dsn, folder, simulator, settings),
        )
        try:
            async with connected(dsn) as connection:
                while not await connection.fetchval("select count(*) from retrato.replicas"):
                    if process.returncode is not None:
                        raise RuntimeError("the daemon has ended; see its log above")
                    await asyncio.sleep(0.05)
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def _environment(dsn: str, folder: str, simulator: Simulator, settings: Mapping[str, str]) -> Mapping[str, str]:
    """A dedicated endpoint answers with the picture itself, so nothing but us is measured."""
    return {
        "PATH": os.environ["PATH"],
        "RETRATO_DATABASE_URL": dsn,
        "RETRATO_PROVIDERS": "huggingface",
        "RETRATO_PACE_SECONDS": "0",
        "RETRATO_CONSOLE_PORT": "0",
        "RETRATO_PUBLIC_URL": "https://avatars.example",
        "RETRATO_DATA_DIR": folder,
        "RETRATO_LOG_LEVEL": "warning",
        "HUGGINGFACE_API_KEY": "hf_simulated",
        **simulator.urls.as_settings(),
        "RETRATO_HUGGINGFACE_ENDPOINT_URL": simulator.urls.huggingface_endpoint,
        **settings,
    }


def machine(server_version: str) -> dict[str, Any]:
    """What a reader must know to compare."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": round(os.getloadavg()[0], 2),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "postgres": server_version,
    }
