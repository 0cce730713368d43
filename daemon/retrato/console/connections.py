"""
Connections to the console's ports: bounded in number and in time, so that the drawing has what it needs.

    in all            half of the descriptors that the process may have, at most 1024
    from one address  three quarters of that: a team behind one proxy is one address (of IPv6, one /64)
    first header      ten seconds; between two requests of a connection a minute
    body              thirty seconds
    answer            a client that takes nothing of it from one look to the next, thirty seconds later, is cut off

When all are taken the connection that has been idle for longest is closed for a new one: whoever opens many and
sends nothing shuts nobody out. Where none is idle a few more are let in, of which only the probes are answered.
"""

import asyncio
import ipaddress
import math
from collections import Counter
from collections.abc import Callable
from typing import cast

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from retrato.console.gate import OPEN
from retrato.descriptors import most_descriptors
from retrato.metrics.metrics import Metrics
from retrato.supervise import failed

log = structlog.get_logger()

_MOST = 1024
_LEAST = 8
_SPARE = 8
"""Beyond the bound, for probes."""
_HEADER_S = 10.0
_BODY_S = 30.0
_ANSWER_S = 30.0
_TOLD_EVERY_S = 60.0
KEEPALIVE_S = 60.0
_AHEAD_BYTES = 64 * 1024
_AHEAD_HEADS = 64
"""So many bytes and headers may come before the request under way is answered: more would fill our memory."""

PROBES = {f"{OPEN}healthz", f"{OPEN}readyz"}


