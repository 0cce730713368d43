"""OpenAI's own client, with its strict check of answers on, draws on the simulated route."""

import asyncio
import base64
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from contract_support import KEYS, LONGEST_S, PROMPT, SEED, TIMEOUT_S, fetched, in_thread, picture, steps
from openai.types import ImageGenCompletedEvent, ImageGenPartialImageEvent, ImagesResponse

from retrato.simulator.fault import answer
from retrato.simulator.scenario import Scenario
from retrato.simulator.server import Simulator

_SELF_HOSTED = "black-forest-labs/FLUX.1-dev"


def _options(simulator: Simulator) -> dict[str, Any]:
    # The strict check makes an answer that is not of the documented shape an error.
    return {
        "base_url": simulator.urls.openai_base,
        "api_key": KEYS.openai,
        "timeout": TIMEOUT_S,
        "_strict_response_validation": True,
    }


@pytest.fixture
def client(simulator: Simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(**_options(simulator)) as opened:
        yield opened


@pytest.fixture
def once(simulator: Simulator) -> Iterator[openai.OpenAI]:
    """The client that tries nothing again."""
    with openai.OpenAI(**_options(simulator), max_retries=0) as opened:
        yield opened


def _images(answer: ImagesResponse) -> list[Any]:
    return [picture(base64.b64decode(entry.b64_json or "")) for entry in answer.data or []]


@pytest.mark.parametrize(
    ("model", "size", "quality"),
    [
        ("gpt-image-1.5", "1024x1536", "medium"),
        ("gpt-image-1-mini", "1024x1024", "auto"),
        ("gpt-image-2", "768x1024", "high"),
        ("gpt-image-2.5-flare", "768x1024", "max"),
        ("chatgpt-image-latest", "auto", "low"),
    ],
)
async def test_gpt_image_answers_inline(
    *, simulator: Simulator, client: openai.OpenAI, model: str, size: Any, quality: Any
):
    answer = await in_thread(
        client.images.generate,
        prompt=PROMPT,
        model=model,
        size=size,
        quality=quality,
        output_format="jpeg",
        output_compression=80,
        background="opaque",
        moderation="low",
        safety_identifier="empresa-1",
        n=2,
    )

    wanted = "1024x1024" if size == "auto" else size
    assert answer.size == wanted
    assert [f"{image.width}x{image.height} {image.format}" for image in _images(answer)] == [f"{wanted} JPEG"] * 2
    assert answer.quality == ("high" if quality == "auto" else quality)
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert steps(simulator.world.ledger) == ["openai.draw"]
    (order,) = simulator.world.ledger.orders("openai")
    assert (order.prompt, f"{order.width}x{order.height}") == (PROMPT, wanted)
    assert simulator.world.ledger.billed("openai", prompt=PROMPT) == 2


async def test_dall_e_style_answers_with_a_public_url(simulator: Simulator, client: openai.OpenAI):
    order: dict[str, Any] = {"prompt": PROMPT, "model": "dall-e-3", "size": "1024x1792", "quality": "hd"}

    linked = await in_thread(client.images.generate, **order, style="natural", response_format="url")
    inline = await in_thread(client.images.generate, **order, response_format="b64_json")

    assert linked.data
    assert linked.data[0].url
    assert linked.data[0].revised_prompt == PROMPT
    assert (await fetched(linked.data[0].url)).size == (1024, 1792)
    assert [image.size for image in _images(inline)] == [(1024, 1792)]
    assert simulator.world.ledger.billed("openai", prompt=PROMPT) == 2


async def test_self_hosted_server_takes_its_fields_beside_openais(simulator: Simulator, client: openai.OpenAI):
    order: dict[str, Any] = {
        "prompt": PROMPT,
        "model": _SELF_HOSTED,
        "size": "768x1024",
        "response_format": "b64_json",
    }
    beside = {"seed": SEED, "num_inference_steps": 4, "guidance_scale": 3.5, "negative_prompt": "blurry"}

    one = await in_thread(client.images.generate, **order, extra_body=beside)
    two = await in_thread(client.images.generate, **order, extra_body=beside)

    assert one.data == two.data
    assert [image.size for image in _images(one)] == [(768, 1024)]
    assert simulator.world.ledger.billed("openai", prompt=PROMPT, seed=SEED) == 2


async def test_stream_shows_previews_and_ends_with_the_picture(simulator: Simulator, client: openai.OpenAI):
    def listen() -> list[Any]:
        with client.images.generate(
            prompt=PROMPT, model="gpt-image-2", size="768x1024", stream=True, partial_images=2
        ) as stream:
            return list(stream)

    *previews, last = await in_thread(listen)

    assert [type(event) for event in previews] == [ImageGenPartialImageEvent] * 2
    assert [event.partial_image_index for event in previews] == [0, 1]
    assert isinstance(last, ImageGenCompletedEvent)
    assert picture(base64.b64decode(last.b64_json)).size == (768, 1024)
    assert simulator.world.ledger.billed("openai", prompt=PROMPT) == 1


async def test_asynchronous_client_draws_as_well(simulator: Simulator):
    async with asyncio.timeout(LONGEST_S), openai.AsyncOpenAI(**_options(simulator)) as client:
        answer = await client.images.generate(prompt=PROMPT, model="gpt-image-2", size="1024x1024")

    assert [image.size for image in _images(answer)] == [(1024, 1024)]
    assert simulator.world.ledger.billed("openai", prompt=PROMPT) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "code", "type_"),
    [
        ("openai_400_moderation", openai.BadRequestError, "moderation_blocked", "image_generation_user_error"),
        (
            "openai_400_content_policy",
            openai.BadRequestError,
            "content_policy_violation",
            "invalid_request_error",
        ),
        ("openai_401", openai.AuthenticationError, "invalid_api_key", "invalid_request_error"),
        ("openai_403_unverified", openai.PermissionDeniedError, "", "invalid_request_error"),
        ("openai_404_model", openai.NotFoundError, "model_not_found", "invalid_request_error"),
        ("openai_429_rate", openai.RateLimitError, "rate_limit_exceeded", "requests"),
        ("openai_429_quota", openai.RateLimitError, "insufficient_quota", "insufficient_quota"),
        (
            "openai_429_billing",
            openai.RateLimitError,
            "billing_hard_limit_reached",
            "invalid_request_error",
        ),
        ("openai_500", openai.InternalServerError, "server_error", "server_error"),
        ("html_502", openai.InternalServerError, None, None),
    ],
)
async def test_refusal_is_the_documented_exception(
    *,
    simulator: Simulator,
    once: openai.OpenAI,
    fault: str,
    kind: type[openai.APIStatusError],
    code: str | None,
    type_: str | None,
):
    simulator.world.script("openai", [fault])

    with pytest.raises(openai.APIStatusError) as caught:
        await in_thread(once.images.generate, prompt=PROMPT, model="gpt-image-2")

    error = caught.value
    assert type(error) is kind
    assert (error.code, error.type) == (code, type_)
    assert bool(error.request_id) == (fault != "html_502")
    assert simulator.world.ledger.billed() == 0


