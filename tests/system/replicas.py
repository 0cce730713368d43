"""Replicas: real ``retrato run`` processes, each behind proxies of its own where a test wants to cut its wires."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.e2e.processes import Daemon, Shell
from tests.system.application import Application
from tests.system.proxy import Proxy, Way

_PUBLIC_URL = "https://avatars.example"
"""Without the console nobody serves the pictures."""


@dataclass(frozen=True, slots=True)
class Wires:
    """What connects one replica to Postgres: the pool's connections, and the one that listens."""

    pool: Proxy
    listen: Proxy

    def drop(self) -> None:
        """Close every connection."""
        self.pool.drop()
        self.listen.drop()

    def silence(self, *ways: Way) -> None:
        """Nothing passes any more, on no old connection and on no new one."""
        self.pool.silence(*ways, new_ones_too=True)
        self.listen.silence(*ways, new_ones_too=True)

    def speak(self) -> None:
        """End the silence."""
        self.pool.speak()
        self.listen.speak()


@dataclass(slots=True)
class Replica:
    """One process, the id under which the database knows it, and its wires if they go through proxies."""

    id: str
    daemon: Daemon
    _wires: Wires | None
    is_ended: bool = False
    """Whether a test has ended it, so that it may be gone."""

    @property
    def wires(self) -> Wires:
        """Only of one that was started ``wired``."""
        assert self._wires is not None
        return self._wires

    @property
    def is_running(self) -> bool:
        """Has it not ended yet?"""
        return self.daemon.process.returncode is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.daemon.process.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        await self.end(signal.SIGKILL)

    async def end(self, number: signal.Signals) -> int:
        """End it with a signal and wait until it is gone; returns its exit code."""
        self.is_ended = True
        return await self.daemon.stop(number)

    def said(self, event: str) -> int:
        """How often it has logged *event*."""
        return len(self.daemon.events(event))


class Replicas:
    """Starts replicas one after the other; kills at the end whatever still runs."""

    def __init__(self, shell: Shell, application: Application, stack: AsyncExitStack) -> None:
        self._shell = shell
        self._application = application
        self._stack = stack
        self.all: list[Replica] = []

    async def start(self, count: int = 1, *, wired: bool = False, **settings: str) -> list[Replica]:
        """Start *count* and wait until they listen; *wired* puts proxies between each and Postgres."""
        return [await self._start(wired=wired, settings=settings) for _ in range(count)]

    async def _start(self, *, wired: bool, settings: dict[str, str]) -> Replica:
        wires = await self._wires() if wired else None
        if wires is not None:
            addresses = {"RETRATO_DATABASE_URL": wires.pool.dsn, "RETRATO_LISTEN_DATABASE_URL": wires.listen.dsn}
            settings = {**settings, **addresses}
        before = await self._ids()
        daemon = await self._stack.enter_async_context(
            self._shell.daemon("--no-console", RETRATO_PUBLIC_URL=_PUBLIC_URL, **settings)
        )
        await _listens(daemon)
        (identity,) = await self._ids() - before
        replica = Replica(identity, daemon, wires)
        self.all.append(replica)
        return replica

    async def _wires(self) -> Wires:
        pool = await self._stack.enter_async_context(Proxy(self._shell.env["RETRATO_DATABASE_URL"]))
        listen = await self._stack.enter_async_context(Proxy(self._application.dsn))
        return Wires(pool, listen)

    async def _ids(self) -> set[str]:
        rows = await self._application.fetch("select id::text from retrato.replicas")
        return {row["id"] for row in rows}

    @property
    def running(self) -> list[Replica]:
        """Those that have not ended."""
        return [replica for replica in self.all if replica.is_running]

    async def holder(self, persona_id: str) -> Replica:
        """Wait until somebody works on the persona; returns who."""
        identity = await self._application.until(
            "select replica_id::text from retrato.jobs where persona_id = $1 and state = 'running'", persona_id
        )
        return next(replica for replica in self.all if replica.id == identity)


@asynccontextmanager
async def open_replicas(shell: Shell, application: Application) -> AsyncIterator[Replicas]:
    """
    Replicas for the length of the block.

    Raises:
        AssertionError: one has ended although no test had asked it to.

    """
    async with AsyncExitStack() as stack:
        replicas = Replicas(shell, application, stack)
        yield replicas
        for replica in replicas.all:
            assert replica.is_ended or replica.is_running, _last_words(replica.daemon)


async def _listens(daemon: Daemon) -> None:
    """Wait until it listens; a process that has ended never will."""
    listens, ended = (
        asyncio.create_task(daemon.said("listener.connected")),
        asyncio.create_task(daemon.process.wait()),
    )
    await asyncio.wait([listens, ended], return_when=asyncio.FIRST_COMPLETED)
    listens.cancel()
    assert not ended.done(), _last_words(daemon)
    ended.cancel()


def _last_words(daemon: Daemon) -> str:
    return f"a replica ended with code {daemon.process.returncode}:\n{''.join(daemon.raw[-30:])}"
