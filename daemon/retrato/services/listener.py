"""
The listener: hears the bell, and never stays deaf unnoticed.

NOTIFY is only a hint. After each (re)connect everything is looked at once more, because what rang meanwhile is
lost; every ten seconds the connection has to prove that it is not half open; a lost one comes back with growing
waits.
"""

import asyncio

import structlog

from retrato.domain.errors import StoreUnavailableError
from retrato.services.holdings import Holdings
from retrato.store.listening import ListenConnection
from retrato.supervise import backoff, wait_for_any

log = structlog.get_logger()

_PING_EVERY_S = 10.0


class Listener:
    """Sets *wake* whenever there may be something to claim."""

    name = "listener"

    def __init__(self, dsn: str, *, wake: asyncio.Event, holdings: Holdings) -> None:
        self._dsn = dsn
        self._wake = wake
        self._holdings = holdings
        self.connected = asyncio.Event()
        """Set while LISTEN is answered."""

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until *stop* is set and the work in hand is done: the replica's lock lives on this connection."""
        waits = backoff()
        while not self._may_end(stop):
            try:
                await self._listen(stop)
                waits = backoff()
            except StoreUnavailableError as exc:
                wait_s = next(waits)
                log.warning("listener.disconnected", error=str(exc), again_in_s=round(wait_s, 2))
                await wait_for_any(self._holdings.drained, timeout_s=wait_s)

    def _may_end(self, stop: asyncio.Event) -> bool:
        return stop.is_set() and self._holdings.drained.is_set()

    async def _listen(self, stop: asyncio.Event) -> None:
        """One connection's life; returns when asked to stop or when a pinged connection had already ended."""
        ended = asyncio.Event()
        connection = ListenConnection(
            self._dsn, lock_key=self._holdings.lock_key, on_hint=self._hear, on_end=ended.set
        )
        try:
            await connection.open()
            self._holdings.locks = await connection.take_lock()
            self.connected.set()
            log.info("listener.connected", locks=self._holdings.locks)
            self._hear()
            while not ended.is_set() and not self._may_end(stop):
                await wait_for_any(ended, self._holdings.drained, timeout_s=_PING_EVERY_S)
                if not ended.is_set() and not self._holdings.drained.is_set():
                    # The session before this one may have held the lock a little longer than its socket lived.
                    self._holdings.locks = await connection.take_lock()
                elif self._holdings.drained.is_set() and not stop.is_set():
                    await wait_for_any(ended, stop, timeout_s=None)
        finally:
            self.connected.clear()
            self._holdings.locks = False
            await connection.close(abruptly=not self._may_end(stop))
        if ended.is_set() and not self._may_end(stop):
            raise StoreUnavailableError("the LISTEN connection was closed by the server")

    def _hear(self) -> None:
        self._wake.set()
        self._holdings.stirred.set()
