"""
What the service manager is told, where one listens: sd_notify(3) in a few lines of our own.

It cannot disturb the daemon: without ``$NOTIFY_SOCKET`` nothing is sent, and what cannot be sent is given up.
"""

import asyncio
import math
import socket
import time
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Self

_PATIENCE_S = 1.0
"""A manager that does not read is waited for so long; the next word comes soon."""
_EXTENSION_USEC = 60_000_000
"""Who holds on says so again long before this is over."""
_EVERY_S = 5.0


class Notifier:
    """
    Sends states to the datagram socket at *address* (``@name`` is an abstract one); None = nobody listens.

    ``watchdog_s`` is how long the manager bears silence, None where it has no watchdog.
    """

    def __init__(self, address: str | None, *, watchdog_s: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address is not None and address.startswith("@") else address
        self.watchdog_s = watchdog_s
        self._out: socket.socket | None = None
        if address is not None:
            # Opened once: a process that has run out of descriptors must still be able to say that it lives.
            with suppress(OSError):
                self._out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._out.settimeout(_PATIENCE_S)
                weakref.finalize(self, self._out.close)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, pid: int) -> Self:
        """As the manager has told in *environ*; a watchdog that waits for others than *pid* is not ours."""
        return cls(environ.get("NOTIFY_SOCKET") or None, watchdog_s=watchdog_interval_s(environ, pid=pid))

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return self._address is not None

    def tell(self, **states: str | int) -> None:
        """Send *states*, such as ``READY=1, STATUS="drawing"``, in one datagram."""
        if self._address is None or self._out is None:
            return
        lines = (f"{name}={' '.join(str(value).splitlines())}" for name, value in states.items())
        with suppress(OSError):
            self._out.sendto("\n".join(lines).encode(errors="replace"), self._address)

    def hold_on(self, status: str, **states: int) -> None:
        """Starting or stopping takes longer, and why: the manager's patience begins anew."""
        self.tell(EXTEND_TIMEOUT_USEC=_EXTENSION_USEC, STATUS=status, **states)

    @asynccontextmanager
    async def patience(self, status: str) -> AsyncIterator[None]:
        """Hold on for as long as the block waits for others, and give signs of life: the event loop turns."""
        self.hold_on(status)
        holding = asyncio.create_task(self._keep_holding_on())
        try:
            yield
        finally:
            holding.cancel()
            await asyncio.wait([holding])

    async def _keep_holding_on(self) -> None:
        every_s = min(_EVERY_S, (self.watchdog_s or math.inf) / 2)
        while True:
            await asyncio.sleep(every_s)
            self.tell(EXTEND_TIMEOUT_USEC=_EXTENSION_USEC, WATCHDOG=1)

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """The settings are read anew within the block; READY again at its end."""
        self.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
        try:
            yield
        finally:
            self.tell(READY=1)


def watchdog_interval_s(environ: Mapping[str, str], *, pid: int | None = None) -> float | None:
    """Within how many seconds the manager wants a sign of life, from *pid* where that is given; None = never."""
    usec, whose = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0 or (pid is not None and whose not in {"", str(pid)}):
        return None
    return int(usec) / 1e6
