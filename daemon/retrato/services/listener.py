"""
The listener: hears the bell, and never stays deaf unnoticed.

NOTIFY is only a hint. After each (re)connect everything is looked at once more, because what rang meanwhile is
lost; every eight seconds the connection has to prove within five that it is not half open; a lost one is opened
anew with growing waits, never longer than a second: who is deaf is late.

A connection on which hints do not arrive at all (a transaction pooler) is found out by ringing for oneself. Then
the listener says so once, wakes the dispatcher every few seconds instead, and looks every minute whether it can
hear again.
"""

import asyncio
from collections.abc import Iterator

import structlog

from retrato.domain.errors import ConfigError, StoreUnavailableError
from retrato.metrics.metrics import Metrics
from retrato.services.holdings import Holdings
from retrato.services.schema_guard import SchemaGuard
from retrato.store.listening import ListenConnection
from retrato.supervise import backoff, wait_for_any

log = structlog.get_logger()

_PING_EVERY_S = 8.0
_ECHO_WITHIN_S = 3.0
_LONGEST_WAIT_S = 0.8
_DEAF_POLL_S = 5.0
_TRIES_UNTIL_TOLD = 5
_DEAF_POLLS = 12
"""So often the dispatcher is woken before the next look whether hints arrive."""


class Listener:
    """Sets *wake* whenever there may be something to claim."""

    name = "listener"

    def __init__(
        self,
        dsn: str,
        *,
        wake: asyncio.Event,
        holdings: Holdings,
        ping_every_s: float = _PING_EVERY_S,
        echo_within_s: float = _ECHO_WITHIN_S,
        deaf_poll_s: float = _DEAF_POLL_S,
        guard: SchemaGuard | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._dsn = dsn
        self._wake = wake
        self._holdings = holdings
        self._ping_every_s = ping_every_s
        self._echo_within_s = echo_within_s
        self._deaf_poll_s = deaf_poll_s
        self._guard = guard or SchemaGuard()
        self._told_deaf = False
        self._let_in = False
        self._waits = _waits()
        self.connected = asyncio.Event()
        """Set while hints arrive."""
        self.settled = asyncio.Event()
        """Set once it is known whether hints arrive: they do, they do not, or several tries have found nobody."""
        self._metrics = metrics or Metrics()
        self._metrics.hearing.watch(self.connected.is_set)

    async def run(self, stop: asyncio.Event) -> None:
        """
        Listen until the dispatcher has let go of its last job: the replica's lock lives on this connection.

        Raises:
            ConfigError: the database refuses address or password from the beginning. Refused later, they may be
                about to change: then it is away.

        """
        drained = self._holdings.drained
        failed = 0
        while not drained.is_set():
            try:
                await self._listen()
            except (StoreUnavailableError, ConfigError) as exc:
                if isinstance(exc, ConfigError) and not self._let_in:
                    raise
                failed += 1
                if failed >= _TRIES_UNTIL_TOLD:
                    self.settled.set()
                self._metrics.database_error("listener")
                wait_s = next(self._waits)
                log.warning("listener.disconnected", error=str(exc), again_in_s=round(wait_s, 2))
                await wait_for_any(drained, timeout_s=wait_s)
        await stop.wait()

    async def _listen(self) -> None:
        """
        One connection's life.

        Raises:
            StoreUnavailableError: it could not be opened, or ended before the work was done.

        """
        drained, ended = self._holdings.drained, asyncio.Event()
        connection = ListenConnection(
            self._dsn,
            lock_key=self._holdings.lock_key,
            on_hint=self._hint,
            on_end=ended.set,
            on_migrated=self._doubt,
        )
        try:
            await connection.open()
            self._let_in = True
            if not await connection.hears(timeout_s=self._echo_within_s):
                await self._do_without()
                return
            await self._prove(connection)
            self._greet()
            while not drained.is_set():
                await wait_for_any(ended, drained, timeout_s=self._ping_every_s)
                if ended.is_set():
                    raise StoreUnavailableError("the LISTEN connection was closed by the server")
                await self._ping(connection)
        finally:
            self.connected.clear()
            self._holdings.locks = False
            await connection.close(abruptly=not drained.is_set())

    async def _do_without(self) -> None:
        """
        Wake the dispatcher for a while although nothing was heard.

        No lock is taken: on a session that belongs to everybody it would tell nothing of this replica.
        """
        self.settled.set()
        if not self._told_deaf:
            log.warning(
                "listener.deaf",
                reason="hints (NOTIFY) do not arrive on this connection; most likely it goes through a pooler in "
                "transaction mode",
                remedy="set RETRATO_LISTEN_DATABASE_URL to a direct connection; until then new work is looked for "
                f"every {self._deaf_poll_s:g} s",
            )
        self._told_deaf = True
        self._guard.doubt()  # who has migrated was not heard either
        for _ in range(_DEAF_POLLS):
            self._hear()
            await wait_for_any(self._holdings.drained, timeout_s=self._deaf_poll_s)
            if self._holdings.drained.is_set():
                return

    async def _prove(self, connection: ListenConnection) -> None:
        """Ask for an answer. The lock may come late: the session that held it outlives its socket for a while."""
        knew = self._holdings.locks
        self._holdings.locks = await connection.take_lock()
        if self._holdings.locks and not knew:
            self._holdings.newly_locked.set()

    async def _ping(self, connection: ListenConnection) -> None:
        try:
            await self._prove(connection)
        except StoreUnavailableError:
            self._metrics.hearing.ping_failed()
            raise

    def _greet(self) -> None:
        """The connection is there (again): hints were lost meanwhile, and others may be on their way back too."""
        self._waits = _waits()
        self._told_deaf = False
        self._holdings.unsettle()
        self.connected.set()
        self.settled.set()
        log.info("listener.connected", locks=self._holdings.locks)
        self._doubt()

    def _doubt(self) -> None:
        """The schema may be another one now."""
        self._guard.doubt()
        self._hear()

    def _hint(self) -> None:
        self._metrics.hearing.heard()
        self._hear()

    def _hear(self) -> None:
        self._wake.set()
        self._holdings.stirred.set()


def _waits() -> Iterator[float]:
    """Waits before the connection is opened again."""
    return backoff(longest_s=_LONGEST_WAIT_S)
