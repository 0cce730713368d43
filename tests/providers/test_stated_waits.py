"""Every way in which a provider says when to come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from retrato.providers.exchange import Reply
from retrato.providers.waits import stated_wait_s


def _wait(
    headers: dict[str, str] | None = None, *, status: int = 429, body: bytes = b"", text: str = ""
) -> float | None:
    proxy = CIMultiDictProxy(CIMultiDict(headers or {}))
    return stated_wait_s(Reply(status=status, headers=proxy, body=body), text=text)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"Retry-After": "0"}, 0),
        ({"retry-after-ms": "2500"}, 2.5),
        ({"Retry-After": "9", "Retry-After-Ms": "250"}, 0.25),
        (
            {"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"},
            30,
        ),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:30 GMT"}, 0),
        ({"RateLimit": '"api";r=0;t=55'}, 56),
        ({"RateLimit": '"api";r=12;t=55', "Retry-After": "7"}, 7),
        ({"RateLimit": '"burst";r=0;t=1, "day";r=0;t=600'}, 601),
        ({"RateLimit": '"api";r=0', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}, 300),
        ({"Retry-After": "999999999"}, 24 * 3600),
    ],
)
def test_headers_are_understood(headers: dict[str, str], seconds: float):
    assert _wait(headers) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "soon", "", "Wed, 99 Oct 2026"])
def test_nonsense_is_no_statement(value: str):
    assert _wait({"Retry-After": value}) is None


@pytest.mark.parametrize(
    "body",
    [b'{"retry_after":10}', b'{"retryAfterSeconds":10}', b'{"estimated_time":10.0}', b'{"retry_after":"10"}'],
)
def test_fields_of_the_body_are_understood(body: bytes):
    assert _wait(body=body) == 10


@pytest.mark.parametrize("body", [b'{"retry_after":true}', b'{"retry_after":null}', b"[1]", b"{", b"\xff"])
def test_strange_bodies_are_no_statement(body: bytes):
    assert _wait(body=body) is None


def test_words_are_understood():
    assert _wait(text="Request was throttled. Your rate limit resets in ~30s.") == 30


def test_rate_limit_that_is_not_used_up_says_nothing():
    assert _wait({"RateLimit": '"api";r=499;t=300'}, status=503) is None


def test_date_without_the_servers_clock_is_counted_from_ours():
    assert _wait({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT"}) == 0


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Mon, 01 Jan 0001 00:00:00",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Wed, 01 Jan 2020 00:00:00 +99999999",
        "Mon, 32 Foo 99999999999 99:99:99 +999999999999",
        "\udcff",
        "1 1 1 1 1 1",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("name", ["Retry-After", "Date"])
def test_date_that_no_clock_has_is_no_trouble(name: str, date: str):
    wait_s = _wait({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT", name: date})

    assert wait_s is None or 0 <= wait_s <= 24 * 3600


@pytest.mark.parametrize(
    "limit",
    [
        f'"api";r={"0" * 5000};t=1',
        f'"api";r=0;t={"9" * 5000}',
        f'"api";r={"9" * 5000}',
        '"api";r=\u0660;t=\u0661',
        '"api";r=\u00b2',
    ],
    ids=["zeros", "for ever", "plenty", "other digits", "no digits"],
)
def test_rate_limit_of_any_size_is_no_trouble(limit: str):
    wait_s = _wait({"RateLimit": limit, "RateLimit-Policy": f'"api";q=1;w={"9" * 5000}'})

    assert wait_s is None or 0 <= wait_s <= 24 * 3600


@given(header=st.text(), name=st.sampled_from(["Retry-After", "Date", "RateLimit", "retry-after-ms"]))
def test_header_of_any_text_is_no_trouble(header: str, name: str):
    wait_s = _wait({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT", name: header}, text=header)

    assert wait_s is None or 0 <= wait_s <= 24 * 3600
