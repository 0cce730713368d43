"""No byte that comes from a provider leads out of the error tree, or into the books as what they do not hold."""

import asyncio
import math
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hostile import HOSTILE_URLS, KNOWN_NAME, Answer, Names, answers, hostile_server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from provider_support import CANARY, ORDER, FakeTime

from retrato.domain.errors import ProviderError
from retrato.domain.picture import RawPicture
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import CancellableLeg, Leg, Provider, ResumableLeg
from retrato.providers.registry import build_providers
from retrato.store.queries import storable

_SCHNELL = {"huggingface_model": "black-forest-labs/FLUX.1-schnell"}
LEGS: dict[str, dict[str, Any]] = {
    "huggingface/endpoint": {"huggingface_endpoint_url": "{base}"},
    "huggingface/fal-ai": {},
    "huggingface/replicate": {},
    "huggingface/wavespeed": {},
    "huggingface/nscale": _SCHNELL,
    "pollinations/gen": {},
    "pollinations/legacy": {"pollinations_key": None},
    "fal/queue": {},
    "fal/run": {},
    "openai/compatible": {"openai_model": "black-forest-labs/FLUX.1-dev"},
    # Known by its host's name, and priced by the tokens that it tells.
    "openai/openai": {"openai_model": "gpt-image-2", "openai_base_url": "{named base}"},
}
RESUMABLE = ("fal/queue", "huggingface/fal-ai", "huggingface/replicate", "huggingface/wavespeed")
LARGEST_SEED = 2**63 - 1
MOST_USD = 1000
HUB_IS_AWAY = Answer(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", b"")
"""Then the built-in routes hold."""

series = st.lists(answers(), min_size=1, max_size=4)


def fuzzed(test: Callable[..., None]) -> Callable[..., None]:
    """Over many answers; the same ones every time where CI runs it."""
    return settings(
        max_examples=int(os.environ.get("HOSTILE_EXAMPLES", "25")),
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )(test)


def _provider(name: str, http: Http, base: str, **options: Any) -> Provider:
    given = {
        "huggingface_key": CANARY,
        "huggingface_router_url": base,
        "huggingface_hub_url": base,
        "huggingface_endpoints_api_url": base,
        "pollinations_key": "sk_CanaryKeyOfPollinations0123456789",
        "pollinations_url": base,
        "pollinations_legacy_url": base,
        "fal_key": "id-of-the-canary:SecretHalfOfTheCanary0123456789",
        "fal_queue_url": base,
        "fal_run_url": base,
        "openai_key": "sk-CanaryKeyOfOpenAI0123456789",
        "openai_base_url": base,
        "providers": (name,),
        **options,
    }
    named = base.replace("127.0.0.1", KNOWN_NAME)
    at = {"{base}": base, "{named base}": named}
    (provider,) = build_providers(
        ProvidersConfig(**{key: at.get(str(value), value) for key, value in given.items()}), http
    )
    return provider


async def _leg(name: str, http: Http, base: str) -> Leg:
    provider = _provider(name.partition("/")[0], http, base, **LEGS[name])
    return next(leg for leg in await provider.legs() if leg.name == name)


def _after_the_hub(name: str, replies: list[Answer]) -> list[Answer]:
    return [HUB_IS_AWAY, *replies] if name.startswith("huggingface/") else replies


def _play(replies: list[Answer], act: Callable[[Http, str], Awaitable[object]]) -> None:
    asyncio.run(_against(replies, act))


async def _against(replies: list[Answer], act: Callable[[Http, str], Awaitable[object]]) -> None:
    time = FakeTime()
    async with (
        hostile_server(replies) as base,
        Http(
            version="1",
            timeout_s=5,
            result_timeout_s=5,
            result_hosts=["127.0.0.1", KNOWN_NAME],
            resolver=Names(),
            sleep=time.sleep,
            clock=time.clock,
        ) as http,
    ):
        try:
            await act(http, base)
        except ProviderError as error:
            _fits_the_books(error)


def _fits_the_books(error: ProviderError) -> None:
    assert str(error) == storable(str(error), 10_000_000)
    assert error.retry_after_s is None or 0 <= error.retry_after_s <= 24 * 3600
    assert error.cost_usd is None or 0 <= error.cost_usd < MOST_USD
    _is_storable(error.request_id)


def _is_storable(text: str | None) -> None:
    assert text is None or text == storable(text, 300)


async def _noted(request_id: str) -> None:
    assert request_id
    _is_storable(request_id)


def _is_told_rightly(raw: RawPicture) -> None:
    assert isinstance(raw.data, bytes)
    _is_storable(raw.model)
    _is_storable(raw.request_id)
    assert raw.seed is None or 0 <= raw.seed <= LARGEST_SEED
    assert raw.cost_usd is None or 0 <= raw.cost_usd < MOST_USD


@pytest.mark.parametrize("name", LEGS)
@fuzzed
@given(replies=series)
def test_whatever_is_answered_to_an_order_ends_in_the_error_tree(name: str, replies: list[Answer]):
    async def act(http: Http, base: str) -> None:
        leg = await _leg(name, http, base)
        _is_told_rightly(await leg.draw(ORDER, on_request_id=_noted))

    _play(_after_the_hub(name, replies), act)


@pytest.mark.parametrize("name", RESUMABLE)
@fuzzed
@given(replies=series, request_id=st.sampled_from(["r1", "a/b", "..", "\u00e9?#"]))
def test_whatever_is_answered_to_a_question_ends_in_the_error_tree(
    name: str, replies: list[Answer], request_id: str
):
    async def act(http: Http, base: str) -> None:
        leg = await _leg(name, http, base)
        assert isinstance(leg, ResumableLeg)
        _is_told_rightly(await leg.resume(ORDER, request_id))

    _play(_after_the_hub(name, replies), act)


@fuzzed
@given(replies=series)
def test_whatever_is_answered_to_a_cancellation_ends_in_the_error_tree(replies: list[Answer]):
    async def act(http: Http, base: str) -> None:
        leg = await _leg("fal/queue", http, base)
        assert isinstance(leg, CancellableLeg)
        assert isinstance(await leg.cancel("r1"), bool)

    _play(replies, act)


@fuzzed
@given(replies=series)
def test_whatever_a_lookup_of_legs_tells_they_can_be_asked(replies: list[Answer]):
    async def act(http: Http, base: str) -> None:
        for leg in await _provider("huggingface", http, base, huggingface_endpoint_name="*").legs():
            _is_storable(leg.name)
            _is_storable(leg.model)
            _is_told_rightly(await leg.draw(ORDER, on_request_id=_noted))

    _play(replies, act)


@fuzzed
@given(replies=series)
def test_credit_that_is_told_is_a_number(replies: list[Answer]):
    async def act(http: Http, base: str) -> None:
        left = await _provider("pollinations", http, base).credit_left()
        assert left is not None
        assert math.isfinite(left)

    _play(replies, act)


@fuzzed
@given(replies=series, url=st.one_of(st.sampled_from(HOSTILE_URLS), st.text()))
def test_whatever_lies_behind_a_result_ends_in_the_error_tree(replies: list[Answer], url: str):
    async def act(http: Http, base: str) -> None:
        assert isinstance(await http.fetch_result(url.replace("{base}", base), leg="a/b"), bytes)

    _play(replies, act)


LITERAL: list[tuple[str, bytes, bytes]] = [
    ("fal/queue", b"", b'{"request_id": "a\\u0000b"}'),
    ("fal/queue", b"", b'{"request_id": ""}'),
    ("fal/queue", b"", b'{"request_id": "..", "status": "COMPLETED", "images": []}'),
    ("fal/queue", b"", b'{"request_id": "%s"}' % (b"r" * 100_000)),
    ("fal/run", b"", b'{"images": [{"url": "data:,iVBORw=="}], "seed": 18446744073709551615}'),
    ("fal/run", b"", b'{"images": [{"url": "data:,iVBORw=="}], "seed": "%s"}' % (b"9" * 5000)),
    ("fal/run", b"x-fal-billable-units: 1e300", b'{"images": [{"url": "data:,iVBORw=="}]}'),
    ("fal/run", b"Content-Encoding: gzip", b"no gzip"),
    ("fal/run", b"Content-Type: text/html; charset=none-such", b"<html>"),
    ("huggingface/replicate", b"", b'{"id": "r1", "status": "failed", "error": %s}' % (b"9" * 5000)),
    ("huggingface/replicate", b"", b'{"id": "r1", "status": "failed", "error": {"a": [%s]}}' % (b"9" * 5000)),
    ("huggingface/wavespeed", b"", b'{"data": {"id": "r1\\n", "status": "completed"}}'),
    ("openai/openai", b"", b'{"data": [{"b64_json": "AAAA"}], "usage": {"input_tokens": -1}}'),
    ("openai/openai", b"", b'{"data": [{"b64_json": "AAAA"}], "usage": {"output_tokens": 1%s}}' % (b"0" * 400)),
    ("openai/openai", b"", b'{"error": %s1%s}' % (b'{"error":' * 900, b"}" * 900)),
    ("openai/openai", b"", b'{"error": %s1%s}' % (b'[{"detail":' * 450, b"}]" * 450)),
    ("openai/openai", b"", b'{"error": {"message": "\\ud800 \\u0000"}}'),
    ("openai/openai", b"X-Error-Message: \xff\xfe", b"{}"),
    ("pollinations/legacy", b"X-Seed: %s" % (b"9" * 5000), b"picture"),
    ("pollinations/legacy", b"X-Seed: 9223372036854775808\r\nX-Model: \xff", b"picture"),
]


@pytest.mark.parametrize("status", [200, 429, 500])
@pytest.mark.parametrize(("name", "header", "body"), LITERAL, ids=range(len(LITERAL)))
def test_answer_that_once_led_out_of_the_tree_stays_inside(name: str, header: bytes, body: bytes, status: int):
    head = b"HTTP/1.1 %d x\r\nContent-Length: %d" % (status, len(body)) + (b"\r\n" + header if header else b"")

    async def act(http: Http, base: str) -> None:
        leg = await _leg(name, http, base)
        _is_told_rightly(await leg.draw(ORDER, on_request_id=_noted))

    _play(_after_the_hub(name, [Answer(head + b"\r\n\r\n", body)]), act)


@pytest.mark.parametrize("url", HOSTILE_URLS, ids=ascii)
def test_result_of_any_address_ends_in_the_error_tree(url: str):
    async def act(http: Http, base: str) -> None:
        await http.fetch_result(url.replace("{base}", base), leg="a/b")

    _play([Answer(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", b"")], act)


@pytest.mark.parametrize("url", HOSTILE_URLS, ids=ascii)
def test_redirect_to_any_address_ends_in_the_error_tree(url: str):
    location = url.encode("utf-8", "surrogatepass").replace(b"\r\n", b"%0D%0A").replace(b"\x00", b"%00")

    async def act(http: Http, base: str) -> None:
        await http.fetch_result(f"{base}/x", leg="a/b")

    _play([Answer(b"HTTP/1.1 302 x\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n", b"")], act)
