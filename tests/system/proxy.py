"""
A TCP proxy that stands between a replica and Postgres and breaks the connection in every way that a network can.

    replica ──▶ Proxy ──▶ Postgres
                  └─ drop · refuse · delay · silence · cut after N bytes · lose the reply to a statement

It passes on message by message, so that it can tell one statement from another (conversation.py).
"""

import asyncio
from contextlib import suppress
from enum import Enum, auto
from typing import Self
from urllib.parse import urlsplit

from tests.system.conversation import Conversation, LostCommit, asks_for_encryption, read_message

_IS_GONE = (OSError, asyncio.IncompleteReadError)


class Way(Enum):
    """A direction of the traffic."""

    TO_SERVER = auto()
    TO_CLIENT = auto()


_BOTH = tuple(Way)


class Proxy:
    """
    One proxy to one Postgres; entered as a context manager.

    Attributes:
        delay_s: seconds by which everything arrives late, in each direction.
        cuts: bytes that still go each way before a cut, where one is ordered; see `cut_after`.
        loses: the statement whose commit nobody will hear of, where there is one; see `lose_commit`.

    """

    def __init__(self, target_dsn: str) -> None:
        self._target = urlsplit(target_dsn)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._links: set[_Link] = set()
        self._silent_from_the_start: tuple[Way, ...] = ()
        self.delay_s = 0.0
        self.cuts: dict[Way, int] = {}
        self.loses: LostCommit | None = None

    @property
    def dsn(self) -> str:
        """The target's address, but through this proxy."""
        user = self._target.netloc.rpartition("@")[0]
        return self._target._replace(netloc=f"{user}@127.0.0.1:{self._port}").geturl()

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        self.drop()
        while self._links:  # noqa: ASYNC110 - they end in the next moments
            await asyncio.sleep(0)

    async def accept(self) -> None:
        """Take new connections, always on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Take no new connections: they meet a closed port."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def drop(self) -> None:
        """Close all connections now, on both sides."""
        for link in list(self._links):
            link.cut()

    def silence(self, *ways: Way, new_ones_too: bool = False) -> None:
        """
        Let nothing pass any more while the sockets stay open, in the *ways* given or both; half open, that is.

        What is sent meanwhile arrives when the network speaks again, as TCP has it.
        """
        for link in self._links:
            link.silence(ways or _BOTH)
        if new_ones_too:
            self._silent_from_the_start = ways or _BOTH

    def speak(self) -> None:
        """End the silence."""
        self._silent_from_the_start = ()
        for link in self._links:
            link.speak()

    def cut_after(self, size_bytes: int, way: Way) -> None:
        """Cut, once, the connection over which *size_bytes* more bytes, counted over all, have gone this *way*."""
        self.cuts[way] = size_bytes

    def lose_commit(self, text: str, *, nth: int = 1, then_cut: bool = True) -> asyncio.Event:
        """
        Let the *nth* statement with *text* in it be committed, lose the reply that says so, cut the connection.

        That is the reply to the statement itself or, where it stands in a transaction, the one to its COMMIT.
        Without *then_cut* the client waits for ever for what it will never hear. Returns the event that says that
        it has happened.
        """
        self.loses = LostCommit(text, nth, then_cut)
        return self.loses.happened

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert self._target.hostname is not None
            there = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(self, (reader, writer), there)
        link.silence(self._silent_from_the_start)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            link.cut()


class _Pipe:
    """One direction of one connection: what is put in comes out in order, late or never as the faults say."""

    def __init__(self, proxy: Proxy, way: Way, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._way = way
        self._writer = writer
        self._waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self.audible = asyncio.Event()
        self.audible.set()

    def put(self, data: bytes) -> None:
        """Take *data*; empty means that the sender has closed."""
        self._waiting.put_nowait((asyncio.get_running_loop().time() + self._proxy.delay_s, data))

    async def run(self) -> None:
        """Deliver until the sender has closed or the connection is to be cut."""
        loop = asyncio.get_running_loop()
        while True:
            due, data = await self._waiting.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self.audible.wait()
            allowed = self._allowed(data)
            if allowed:
                self._writer.write(allowed)
                await self._writer.drain()
            if not data or len(allowed) < len(data):
                return

    def _allowed(self, data: bytes) -> bytes:
        """The part of *data* that goes through before the cut, if one is ordered."""
        left_bytes = self._proxy.cuts.get(self._way)
        if left_bytes is None:
            return data
        if left_bytes >= len(data):
            self._proxy.cuts[self._way] = left_bytes - len(data)
            return data
        del self._proxy.cuts[self._way]
        return data[:left_bytes]


class _Link:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(
        self,
        proxy: Proxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._proxy = proxy
        self._from_client, self._client = client
        self._from_server, self._server = server
        self._pipes = {
            Way.TO_SERVER: _Pipe(proxy, Way.TO_SERVER, self._server),
            Way.TO_CLIENT: _Pipe(proxy, Way.TO_CLIENT, self._client),
        }
        self._conversation = Conversation()
        self._losing: LostCommit | None = None
        self._cut = asyncio.Event()

    async def run(self) -> None:
        """Pass on until one side has closed, or a fault ends it."""
        ends = [
            asyncio.create_task(end) for end in (*(pipe.run() for pipe in self._pipes.values()), self._cut.wait())
        ]
        tasks = [*ends, asyncio.create_task(self._listen())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> None:
        """Close both sides at once."""
        self._cut.set()
        self._client.transport.abort()
        self._server.transport.abort()

    def silence(self, ways: tuple[Way, ...]) -> None:
        """Deliver nothing in these *ways* until `speak`."""
        for way in ways:
            self._pipes[way].audible.clear()

    def speak(self) -> None:
        """Deliver what has waited, and whatever comes."""
        for pipe in self._pipes.values():
            pipe.audible.set()

    async def _listen(self) -> None:
        try:
            await self._start()
        except _IS_GONE:
            self._pipes[Way.TO_SERVER].put(b"")
            return
        await asyncio.gather(self._hear_client(), self._hear_server())

    async def _start(self) -> None:
        """What comes before the first typed message: perhaps a question for encryption, then who is there."""
        while True:
            opening = await read_message(self._from_client, typed=False)
            self._pipes[Way.TO_SERVER].put(opening)
            if not asks_for_encryption(opening):
                return
            self._pipes[Way.TO_CLIENT].put(await self._from_server.readexactly(1))

    async def _hear_client(self) -> None:
        with suppress(*_IS_GONE):
            while True:
                message = await read_message(self._from_client)
                self._losing = self._losing or self._conversation.hear(message, self._proxy.loses)
                self._pipes[Way.TO_SERVER].put(message)
        self._pipes[Way.TO_SERVER].put(b"")

    async def _hear_server(self) -> None:
        with suppress(*_IS_GONE):
            while True:
                message = await read_message(self._from_server)
                if self._losing is None:
                    self._pipes[Way.TO_CLIENT].put(message)
                elif message.startswith(b"Z"):  # ReadyForQuery: what was said before has been committed
                    self._losing.happened.set()
                    if self._losing.then_cut:
                        self.cut()
        self._pipes[Way.TO_CLIENT].put(b"")
