"""Real ``retrato`` processes, and what they say."""

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrato.simulator.server import Simulator

_PATIENCE_S = 90


@dataclass(slots=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class Daemon:
    """A running ``retrato run``; ``lines`` are its log lines, parsed."""

    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.raw.append(line.decode())
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"event": "not json", "text": line.decode()})
            self._news.set()

    def events(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    async def said(self, event: str, *, times: int = 1) -> dict[str, Any]:
        """Wait until the daemon has logged *event* that often; returns the last one."""
        async with asyncio.timeout(_PATIENCE_S):
            while len(self.events(event)) < times:
                self._news.clear()
                await self._news.wait()
        return self.events(event)[-1]

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(_PATIENCE_S):
            return await self.process.wait()


class Shell:
    """Runs ``retrato`` with a clean environment in a folder of its own."""

    def __init__(self, folder: Path, dsn: str, simulator: Simulator | None, **settings: str) -> None:
        self.folder = folder
        self.most_files = 0
        """As many files may a process have open; 0 = as here."""
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RETRATO_DATABASE_URL": dsn,
            "RETRATO_PACE_SECONDS": "0",
            "RETRATO_RETRY_WAITS_SECONDS": "0.01,0.02,0.03",
            "RETRATO_CONSOLE_PORT": "0",
            "RETRATO_LOG_LEVEL": "debug",
            "HUGGINGFACE_API_KEY": "hf_a_key_for_the_simulator",
        }
        if simulator is not None:
            self.env |= simulator.urls.as_settings()
        self.env |= settings

    def _environment(self, extra: Mapping[str, str | None]) -> dict[str, str]:
        merged = {**self.env, **extra}
        return {name: value for name, value in merged.items() if value is not None}

    async def run(self, *args: str, timeout_s: float = _PATIENCE_S, **extra: str | None) -> Finished:
        """Run a command to its end."""
        process = await self._start(*args, extra=extra)
        try:
            async with asyncio.timeout(timeout_s):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(), err.decode())

    @asynccontextmanager
    async def daemon(self, *args: str, **extra: str | None) -> AsyncIterator[Daemon]:
        """A ``retrato run`` for the length of the block; killed at its end if it still lives."""
        daemon = Daemon(await self._start("run", *args, extra=extra))
        reader = asyncio.create_task(daemon.read())
        try:
            yield daemon
        finally:
            if daemon.process.returncode is None:
                daemon.process.kill()
            await daemon.process.wait()
            await reader

    async def _start(self, *args: str, extra: Mapping[str, str | None]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "retrato",
            *args,
            cwd=self.folder,
            env=self._environment(extra),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=self._limit_files if self.most_files else None,
        )

    def _limit_files(self) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.most_files, self.most_files))
