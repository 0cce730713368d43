"""What the tests of the providers share: a clock that never waits, and servers that misbehave on purpose."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp.abc import AbstractResolver, ResolveResult

from retrato.domain.picture import Order

CANARY = "hf_CanaryKeyThatMustNeverBeSeen0123456789"
ORDER = Order(prompt="oil portrait of a captain", seed=768726142)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class FakeTime:
    """A monotonic clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class FakeDns(AbstractResolver):
    """Answers from a table, and that there is no such name; remembers what it was asked."""

    def __init__(self, table: Mapping[str, list[str]]) -> None:
        self.table = dict(table)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if host not in self.table:
            raise OSError(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=family or socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.table[host]
        ]

    async def close(self) -> None:
        pass


class RequestIds:
    """Stands for the chain: keeps what legs report."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    async def __call__(self, request_id: str) -> None:
        self.noted.append(request_id)


@asynccontextmanager
async def raw_server(serve: Serve) -> AsyncIterator[str]:
    """A server that does with each connection what *serve* does; yields its base URL."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def request_head(reader: asyncio.StreamReader) -> str:
    """Read one request up to the end of its headers."""
    return (await reader.readuntil(b"\r\n\r\n")).decode()


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