@pytest.mark.parametrize(
    ("change", "kind", "code", "param"),
    [
        ({"response_format": "url"}, openai.BadRequestError, "unknown_parameter", "response_format"),
        ({"style": "vivid"}, openai.BadRequestError, "unknown_parameter", "style"),
        ({"size": "500x500"}, openai.BadRequestError, "invalid_value", "size"),
        ({"quality": "hd"}, openai.BadRequestError, "invalid_value", "quality"),
        ({"partial_images": 4}, openai.BadRequestError, "invalid_value", "partial_images"),
        ({"model": "nope"}, openai.NotFoundError, "model_not_found", None),
    ],
)
async def test_wrong_field_is_named(
    *,
    simulator: Simulator,
    client: openai.OpenAI,
    change: dict[str, Any],
    kind: type[openai.APIStatusError],
    code: str,
    param: str | None,
):
    with pytest.raises(kind) as caught:
        await in_thread(client.images.generate, **{"prompt": PROMPT, "model": "gpt-image-2"} | change)

    assert (caught.value.code, caught.value.param) == (code, param)
    assert (len(simulator.world.ledger.orders()), simulator.world.ledger.billed()) == (1, 0)


@pytest.mark.parametrize("scenario", [Scenario(faces=False, keys={"openai": ("sk-another",)})])
async def test_wrong_key_is_an_authentication_error(simulator: Simulator, client: openai.OpenAI):
    with pytest.raises(openai.AuthenticationError):
        await in_thread(client.images.generate, prompt=PROMPT, model="gpt-image-2")

    assert len(simulator.world.ledger.orders()) == 1


