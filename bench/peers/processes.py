"""Workers and clients as processes of their own; they speak the protocol of ``workers/side.py``."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from environment import FOLDER, PEERS_PYTHON, peers_packages
from systems import RETRATO, System

_LAST_WORDS = 2000
_PATIENCE_S = 60.0


class SideEndedError(RuntimeError):
    """The process ended although nobody asked it to; the message is the end of what it logged."""


class Side:
    """One running process of a system."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def hear(self, *, within_s: float = _PATIENCE_S) -> dict[str, Any]:
        """
        The next thing it says.

        Raises:
            TimeoutError: it said nothing in time.
            SideEndedError: it has ended.

        """
        assert self._process.stdout is not None
        async with asyncio.timeout(within_s):
            line = await self._process.stdout.readline()
        if not line:
            raise SideEndedError(self._log.read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:])
        return json.loads(line)

    async def ask(self, **order: Any) -> dict[str, Any]:
        """Give a client an order, and hear its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        return await self.hear(within_s=_PATIENCE_S + order.get("seconds", 0))

    def rss_bytes(self) -> int:
        """Memory that the process holds now."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """SIGKILL, to the processes that it has started as well, as when a container is killed."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def ended(self) -> int:
        """Wait for its end; returns the exit code."""
        return await self._process.wait()


class Cast:
    """Starts the processes of all systems with the options that they share."""

    def __init__(self, *, uvloop: bool) -> None:
        self._options = ["--uvloop", str(peers_packages())] if uvloop else []

    async def install(self, system: System, dsn: str) -> None:
        """Make the tables of *system* in the empty database *dsn*."""
        async with self._start(system, "install", dsn) as side:
            if await side.ended() != 0:
                await side.hear()

    @asynccontextmanager
    async def client(self, system: System, dsn: str, *, connections: int = 1) -> AsyncIterator[Side]:
        """An application that takes orders."""
        async with self._start(system, "client", dsn, "--connections", str(connections)) as side:
            await side.hear()
            yield side

    @asynccontextmanager
    async def worker(
        self, system: System, dsn: str, *, concurrency: int, every: int = 1, hold: bool = False
    ) -> AsyncIterator[Side]:
        """A worker that tells of the first and every *every*-th start; with *hold* its jobs never end."""
        options = ["--concurrency", str(concurrency), "--every", str(every), *(["--hold"] if hold else [])]
        async with self._start(system, "work", dsn, *options) as side:
            yield side

    @asynccontextmanager
    async def _start(self, system: System, role: str, dsn: str, *options: str) -> AsyncIterator[Side]:
        python = sys.executable if system is RETRATO else PEERS_PYTHON
        with tempfile.TemporaryDirectory(prefix="retrato-peers-") as folder:
            log = Path(folder) / "log"
            with log.open("wb") as stderr:
                process = await asyncio.create_subprocess_exec(
                    python,
                    FOLDER / "workers" / system.script,
                    role,
                    dsn,
                    *options,
                    *self._options,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=stderr,
                    start_new_session=True,
                    cwd=folder,  # no settings file of the checkout is read
                    env={"PATH": os.environ["PATH"]},
                )
            side = Side(process, log)
            try:
                yield side
            finally:
                side.kill()
                await side.ended()
