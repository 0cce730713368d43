"""From an answer to the error that says what to do: the bodies are the ones that providers really send."""

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from provider_support import CANARY

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    DownError,
    GoneError,
    LoadingError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    RefusedError,
)
from retrato.providers.exchange import Reply
from retrato.providers.fal_dialect import read_fal, read_fal_account
from retrato.providers.huggingface_router import read_hugging_face
from retrato.providers.openai_images import read_openai, read_together
from retrato.providers.pollinations import read_pollinations
from retrato.providers.pollinations_legacy import read_pollinations_legacy
from retrato.providers.replies import Reader, to_error


def _reply(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers=CIMultiDictProxy(CIMultiDict(headers or {})), body=data, secrets=(CANARY,))


def _error(reply: Reply, *readers: Reader) -> ProviderError:
    return to_error(reply, leg="a/b", readers=readers)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (307, MisconfiguredError),
        (400, BadRequestError),
        (401, MisconfiguredError),
        (402, OutOfCreditError),
        (403, MisconfiguredError),
        (404, GoneError),
        (408, DownError),
        (409, DownError),
        (410, GoneError),
        (413, BadRequestError),
        (422, BadRequestError),
        (424, DownError),
        (429, BusyError),
        (499, DownError),
        (500, DownError),
        (502, DownError),
        (504, DownError),
        (524, DownError),
        (530, DownError),
        (200, BadPictureError),
    ],
)
def test_status_decides_where_nothing_better_is_known(status: int, error: type[ProviderError]):
    assert type(_error(_reply(status))) is error


_EVERY_READER = (
    read_hugging_face,
    read_fal_account,
    read_pollinations,
    read_pollinations_legacy,
    read_openai,
    read_together,
)
_KEYS = (
    "error",
    "code",
    "message",
    "detail",
    "metadata",
    "raw",
    "reasons",
    "status",
    "type",
    "usage",
    "retry_after",
)

_HF = (read_hugging_face, read_fal)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "Model not supported by provider fal-ai"}, GoneError),
        (
            400,
            {"error": "The requested model 'M' is not supported by any provider you have enabled."},
            GoneError,
        ),
        (400, {"error": ["a", "b"]}, BadRequestError),
        (
            410,
            {"error": "The requested model is deprecated and no longer supported by provider hf-inference"},
            GoneError,
        ),
        (503, {"error": "Model M is currently loading", "estimated_time": 35.67}, LoadingError),
        (503, {"error": "Service Unavailable"}, DownError),
        (200, {"error": "Internal Server Error"}, BadPictureError),
        (200, {"error": {"message": "slow down", "code": 429}}, BusyError),
        (200, b"<!DOCTYPE html><title>Be back soon</title>", BadPictureError),
    ],
)
def test_hugging_face(status: int, body: Any, error: type[ProviderError]):
    assert type(_error(_reply(status, body), *_HF)) is error


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        ({"error": "You have exceeded your monthly included credits for Inference Providers."}, True),
        ({"error": "You have depleted your monthly included credits. Purchase pre-paid credits …"}, True),
        ({"error": "Pre-paid credits are required to use provider fal-ai."}, False),
        ({"error": "Pay-as-you go is not enabled for provider fal-ai yet."}, False),
        ({"title": "Insufficient credit", "detail": "You have insufficient credit …", "status": 402}, False),
    ],
)
def test_hugging_face_402_closes_all_legs_only_when_the_account_is_empty(body: Any, whole: bool):  # noqa: FBT001
    error = _error(_reply(402, body), *_HF)

    assert type(error) is OutOfCreditError
    assert error.whole_provider is whole


@pytest.mark.parametrize(
    ("status", "body", "headers", "error"),
    [
        (403, {"detail": "User is locked. Reason: Exhausted balance. Top up …"}, {}, OutOfCreditError),
        (403, {"detail": "Forbidden"}, {}, MisconfiguredError),
        (422, {"detail": [{"msg": "…", "type": "content_policy_violation", "input": "x"}]}, {}, RefusedError),
        (
            422,
            {"detail": [{"msg": "…", "type": "content_policy_violation"}]},
            {"X-Fal-Retryable": "false"},
            RefusedError,
        ),
        (422, {"detail": [{"msg": "…", "type": "less_than_equal"}]}, {}, BadRequestError),
        (422, {"detail": "odd"}, {"X-Fal-Retryable": "true"}, DownError),
        (500, {"detail": "odd"}, {"X-Fal-Retryable": "false"}, BadRequestError),
        (504, {"detail": "Request timed out", "error_type": "request_timeout"}, {}, DownError),
        (429, {"detail": "…", "error_type": "concurrent_requests_limit"}, {}, BusyError),
    ],
)
def test_fal(*, status: int, body: Any, headers: dict[str, str], error: type[ProviderError]):
    assert type(_error(_reply(status, body, headers), read_fal)) is error