@pytest.mark.parametrize("scenario", [Scenario(faces=False, credit_usd={"openai": 0.0})])
async def test_spent_credit_is_not_tried_again(simulator: Simulator, client: openai.OpenAI):
    with pytest.raises(openai.RateLimitError) as caught:
        await in_thread(client.images.generate, prompt=PROMPT, model="gpt-image-2")

    assert caught.value.code == "insufficient_quota"
    assert len(simulator.world.ledger.orders()) == 1


@pytest.mark.parametrize(
    ("headers", "least_s"),
    [
        ({"retry-after-ms": "600", "retry-after": "9"}, 0.6),
        ({"retry-after": "0.7"}, 0.7),
        # Without a word of the server's the client's own first wait is 0.375 to 0.5 s.
        ({}, 0.37),
    ],
)
async def test_client_waits_as_the_headers_say_and_is_billed_once(
    *, simulator: Simulator, client: openai.OpenAI, headers: dict[str, str], least_s: float
):
    simulator.world.script("openai", [answer(429, {"error": {"message": "slow down"}}, headers=headers)])

    await in_thread(client.images.generate, prompt=PROMPT, model="gpt-image-2")

    (gap,) = simulator.world.ledger.gaps("openai")
    assert least_s <= gap < 9
    assert simulator.world.ledger.billed("openai", prompt=PROMPT) == 1


@pytest.mark.parametrize("fault", ["openai_500", "html_502", "close"])
async def test_client_tries_again_after_a_fault(*, simulator: Simulator, client: openai.OpenAI, fault: str):
    simulator.world.script("openai", [fault])

    await in_thread(client.images.generate, prompt=PROMPT, model="gpt-image-2")

    assert len(simulator.world.ledger.orders("openai")) == 2
    assert simulator.world.ledger.billed("openai", prompt=PROMPT) == 1


@pytest.mark.parametrize(
    ("status", "headers"),
    [(429, {"retry-after": "121"}), (429, {"x-should-retry": "false"}), (503, {"x-should-retry": "false"})],
)
async def test_client_gives_up_at_once_when_told_to(
    *, simulator: Simulator, client: openai.OpenAI, status: int, headers: dict[str, str]
):
    simulator.world.script("openai", [answer(status, {"error": {"message": "later"}}, headers=headers)])

    with pytest.raises(openai.APIStatusError):
        await in_thread(client.images.generate, prompt=PROMPT, model="gpt-image-2")

    assert len(simulator.world.ledger.orders("openai")) == 1


async def test_silence_is_a_timeout_and_billed(simulator: Simulator, once: openai.OpenAI):
    simulator.world.script("openai", ["hang"])

    with pytest.raises(openai.APITimeoutError):
        await in_thread(once.images.generate, prompt=PROMPT, model="gpt-image-2", timeout=0.3)

    assert simulator.world.ledger.billed("openai", prompt=PROMPT) == 1


@pytest.mark.parametrize("fault", ["vanish", "close"])
async def test_lost_connection_is_a_connection_error(*, simulator: Simulator, once: openai.OpenAI, fault: str):
    simulator.world.script("openai", [fault])

    with pytest.raises(openai.APIConnectionError):
        await in_thread(once.images.generate, prompt=PROMPT, model="gpt-image-2")


async def test_moderated_picture_may_come_as_empty_data(simulator: Simulator, client: openai.OpenAI):
    simulator.world.script("openai", ["openai_200_empty"])

    answer = await in_thread(client.images.generate, prompt=PROMPT, model="gpt-image-2")

    assert answer.data == []


@pytest.mark.parametrize("fault", ["html_200"])
async def test_page_instead_of_json_is_no_answer_of_openais(
    *, simulator: Simulator, once: openai.OpenAI, fault: str
):
    simulator.world.script("openai", [fault])

    with pytest.raises(openai.APIResponseValidationError):
        await in_thread(once.images.generate, prompt=PROMPT, model="gpt-image-2")
