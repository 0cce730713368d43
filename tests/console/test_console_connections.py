"""Connections: whoever opens many, sends half, or reads nothing shuts nobody out and holds nothing for ever."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs
from tests.console.console_support import until

from retrato.console.connections import Connections, _address
from retrato.console.gate import House
from retrato.console.probes import Probes
from retrato.console.server import Console
from retrato.console.site import Site
from retrato.metrics.metrics import Metrics

GET = b"GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b"GET /quick HTTP/1.1\r\nHost: local"


class Served:
    """A site with a quick page, one that lasts, one that reads a body, and one that is large."""

    def __init__(self, **bounds) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.raises: BaseException | None = None
        self._writers: list[asyncio.StreamWriter] = []
        app = web.Application()
        app.router.add_get("/quick", self._quick)
        app.router.add_get("/lasting", self._lasting)
        app.router.add_post("/body", self._body)
        app.router.add_get("/large", self._large)
        app.add_routes(Probes().routes())
        self.connections = Connections(**{"most": 4, **bounds})
        self.connections.metrics = Metrics()
        self.site = Site(app, self.connections, "127.0.0.1", 0, setting="RETRATO_CONSOLE_PORT")

    async def _quick(self, _request: web.Request) -> web.Response:
        if self.raises is not None:
            raise self.raises
        return web.Response(text="quick")

    async def _lasting(self, _request: web.Request) -> web.Response:
        self.begun.set()
        await self.go_on.wait()
        return web.Response(text="lasting")

    async def _body(self, request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def _large(self, _request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 32 * 1024 * 1024)

    async def connect(self, sends: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.site.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        self._writers.append(writer)
        writer.write(sends)
        return reader, writer

    async def close(self) -> None:
        self.go_on.set()
        await self.site.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    def closed(self, why: str) -> float:
        return self.connections.metrics.registry.get_sample_value(
            "retrato_http_connections_closed_total", {"outcome": why}
        )


@pytest.fixture
async def served():
    @asynccontextmanager
    async def serve(**bounds):
        one = Served(**bounds)
        await one.site.listen()
        try:
            yield one
        finally:
            await one.close()

    return serve


async def status_of(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(20):
        return int((await reader.readline()).split()[1])


async def is_closed(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(20):
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            return True
    return True


async def test_half_a_header_is_not_waited_for_long(served):
    async with served(header_s=0.05) as site:
        reader, _ = await site.connect(HALF)

        assert await is_closed(reader)
        assert (site.closed("slow"), len(site.connections)) == (1, 0)


async def test_connection_that_says_nothing_at_all_is_closed(served):
    async with served(header_s=0.05) as site:
        reader, _ = await site.connect()

        assert await is_closed(reader)


async def test_half_a_header_behind_a_whole_request_is_not_waited_for_either(served, monkeypatch):
    monkeypatch.setattr("retrato.console.site.KEEPALIVE_S", 0.05)
    async with served() as site:
        reader, _ = await site.connect(GET + HALF)
        first = await status_of(reader)

        assert first == 200
        assert await is_closed(reader)


async def test_body_that_does_not_come_is_not_waited_for_long(served):
    async with served(body_s=0.05, body_bytes=1000) as site:
        reader, _ = await site.connect(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")

        assert await is_closed(reader)
        assert site.closed("slow") == 1


async def test_request_that_takes_long_to_answer_is_not_cut_off(served):
    async with served(header_s=0.05, body_s=0.05, answer_s=0.05) as site:
        reader, _ = await site.connect(b"GET /lasting HTTP/1.1\r\nHost: x\r\n\r\n")
        await site.begun.wait()
        await asyncio.sleep(0.3)
        site.go_on.set()

        assert await status_of(reader) == 200


async def test_answer_that_nobody_reads_is_given_up(served):
    async with served(answer_s=0.05) as site:
        await site.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")

        await until(lambda: site.closed("slow") == 1)
        await until(lambda: len(site.connections) == 0)


async def test_more_than_anybody_sends_who_waits_for_answers_is_cut_off(served):
    async with served() as site:
        reader, writer = await site.connect(b"GET /lasting HTTP/1.1\r\nHost: x\r\n\r\n")
        await site.begun.wait()
        writer.write(GET * 200)

        assert await is_closed(reader)
        assert site.closed("flood") == 1


async def test_newcomer_takes_the_place_of_who_has_been_idle_for_longest(served):
    async with served(most=4, most_of_one=4) as site:
        idle = [await site.connect(HALF) for _ in range(40)]
        reader, _ = await site.connect(GET)

        assert await status_of(reader) == 200
        assert await is_closed(idle[0][0])
        assert len(site.connections) <= 4
        assert site.closed("crowded") == 37


async def test_one_address_never_has_it_all(served):
    async with served(most=40, most_of_one=4) as site:
        for _ in range(20):
            await site.connect(HALF)

        await until(lambda: site.closed("crowded") == 16)
        assert len(site.connections) == 4


async def test_probes_are_answered_and_others_told_to_come_back_when_all_are_at_work(served):
    async with served(most=2, most_of_one=2) as site:
        for _ in range(2):
            site.begun.clear()
            await site.connect(b"GET /lasting HTTP/1.1\r\nHost: x\r\n\r\n")
            await site.begun.wait()
        for _ in range(30):
            await site.connect(HALF)
        probe, _ = await site.connect(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        page, _ = await site.connect(GET)

        assert await status_of(probe) == 200
        assert await status_of(page) == 503
        site.go_on.set()
        await until(lambda: len(site.connections) <= 10)


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        MemoryError(),
        OSError(24, "Too many open files"),
        BaseExceptionGroup("", [SystemExit(3)]),
    ],
    ids=repr,
)
async def test_whatever_a_handler_raises_is_an_answer_and_no_end(served, error):
    async with served() as site:
        site.raises = error
        reader, _ = await site.connect(GET)
        broken = await status_of(reader)
        site.raises = None
        reader, _ = await site.connect(GET)

        assert (broken, await status_of(reader)) == (500, 200)
        failures = site.connections.metrics.registry.get_sample_value(
            "retrato_service_failures_total", {"part": "http"}
        )
        assert failures == 1


async def test_places_are_given_back(served):
    async with served() as site:
        for _ in range(20):
            reader, writer = await site.connect(GET)
            await status_of(reader)
            writer.close()

        await until(lambda: len(site.connections) == 0)
        assert not site.connections._of_one


def test_of_ipv6_a_whole_network_is_one_address():
    assert _address(("2001:db8:1:2:3:4:5:6", 1, 0, 0)) == _address(("2001:db8:1:2::9", 1, 0, 0))
    assert _address(("2001:db8:1:3::9", 1, 0, 0)) != _address(("2001:db8:1:2::9", 1, 0, 0))
    assert _address(("::ffff:203.0.113.7", 1, 0, 0)) == _address(("203.0.113.7", 1)) == "203.0.113.7"


async def test_port_that_was_taken_is_listened_at_when_it_is_free_again():
    other = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    console, stop = Console(House("127.0.0.1"), port, listen_again_s=0.02), asyncio.Event()
    with capture_logs() as lines:
        await console.listen()
        running = asyncio.create_task(console.run(stop))
        await asyncio.sleep(0.1)
        url = console.url
        other.close()
        await until(lambda: console.url is not None)
        async with ClientSession() as http, http.get(f"{console.url}/healthz") as answer:
            status = answer.status
        stop.set()
        await running
        await console.close()

    assert (url, status) == (None, 200)
    assert [line["event"] for line in lines] == ["console.not_started", "console.started"]
