"""Fetching results: no key, no private address, not for ever."""

from asyncio import StreamReader, StreamWriter
from collections.abc import Iterable

import pytest
from provider_support import FakeDns, FakeTime, raw_server, request_head

from retrato.domain.errors import BadPictureError, MisconfiguredError, UnknownOutcomeError
from retrato.providers.http import Http

_PICTURE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xd8\xff\xe0"


class Cdn:
    """Answers requests with *answers*, one after the other, the last one for ever."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heads: list[str] = []

    async def __call__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.heads.append(await request_head(reader))
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        await writer.drain()


def _redirect(target: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()


def _http(time: FakeTime, *, hosts: Iterable[str] = ("127.0.0.1",), **more: object) -> Http:
    return Http(version="1", result_hosts=hosts, sleep=time.sleep, clock=time.clock, **more)


async def test_download_carries_no_authorization(time: FakeTime):
    cdn = Cdn(_PICTURE)
    async with raw_server(cdn) as base, _http(time) as http:
        data = await http.fetch_result(f"{base}/a.jpg?sig=a%2Bb", leg="a/b")

    assert data == b"\xff\xd8\xff\xe0"
    assert "authorization" not in cdn.heads[0].lower()
    assert cdn.heads[0].startswith("GET /a.jpg?sig=a%2Bb HTTP/1.1")


async def test_address_is_judged_after_the_name_has_been_resolved(time: FakeTime):
    dns = FakeDns({"cdn.example": ["127.0.0.1", "10.0.0.1"]})
    async with _http(time, hosts=(), resolver=dns) as http:
        with pytest.raises(MisconfiguredError, match=r"cdn\.example:443.*RETRATO_RESULT_HOSTS"):
            await http.fetch_result("https://cdn.example/a.jpg", leg="a/b")

    assert dns.asked == ["cdn.example"]


async def test_connection_goes_to_the_address_that_was_judged(time: FakeTime):
    cdn = Cdn(_PICTURE)
    async with raw_server(cdn) as base:
        port = base.rpartition(":")[2]
        dns = FakeDns({"cdn.example": ["127.0.0.1"]})
        async with _http(time, hosts=["cdn.example"], resolver=dns) as http:
            data = await http.fetch_result(f"http://cdn.example:{port}/a.jpg", leg="a/b")

    assert data
    assert dns.asked == ["cdn.example"]


async def test_redirect_to_a_private_address_is_refused(time: FakeTime):
    cdn = Cdn(_redirect("http://169.254.169.254/latest/meta-data/"))
    async with raw_server(cdn) as base, _http(time) as http:
        with pytest.raises(MisconfiguredError, match=r"169\.254\.169\.254:80"):
            await http.fetch_result(f"{base}/a.jpg", leg="a/b")


async def test_redirect_to_a_name_that_leads_inside_is_refused(time: FakeTime):
    cdn = Cdn(_redirect("https://inside.example/secret"))
    dns = FakeDns({"inside.example": ["192.168.0.1"]})
    async with raw_server(cdn) as base, _http(time, resolver=dns) as http:
        with pytest.raises(MisconfiguredError, match=r"inside\.example"):
            await http.fetch_result(f"{base}/a.jpg", leg="a/b")


async def test_three_redirects_are_followed(time: FakeTime):
    cdn = Cdn(_redirect("/b"), _redirect("/c"), _redirect("/d"), _PICTURE)
    async with raw_server(cdn) as base, _http(time) as http:
        data = await http.fetch_result(f"{base}/a", leg="a/b")

    assert data
    assert len(cdn.heads) == 4


async def test_fourth_redirect_is_not_followed(time: FakeTime):
    cdn = Cdn(_redirect("/again"))
    async with raw_server(cdn) as base, _http(time) as http:
        with pytest.raises(UnknownOutcomeError, match="more than 3 redirects"):
            await http.fetch_result(f"{base}/a", leg="a/b")

    assert len(cdn.heads) == 3 * 4


async def test_picture_that_cannot_be_read_three_times_is_of_unknown_outcome(time: FakeTime):
    cdn = Cdn(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    async with raw_server(cdn) as base, _http(time) as http:
        with pytest.raises(UnknownOutcomeError, match="status 403; tried 3 times") as caught:
            await http.fetch_result(f"{base}/a?token=secret", leg="a/b", request_id="r1")

    assert caught.value.request_id == "r1"
    assert "secret" not in str(caught.value)
    assert time.slept == [0.5, 1.0]


async def test_picture_beyond_the_limit_is_refused_at_once(time: FakeTime):
    cdn = Cdn(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000)
    async with raw_server(cdn) as base, _http(time, max_bytes=1000) as http:
        with pytest.raises(BadPictureError, match="more than 1000 bytes"):
            await http.fetch_result(f"{base}/a", leg="a/b")

    assert len(cdn.heads) == 1


@pytest.mark.parametrize("url", ["", "not a url", "https://", "http://[::1", "data:image/png;base64,AAAA"])
async def test_address_that_is_none_is_refused_in_words(time: FakeTime, url: str):
    async with _http(time) as http:
        with pytest.raises((BadPictureError, MisconfiguredError)):
            await http.fetch_result(url, leg="a/b")
