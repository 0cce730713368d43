"""The OpenAI images API against the simulator, and exact replies of its relatives."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from aioresponses import aioresponses
from provider_support import ORDER, RequestIds

from retrato.domain.errors import (
    BadPictureError,
    BusyError,
    DownError,
    GoneError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    RefusedError,
)
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Leg
from retrato.providers.openai import OpenAI
from retrato.simulator.server import Simulator

_JPEG = b"\xff\xd8\xff\xe0"
_B64 = base64.b64encode(_JPEG).decode()
_FLUX = "black-forest-labs/FLUX.1-dev"


async def _leg(http: Http, base_url: str, **more: Any) -> Leg:
    return (await OpenAI(ProvidersConfig(openai_key="sk-a", openai_base_url=base_url, **more), http).legs())[0]


async def _sent_to(base_url: str, http: Http, request_ids: RequestIds, **more: Any) -> dict[str, Any]:
    with aioresponses() as mocked:
        mocked.post(f"{base_url}/images/generations", payload={"data": [{"b64_json": _B64}]})
        await (await _leg(http, base_url, **more)).draw(
            replace(ORDER, width=1024, height=768), on_request_id=request_ids
        )
        ((call,),) = mocked.requests.values()
    return dict(call.kwargs["json"])


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-1.5"])
async def test_gpt_image_gets_only_the_fields_that_it_knows(
    config: ProvidersConfig, http: Http, simulator: Simulator, request_ids: RequestIds, model: str
):
    leg = (await OpenAI(replace(config, openai_model=model), http).legs())[0]

    raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert raw.data.startswith(b"\xff\xd8\xff")
    assert (raw.model, raw.seed, raw.steps, raw.guidance) == (model, None, None, None)
    assert (raw.request_id or "").startswith("req_")


async def test_server_of_ones_own_gets_seed_steps_and_guidance(
    config: ProvidersConfig, http: Http, simulator: Simulator, request_ids: RequestIds
):
    leg = (await OpenAI(replace(config, openai_model=_FLUX), http).legs())[0]

    raw = await leg.draw(ORDER, on_request_id=request_ids)

    (call,) = simulator.world.ledger.orders("openai")
    assert leg.name == "openai/compatible"
    assert (call.seed, call.width, call.height) == (ORDER.seed, 1024, 1024)
    assert (raw.seed, raw.steps, raw.guidance) == (ORDER.seed, 28, 3.5)


@pytest.mark.parametrize(
    ("base_url", "model", "fields"),
    [
        (
            "https://api.openai.com/v1",
            "gpt-image-2",
            {"size": "1536x1024", "quality": "medium", "output_format": "jpeg"},
        ),
        ("https://api.openai.com/v1", "dall-e-3", {"size": "1024x768", "response_format": "b64_json"}),
        (
            "https://api.together.xyz/v1",
            "black-forest-labs/FLUX.1-schnell",
            {"width": 1024, "height": 768, "response_format": "base64", "seed": ORDER.seed, "steps": 4},
        ),
        ("https://inference.api.nscale.com/v1", "m", {"size": "1024x768", "response_format": "b64_json"}),
        (
            "https://api.studio.nebius.ai/v1",
            "m",
            {
                "width": 1024,
                "height": 768,
                "response_format": "b64_json",
                "seed": ORDER.seed,
                "num_inference_steps": 28,
            },
        ),
        ("https://api.x.ai/v1", "m", {"aspect_ratio": "4:3", "response_format": "b64_json"}),
        ("https://api.deepinfra.com/v1/openai", "m", {"size": "1024x768", "response_format": "b64_json"}),
        ("https://openrouter.ai/api/v1", "m", {"size": "1024x768"}),
        (
            "https://gen.pollinations.ai/v1",
            "flux",
            {
                "size": "1024x768",
                "response_format": "b64_json",
                "seed": ORDER.seed,
                "nologo": True,
                "private": True,
            },
        ),
        (
            "http://localai:8080/v1",
            "m",
            {"size": "1024x768", "response_format": "b64_json", "seed": ORDER.seed, "step": 28},
        ),
        (
            "http://gpu-3:8000/v1",
            "m",
            {
                "size": "1024x768",
                "response_format": "b64_json",
                "seed": ORDER.seed,
                "num_inference_steps": 28,
                "guidance_scale": 3.5,
            },
        ),
    ],
)
async def test_each_server_is_asked_in_its_own_dialect(
    http: Http, request_ids: RequestIds, base_url: str, model: str, fields: dict[str, Any]
):
    sent = await _sent_to(base_url, http, request_ids, openai_model=model)

    assert sent == {"model": model, "prompt": ORDER.prompt} | fields


async def test_options_change_the_preset_and_null_takes_a_field_out(http: Http, request_ids: RequestIds):
    options = (
        '{"send_size": "none", "response_format": "url", "seed_field": "random_seed",'
        ' "extra_body": {"quality": "low", "output_format": null}, "extra_headers": {"api-key": "k"}}'
    )

    sent = await _sent_to("https://api.openai.com/v1", http, request_ids, openai_options=options)

    assert sent == {
        "model": "gpt-image-2",
        "prompt": ORDER.prompt,
        "response_format": "url",
        "random_seed": ORDER.seed,
        "quality": "low",
    }


async def test_server_of_ones_own_may_be_asked_without_a_key(http: Http, request_ids: RequestIds):
    config = ProvidersConfig(
        openai_base_url="http://gpu:8000/v1", openai_options='{"extra_headers": {"x-a": "b"}}'
    )
    with aioresponses() as mocked:
        mocked.post("http://gpu:8000/v1/images/generations", payload={"data": [{"b64_json": _B64}]})
        leg = (await OpenAI(config, http).legs())[0]
        await leg.draw(ORDER, on_request_id=request_ids)
        ((call,),) = mocked.requests.values()

    assert set(call.kwargs["headers"]) == {"User-Agent", "x-a"}


async def test_authorization_among_the_options_goes_before_the_keys(http: Http, request_ids: RequestIds):
    options = '{"extra_headers": {"authorization": "Token other"}}'
    with aioresponses() as mocked:
        mocked.post("http://gpu:8000/v1/images/generations", payload={"data": [{"b64_json": _B64}]})
        leg = await _leg(http, "http://gpu:8000/v1", openai_options=options)
        await leg.draw(ORDER, on_request_id=request_ids)
        ((call,),) = mocked.requests.values()

    assert call.kwargs["headers"].getall("Authorization") == ["Token other"]


async def test_paid_service_without_a_key_is_not_asked(http: Http):
    with pytest.raises(MisconfiguredError, match="OPENAI_API_KEY"):
        await OpenAI(ProvidersConfig(), http).legs()


@pytest.mark.parametrize(
    "entry",
    [
        {"b64_json": _B64},
        {"b64_json": f"data:image/jpeg;base64,{_B64}"},
        {"url": f"data:image/jpeg;base64,{_B64}"},
        {"url": "https://cdn.test/a.jpg"},
    ],
)
async def test_picture_is_taken_in_whichever_form_it_comes(http: Http, request_ids: RequestIds, entry: dict):
    with aioresponses() as mocked:
        mocked.post("https://s.test/v1/images/generations", payload={"created": 1, "data": [entry]})
        mocked.get("https://cdn.test/a.jpg", body=_JPEG)

        raw = await (await _leg(http, "https://s.test/v1")).draw(ORDER, on_request_id=request_ids)

    assert raw.data == _JPEG


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"data": []}, RefusedError),
        ({"data": [{}]}, BadPictureError),
        ({"data": [{"b64_json": "???"}]}, BadPictureError),
        ({"data": [{"b64_json": None, "url": None}]}, BadPictureError),
        ({}, BadPictureError),
        ({"error": {"code": 429, "message": "Provider returned error"}}, BusyError),
        ({"error": {"code": 402, "message": "Insufficient credits"}}, OutOfCreditError),
        ({"error": {"code": 502, "message": "Upstream"}, "data": []}, DownError),
        ({"data": [], "error": {"code": "moderation_blocked", "message": "no"}}, RefusedError),
    ],
)
async def test_answer_without_a_picture_says_why(
    http: Http, request_ids: RequestIds, payload: dict, error: type[ProviderError]
):
    with aioresponses() as mocked:
        mocked.post("https://s.test/v1/images/generations", payload=payload)

        with pytest.raises(error) as caught:
            await (await _leg(http, "https://s.test/v1")).draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("fault", "error", "wait_s"),
    [
        ("openai_400_moderation", RefusedError, None),
        ("openai_400_content_policy", RefusedError, None),
        ("openai_400_unknown_parameter", MisconfiguredError, None),
        ("openai_401", MisconfiguredError, None),
        ("openai_403_unverified", MisconfiguredError, None),
        ("openai_404_model", GoneError, None),
        ("openai_429_rate", BusyError, 12),
        ("openai_429_quota", OutOfCreditError, None),
        ("openai_429_billing", OutOfCreditError, None),
        ("openai_429_spend", OutOfCreditError, None),
        ("openai_500", DownError, None),
        ("openai_200_empty", RefusedError, None),
        ("openrouter_200_error", BusyError, None),
    ],
)
async def test_what_the_server_answers_becomes_the_error_that_says_what_to_do(
    *,
    config: ProvidersConfig,
    http: Http,
    simulator: Simulator,
    request_ids: RequestIds,
    fault: str,
    error: type[ProviderError],
    wait_s: float | None,
):
    simulator.world.script("openai", [fault])
    leg = (await OpenAI(config, http).legs())[0]

    with pytest.raises(error) as caught:
        await leg.draw(ORDER, on_request_id=request_ids)

    assert type(caught.value) is error
    assert caught.value.retry_after_s == wait_s


async def test_openai_is_paid_by_the_tokens_that_it_counted(http: Http, request_ids: RequestIds):
    usage = {"input_tokens": 100, "output_tokens": 1756, "total_tokens": 1856}
    with aioresponses() as mocked:
        mocked.post(
            "https://api.openai.com/v1/images/generations",
            payload={"data": [{"b64_json": _B64}], "usage": usage},
        )
        leg = await _leg(http, "https://api.openai.com/v1")

        raw = await leg.draw(ORDER, on_request_id=request_ids)

    assert leg.price_usd(ORDER) == 0.053
    assert raw.cost_usd == pytest.approx(100 * 5e-6 + 1756 * 30e-6)


async def test_price_that_was_told_goes_before_every_other(http: Http, request_ids: RequestIds):
    leg = await _leg(http, "https://api.openai.com/v1", openai_options='{"price_usd": 0.5}')

    assert leg.price_usd(ORDER) == 0.5


async def test_repeat_is_free_where_nothing_is_charged(http: Http):
    free = await _leg(http, "http://gpu:8000/v1", openai_options='{"price_usd": 0}')
    unknown = await _leg(http, "http://gpu:8000/v1")

    assert (free.repeat_is_free, unknown.repeat_is_free) == (True, False)
    assert (free.price_usd(ORDER), unknown.price_usd(ORDER)) == (0, None)
