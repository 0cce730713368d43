"""Stands in for systemd: a real datagram socket that hears what a process tells its service manager."""

import asyncio
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_PATIENCE_S = 60


@dataclass
class ServiceManager:
    """``heard`` are the datagrams so far, each name → value, in order; ``address`` is for NOTIFY_SOCKET."""

    address: str
    _socket: socket.socket
    heard: list[dict[str, str]] = field(default_factory=list)

    async def hears(self, name: str, value: str = "") -> dict[str, str]:
        """Wait for a datagram with *name*, and a value that contains *value*; returns it."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                told = await self._next()
                if name in told and value in told[name]:
                    return told

    async def _next(self) -> dict[str, str]:
        datagram = await asyncio.get_running_loop().sock_recv(self._socket, 65536)
        self.heard.append(dict(line.split("=", 1) for line in datagram.decode().split("\n")))
        return self.heard[-1]

    def said(self, name: str) -> bool:
        """Whether *name* was in any datagram that was read so far."""
        return any(name in told for told in self.heard)


@contextmanager
def service_manager() -> Iterator[ServiceManager]:
    """One that listens at an abstract address, for the length of the block."""
    name = f"retrato-tests-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.setblocking(False)
        yield ServiceManager(f"@{name}", listening)
