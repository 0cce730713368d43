"""A result that is no whole picture is read again, which is free; a new drawing is not."""

from collections.abc import Mapping

import pytest
from aioresponses import aioresponses
from provider_support import FakeTime

from retrato.domain.errors import BadPictureError, UnknownOutcomeError
from retrato.providers.access import Access
from retrato.providers.http import Http

_URL = "https://cdn.test/a"
_HTML = b"<!DOCTYPE html><title>We will be back soon</title>"
_JSON = b'{"error": "expired"}'
_FILLING = bytes(100)
_PICTURES: Mapping[str, bytes] = {
    "JPEG": b"\xff\xd8\xff\xe0" + _FILLING + b"\xff\xd9",
    "PNG": b"\x89PNG\r\n\x1a\n" + _FILLING + b"IEND\xaeB`\x82",
    "WebP": b"RIFF" + (104).to_bytes(4, "little") + b"WEBP" + _FILLING,
}


@pytest.fixture
def access(http: Http) -> Access:
    return Access(http=http, leg="a/b", base_url="https://api.test", headers={})


async def _fetched(access: Access, *bodies: bytes) -> bytes:
    with aioresponses() as mocked:
        for body in bodies:
            mocked.get(_URL, body=body)
        return await access.fetch(_URL, request_id="r1")


@pytest.mark.parametrize("picture", _PICTURES.values(), ids=_PICTURES)
@pytest.mark.parametrize("seen_first", ["HTML", "JSON", "nothing", "half"])
async def test_what_comes_right_at_the_second_reading_is_the_picture(
    access: Access, time: FakeTime, picture: bytes, seen_first: str
):
    first = {"HTML": _HTML, "JSON": _JSON, "nothing": b"", "half": picture[:-20]}[seen_first]

    assert await _fetched(access, first, picture) == picture
    assert time.slept == [0.5]


@pytest.mark.parametrize("picture", _PICTURES.values(), ids=_PICTURES)
async def test_whole_picture_is_read_once(access: Access, time: FakeTime, picture: bytes):
    assert await _fetched(access, picture) == picture
    assert time.slept == []


async def test_half_a_picture_that_stays_the_same_is_what_was_drawn(access: Access):
    half = _PICTURES["JPEG"][:-20]

    assert await _fetched(access, half, half) == half


async def test_half_a_picture_is_kept_when_the_host_goes_away(access: Access):
    half = _PICTURES["JPEG"][:-20]

    assert await _fetched(access, half) == half


@pytest.mark.parametrize("text", [_HTML, _JSON])
async def test_text_that_stays_leaves_open_what_became_of_a_picture_that_may_be_paid_for(
    access: Access, time: FakeTime, text: bytes
):
    with pytest.raises(UnknownOutcomeError) as caught:
        await _fetched(access, text, text, text)

    assert caught.value.request_id == "r1"
    assert time.slept == [0.5, 1.0]


async def test_result_that_stays_empty_is_a_bad_one(access: Access):
    with pytest.raises(BadPictureError):
        await _fetched(access, b"", b"", b"")
