"""The dedicated connection that listens, and that holds the replica's advisory lock while it lives."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from retrato.store.database import connect, translated
from retrato.store.queries import REPLICA_LOCK_CLASS

CHANNEL = "retrato"
MIGRATED = "migrated"
"""What `retrato migrate` says on the channel when it is done; hints are empty."""


class ListenConnection:
    """
    LISTEN on a connection of its own; a closed or broken one is never used again.

    The session's advisory lock tells the other replicas that this one lives; when the connection ends, for
    whatever reason, Postgres lets go of it.
    """

    def __init__(
        self,
        dsn: str,
        *,
        lock_key: int,
        on_hint: Callable[[], None],
        on_end: Callable[[], None],
        on_migrated: Callable[[], None] = lambda: None,
    ) -> None:
        self._dsn = dsn
        self._lock_key = lock_key
        self._on_hint = on_hint
        self._on_migrated = on_migrated
        self._on_end = on_end
        self._connection: Any = None
        self._locked = False
        self._word = secrets.token_hex(8)
        self._echo = asyncio.Event()

    async def open(self, *, timeout_s: float = 10) -> None:
        """
        Connect and listen.

        Raises:
            StoreUnavailableError: nobody answered in time.

        """
        self._connection = await connect(self._dsn, timeout_s=timeout_s)
        with translated():
            async with asyncio.timeout(timeout_s):
                self._connection.add_termination_listener(lambda _: self._on_end())
                await self._connection.add_listener(CHANNEL, self._hear)

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        """Hints say nothing; what says something else is somebody's word to himself."""
        if not payload:
            self._on_hint()
        elif payload == MIGRATED:
            self._on_migrated()
        elif payload == self._word:
            self._echo.set()

    async def hears(self, *, ring_at: str | None = None, timeout_s: float = 3) -> bool:
        """
        Whether hints arrive here: a word of our own, rung on another connection, comes back.

        It is rung at the same address, or at *ring_at*. Behind a transaction pooler it does not come back: LISTEN
        was said by a session that belongs to everybody. On the same connection that could go unnoticed, where the
        pooler happens to give us that session once more.

        Raises:
            StoreUnavailableError: no connection.

        """
        other = await connect(ring_at or self._dsn, timeout_s=timeout_s)
        with translated():
            try:
                async with asyncio.timeout(timeout_s):
                    # Without parameters: those need prepared statements, which not every pooler lets through.
                    await other.execute(f"notify {CHANNEL}, '{self._word}'")
                    await self._echo.wait()
            except TimeoutError:
                return False
            finally:
                other.terminate()
        return True

    async def take_lock(self, *, timeout_s: float = 5) -> bool:
        """
        Take the replica's lock where this session does not hold it yet; returns whether it is held.

        Each call asks the server, so it is the ping too: a socket that is only half open looks healthy until then.

        Raises:
            StoreUnavailableError: no answer in time.

        """
        with translated():
            async with asyncio.timeout(timeout_s):
                if self._locked:
                    await self._connection.execute("select 1")
                else:
                    self._locked = await self._connection.fetchval(
                        "select pg_try_advisory_lock($1::integer, $2::integer)", REPLICA_LOCK_CLASS, self._lock_key
                    )
        return self._locked

    async def close(self, *, abruptly: bool = False) -> None:
        """End the connection; *abruptly* without a word to a server that may not answer."""
        if self._connection is None or self._connection.is_closed():
            return
        if not abruptly:
            try:
                await self._connection.close(timeout=2)
            except Exception:  # noqa: BLE001 - it is gone either way; the driver raises many kinds here
                abruptly = True
        if abruptly:
            self._connection.terminate()