def most_connections() -> int:
    """The bound in all that follows from the process's own limit."""
    return max(_LEAST, min(_MOST, most_descriptors() // 2))


class Connections:
    """
    The connections of one port; called by the event loop for each new one.

    *most* in all, *most_of_one* from one address; *body_bytes* is the largest body that is read. The times are in
    seconds.
    """

    def __init__(
        self,
        *,
        most: int,
        most_of_one: int | None = None,
        body_bytes: int = 0,
        header_s: float = _HEADER_S,
        body_s: float = _BODY_S,
        answer_s: float = _ANSWER_S,
    ) -> None:
        self.most = most
        self.most_of_one = most_of_one or max(1, most * 3 // 4)
        self.body_bytes = body_bytes
        self.header_s, self.body_s, self.answer_s = header_s, body_s, answer_s
        self.metrics = Metrics()
        self._server: Callable[[], asyncio.Protocol] | None = None
        self._open: dict[object, Connection] = {}
        self._of_one: Counter[str] = Counter()
        self._spare = 0
        self._told_at = float("-inf")

    def lead_to(self, server: Callable[[], asyncio.Protocol]) -> None:
        """*server* makes what speaks HTTP on each connection."""
        self._server = server

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        assert self._server is not None
        return Connection(self, self._server())

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, connection: "Connection") -> bool:
        """Whether there is a place for it, where need be that of another one."""
        is_crowd = self._of_one[connection.address] >= self.most_of_one
        if is_crowd or len(self._open) - self._spare >= self.most:
            connection.is_spare = not self._make_room(connection.address if is_crowd else None)
            if connection.is_spare and self._spare >= _SPARE and not self._make_room(None, spare=True):
                self._closed(connection, "crowded")
                return False
        self._open[connection.inner] = connection
        self._of_one[connection.address] += not connection.is_spare
        self._spare += connection.is_spare
        return True

    def leave(self, connection: "Connection") -> None:
        """It is closed, or is about to be."""
        if self._open.pop(connection.inner, None) is not None:
            self._spare -= connection.is_spare
            self._of_one[connection.address] -= not connection.is_spare
            if self._of_one[connection.address] <= 0:
                del self._of_one[connection.address]

    def cut(self, connection: "Connection", reason: str) -> None:
        """Close it at once."""
        self.leave(connection)
        self._closed(connection, reason)
        connection.abort()

    def attended(self) -> Middleware:
        """
        The outermost middleware: it notes which connections are at work, and stops what a handler raises.

        What is no Exception, such as SystemExit, would pass aiohttp and end the process.
        """

        @web.middleware
        async def attend(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self._open.get(request.protocol)
            if connection is not None and connection.is_spare and request.match_info.route.name not in PROBES:
                refusal = web.Response(status=503, text="too many connections\n", headers={"Retry-After": "5"})
                refusal.force_close()
                return refusal
            if connection is not None:
                connection.begin(request)
            try:
                return await handler(request)
            except (asyncio.CancelledError, GeneratorExit, web.HTTPException):
                raise
            except BaseException as exc:  # noqa: BLE001 - the per-request boundary
                failed("http", exc, on_failure=self.metrics.service_failed)
                return web.Response(status=500, text="something went wrong; the log tells more\n")
            finally:
                if connection is not None and self._open.pop(request.protocol, None) is not None:
                    connection.end()
                    self._open[request.protocol] = connection  # the last of those that may give way

        return attend

    def _make_room(self, address: str | None, *, spare: bool = False) -> bool:
        """Close the connection that has been idle for longest, of *address* where one is given."""
        for one in self._open.values():
            if one.is_idle and one.is_spare == spare and address in {None, one.address}:
                self.cut(one, "crowded")
                return True
        return False

    def _closed(self, connection: "Connection", reason: str) -> None:
        self.metrics.connection_closed(reason)
        now = asyncio.get_running_loop().time()
        if now - self._told_at > _TOLD_EVERY_S:
            self._told_at = now
            log.warning(
                "console.connection_closed",
                reason=reason,
                address=connection.address,
                open=len(self._open),
                most=self.most,
                most_of_one=self.most_of_one,
            )


class Connection(asyncio.Protocol):
    """One connection: hands everything on to *inner*, and watches the clock."""

    def __init__(self, connections: Connections, inner: asyncio.Protocol) -> None:
        self.inner = inner
        self.address = ""
        self.is_spare = False
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._at_work = False
        self._let_in = False
        self._unsent = math.inf
        self._allow(connections.body_bytes)
        self._slow: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way, and nothing waits to be sent."""
        return not self._at_work and (self._transport is None or not self._transport.get_write_buffer_size())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, or go."""
        self._transport = cast("asyncio.Transport", transport)
        self.address = _address(transport.get_extra_info("peername"))
        self._let_in = self._connections.enter(self)
        if not self._let_in:
            self.abort()
            return
        self._watch(self._connections.header_s)
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand *data* on, unless more comes than anybody sends who waits for answers."""
        if not self._let_in:
            return
        self._bytes_left -= len(data)
        self._heads_left -= data.count(b"\r\n\r\n")
        if self._bytes_left < 0 or self._heads_left < 0:
            self._connections.cut(self, "flood")
            return
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand on that nothing more will come."""
        return self.inner.eof_received() if self._let_in else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the place to others."""
        self._connections.leave(self)
        for timer in (self._slow, self._stuck):
            if timer is not None:
                timer.cancel()
        self._transport = None
        if self._let_in:
            self.inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not read as fast as it is sent to."""
        self.inner.pause_writing()
        self._watch_answer()

    def resume_writing(self) -> None:
        """It has read."""
        self.inner.resume_writing()

    def begin(self, request: web.Request) -> None:
        """A request is under way; its body has its time."""
        self._at_work = True
        self._allow(self._connections.body_bytes if request.can_read_body else 0)
        if self._slow is not None:
            self._slow.cancel()
        if request.can_read_body:
            self._watch(self._connections.body_s, request)

    def end(self) -> None:
        """It is answered, and the answer about to be sent."""
        self._at_work = False
        self._watch_answer()
        self._allow(self._connections.body_bytes)

    def abort(self) -> None:
        """Close without a word; what was to be sent is given up."""
        if self._transport is not None:
            self._transport.abort()

    def _allow(self, body_bytes: int) -> None:
        self._bytes_left = _AHEAD_BYTES + 4 * body_bytes
        self._heads_left = _AHEAD_HEADS

    def _watch(self, within_s: float, request: web.Request | None = None) -> None:
        self._slow = asyncio.get_running_loop().call_later(within_s, self._too_slow, request)

    def _too_slow(self, request: web.Request | None) -> None:
        if request is None or not request.content.is_eof():
            self._connections.cut(self, "slow")

    def _watch_answer(self) -> None:
        if self._stuck is None:
            self._unsent = math.inf
            self._stuck = asyncio.get_running_loop().call_later(self._connections.answer_s, self._look_at_answer)

    def _look_at_answer(self) -> None:
        """Cut who has taken nothing since the last look."""
        self._stuck = None
        unsent = self._transport.get_write_buffer_size() if self._transport is not None else 0
        if unsent >= self._unsent:
            self._connections.cut(self, "slow")
        elif unsent:
            self._watch_answer()
            self._unsent = unsent


def _address(peer: tuple[object, ...] | str | None) -> str:
    """Who is bounded: an IPv4 address, or the /64 of an IPv6 one, of which one machine has all addresses."""
    if not isinstance(peer, tuple):
        return ""
    text = str(peer[0]).partition("%")[0]
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(ip, ipaddress.IPv4Address):
        return text
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
