"""Whether a request that failed had been sent: real sockets, because only they know."""

import asyncio
import resource
from asyncio import StreamReader, StreamWriter

import aiohttp
import pytest
from aioresponses import aioresponses
from provider_support import CANARY, FakeDns, closed_port, raw_server, request_head

from retrato.domain.errors import BadPictureError, DownError, UnknownOutcomeError
from retrato.providers.exchange import Reply
from retrato.providers.http import Http

_BODY = {"prompt": "a captain"}


async def _send(base: str, *, paid: bool = True, timeout_s: float = 5, max_bytes: int = 1000) -> Reply:
    async with Http(version="1.2.3", max_bytes=max_bytes) as http:
        return await http.send(
            "POST",
            f"{base}/draw",
            leg="a/b",
            paid=paid,
            json=_BODY,
            headers={"Authorization": f"Bearer {CANARY}"},
            timeout_s=timeout_s,
        )


async def test_refused_connection_was_not_sent():
    with pytest.raises(DownError) as caught:
        await _send(f"http://127.0.0.1:{closed_port()}")

    assert type(caught.value) is DownError
    assert caught.value.sent is False


async def test_without_a_free_descriptor_the_call_waits_for_one_and_is_sent_once():
    asked = []

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        asked.append(await request_head(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()

    async with raw_server(answer) as base, Http(version="1") as http:
        _, hard = before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            call = asyncio.create_task(http.send("POST", f"{base}/draw", leg="a/b", paid=True, timeout_s=20))
            await asyncio.wait([call], timeout=0.2)
            waited = not call.done()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        reply = await call

    assert (waited, reply.status, len(asked)) == (True, 200, 1)


async def test_without_a_free_descriptor_to_the_end_the_call_was_not_sent():
    async with Http(version="1") as http:
        _, hard = before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            with pytest.raises(DownError) as caught:
                await http.send("POST", "http://127.0.0.1:9/draw", leg="a/b", paid=True, timeout_s=0.1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert type(caught.value) is DownError
    assert caught.value.sent is False


async def test_descriptor_that_came_free_before_anybody_asked_is_no_fault_of_the_legs(monkeypatch):
    """The lookup of a name fails without one, says so in a word of its own, and one is free when we look."""
    lookups = []

    class Lookups(FakeDns):
        async def resolve(self, *args, **kwargs):
            lookups.append(args)
            if len(lookups) <= 2:
                raise OSError(None, "Temporary failure in name resolution")
            return await super().resolve(*args, **kwargs)

    free = iter([False, True])
    monkeypatch.setattr("retrato.providers.exchange.has_no_descriptor", lambda _error: not next(free))

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        await request_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()

    async with (
        raw_server(answer) as base,
        Http(version="1", resolver=Lookups({"far.test": ["127.0.0.1"]})) as http,
    ):
        reply = await http.send(
            "POST", base.replace("127.0.0.1", "far.test") + "/draw", leg="a/b", paid=True, timeout_s=20
        )

    assert (reply.status, len(lookups)) == (200, 3)


async def test_unknown_name_was_not_sent():
    async with Http(version="1", resolver=FakeDns({})) as http:
        with pytest.raises(DownError, match="not known") as caught:
            await http.send("POST", "http://nowhere.test/draw", leg="a/b", paid=True)

    assert type(caught.value) is DownError
    assert caught.value.sent is False


async def test_failed_tls_handshake_was_not_sent():
    async def speak_plain(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with raw_server(speak_plain) as base:
        with pytest.raises(DownError) as caught:
            await _send(base.replace("http://", "https://"))

    assert type(caught.value) is DownError
    assert caught.value.sent is False


async def test_handshake_that_never_ends_was_not_sent():
    async def stay_silent(reader: StreamReader, _: StreamWriter) -> None:
        await reader.read()

    async with raw_server(stay_silent) as base:
        with pytest.raises(DownError) as caught:
            await _send(base.replace("http://", "https://"), timeout_s=0.1)

    assert type(caught.value) is DownError
    assert caught.value.sent is False


async def test_silence_after_a_paid_request_leaves_its_outcome_unknown():
    async def stay_silent(reader: StreamReader, _: StreamWriter) -> None:
        await reader.read()

    async with raw_server(stay_silent) as base:
        with pytest.raises(UnknownOutcomeError, match=r"within 0\.1 s") as caught:
            await _send(base, timeout_s=0.1)

    assert caught.value.sent is True


async def test_disconnect_after_a_paid_request_leaves_its_outcome_unknown():
    async def leave(reader: StreamReader, _: StreamWriter) -> None:
        await request_head(reader)

    async with raw_server(leave) as base:
        with pytest.raises(UnknownOutcomeError) as caught:
            await _send(base)

    assert caught.value.sent is True


async def test_reset_in_the_middle_of_the_answer_leaves_the_outcome_unknown():
    async def break_off(reader: StreamReader, writer: StreamWriter) -> None:
        await request_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nabc")
        await writer.drain()

    async with raw_server(break_off) as base:
        with pytest.raises(UnknownOutcomeError) as caught:
            await _send(base)

    assert caught.value.status == 200


async def test_same_trouble_with_a_free_request_is_only_trouble():
    async def leave(reader: StreamReader, _: StreamWriter) -> None:
        await request_head(reader)

    async with raw_server(leave) as base:
        with pytest.raises(DownError) as caught:
            await _send(base, paid=False)

    assert type(caught.value) is DownError


@pytest.mark.parametrize("ending", ["breaks off", "never ends"])
async def test_error_status_counts_even_if_its_body_does_not_arrive(ending: str):
    async def complain(reader: StreamReader, writer: StreamWriter) -> None:
        await request_head(reader)
        writer.write(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 500\r\n\r\nabc")
        await writer.drain()
        if ending == "never ends":
            await reader.read()

    async with raw_server(complain) as base:
        reply = await _send(base, timeout_s=0.1)

    assert (reply.status, reply.headers["retry-after"], reply.body) == (429, "7", b"abc")


async def test_paid_requests_never_ride_on_a_used_connection():
    connections = 0

    async def answer_for_ever(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await request_head(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()

    async with raw_server(answer_for_ever) as base, Http(version="1") as http:
        for _ in range(3):
            await http.send("GET", base, leg="a/b", paid=True)
        for _ in range(3):
            await http.send("GET", base, leg="a/b", paid=False)

    assert connections == 3 + 1


async def test_answer_larger_than_any_picture_is_not_read_to_its_end():
    async def pour(reader: StreamReader, writer: StreamWriter) -> None:
        await request_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    async with raw_server(pour) as base:
        with pytest.raises(BadPictureError, match="more than 1000 bytes"):
            await _send(base)


async def test_redirect_is_not_followed_with_the_key():
    heads: list[str] = []

    async def redirect(reader: StreamReader, writer: StreamWriter) -> None:
        heads.append(await request_head(reader))
        writer.write(b"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with raw_server(redirect) as base:
        reply = await _send(base)

    assert reply.status == 307
    assert len(heads) == 1


async def test_requests_carry_our_own_user_agent_and_no_cookies():
    heads: list[str] = []

    async def set_cookie(reader: StreamReader, writer: StreamWriter) -> None:
        heads.append(await request_head(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with raw_server(set_cookie) as base, Http(version="1.2.3") as http:
        await http.send("GET", base, leg="a/b", paid=False)
        await http.send("GET", base, leg="a/b", paid=False)

    assert all("user-agent: retrato/1.2.3\r\n" in head.lower() for head in heads)
    assert not any("cookie" in head.lower() for head in heads)


@pytest.mark.parametrize(
    "exception",
    [aiohttp.ServerDisconnectedError(), aiohttp.ClientOSError(104, "reset"), aiohttp.ClientPayloadError("x")],
)
async def test_every_break_that_is_not_a_failed_connect_counts_as_sent(exception: Exception):
    with aioresponses() as mocked:
        mocked.post("http://provider.test/draw", exception=exception)

        with pytest.raises(UnknownOutcomeError):
            await _send("http://provider.test")


async def test_cancelling_travels_on():
    async def stay_silent(reader: StreamReader, _: StreamWriter) -> None:
        await reader.read()

    async with raw_server(stay_silent) as base:
        task = asyncio.create_task(_send(base))
        await asyncio.sleep(0.02)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