def _envelope(status: int, code: str, message: str = "…", **details: Any) -> dict[str, Any]:
    return {"success": False, "status": status, "error": {"code": code, "message": message, "details": details}}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (402, _envelope(402, "INSUFFICIENT_BALANCE"), OutOfCreditError),
        (402, _envelope(402, "KEY_BUDGET_EXHAUSTED"), OutOfCreditError),
        (401, _envelope(401, "UNAUTHORIZED"), MisconfiguredError),
        (403, _envelope(403, "FORBIDDEN"), MisconfiguredError),
        (422, _envelope(422, "content_policy_violation"), RefusedError),
        (400, {"error": {"type": "safety_error", "message": "blocked"}}, RefusedError),
        (400, _envelope(400, "BAD_REQUEST", "Invalid option: expected one of flux|zimage"), GoneError),
        (400, _envelope(400, "BAD_REQUEST", "prompt: too long"), BadRequestError),
        (429, {"error": "concurrency_limit_exceeded", "message": "Another generation …"}, BusyError),
        (502, _envelope(502, "BAD_GATEWAY", upstreamStatus=429), BusyError),
        (502, _envelope(502, "BAD_GATEWAY", upstreamStatus=402), DownError),
        (412, _envelope(412, "UNKNOWN_ERROR"), DownError),
        (500, _envelope(500, "INTERNAL_ERROR", "No active flux servers available"), DownError),
        (200, _envelope(402, "INSUFFICIENT_BALANCE"), OutOfCreditError),
    ],
)
def test_pollinations(status: int, body: Any, error: type[ProviderError]):
    assert type(_error(_reply(status, body), read_pollinations)) is error


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (402, {"x402Version": 1, "error": "Queue full for IP: 203.0.113.9", "accepts": []}, BusyError),
        (200, {"x402Version": 1, "error": "Queue full for IP: 203.0.113.9", "accepts": []}, BusyError),
        (429, {"error": "Too Many Requests", "message": "Queue full", "queueInfo": {}}, BusyError),
        (400, {"error": "Bad Request", "message": "NSFW content detected. This …"}, RefusedError),
        (502, {"error": "Upstream error", "message": "…"}, DownError),
        (530, b"error code: 1033", DownError),
    ],
)
def test_pollinations_legacy(status: int, body: Any, error: type[ProviderError]):
    assert type(_error(_reply(status, body), read_pollinations_legacy)) is error


def test_legacy_throttle_without_a_stated_wait_asks_for_a_minute():
    error = _error(_reply(402, {"x402Version": 1, "error": "Queue full"}), read_pollinations_legacy)

    assert error.retry_after_s == 60


def test_wait_is_carried_by_the_error():
    error = _error(_reply(429, {"detail": "Request was throttled.", "retry_after": 10}))

    assert error.retry_after_s == 10


def test_message_says_what_the_provider_said():
    error = _error(_reply(422, {"detail": [{"msg": "Input should be at most 50", "type": "less_than_equal"}]}))

    assert str(error) == "a/b: status 422 less_than_equal (Input should be at most 50)"


def test_title_of_a_gateways_page_is_its_message():
    error = _error(_reply(502, b"<html><head><title>502 Bad Gateway</title></head>" + b"x" * 5000))

    assert "502 Bad Gateway" in str(error)
    assert len(str(error)) < 100


@pytest.mark.parametrize(
    "body",
    [
        {"error": f"Invalid key {CANARY}"},
        {"error": CANARY},
        {"error": {"code": CANARY, "message": "x"}},
        {"detail": [{"msg": f"Bearer {CANARY}", "type": "x"}]},
        f"key={CANARY}".encode(),
        f"<title>{CANARY}</title>".encode(),
    ],
)
def test_key_in_a_body_is_masked(body: Any):
    assert CANARY.lower() not in str(_error(_reply(401, body))).lower()


@pytest.mark.parametrize("text", ["sk_abcdef123456", "hf_abcdef123456", "Bearer abcdef123", "?key=abcdef12"])
def test_keys_of_others_are_masked_as_well(text: str):
    assert "abcdef" not in str(_error(_reply(400, {"error": f"seen {text} here"})))


def test_excerpt_is_short_even_if_the_body_is_not():
    assert len(str(_error(_reply(400, {"error": "word " * 1000})))) < 300


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe", b'{"error": {"error": {"error": 1}}}', b"null"])
def test_strange_bodies_do_no_harm(body: bytes):
    assert isinstance(_error(_reply(500, body)), DownError)


@given(
    body=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.one_of(st.sampled_from(_KEYS), st.text(max_size=8)), inner, max_size=4),
        ),
        max_leaves=20,
    ),
    status=st.integers(100, 599),
    paid=st.booleans(),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_is_answered_is_an_error_of_the_tree(body: Any, status: int, paid: bool):  # noqa: FBT001
    error = to_error(_reply(status, body), leg="a/b", readers=_EVERY_READER, paid=paid)

    assert isinstance(error, ProviderError)
    assert error.retry_after_s is None or error.retry_after_s >= 0


@pytest.mark.parametrize(
    "text",
    [
        "'a" * 100_000,
        '"' * 100_000,
        "{'" * 50_000,
        "{" * 100_000,
        '{"message":"' * 20_000,
        "content moderation " * 20_000,
    ],
    ids=lambda text: text[:12],
)
def test_endless_text_is_read_in_no_time(text: str):
    began = process_time()

    to_error(_reply(400, {"error": {"message": text}}), leg="a/b", readers=_EVERY_READER)
    to_error(
        _reply(400, {"errors": [{"raw": text[:9000]} for _ in range(3000)]}), leg="a/b", readers=_EVERY_READER
    )

    assert process_time() - began < 5
