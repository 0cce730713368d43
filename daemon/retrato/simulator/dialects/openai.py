"""OpenAI's picture API: GPT image, dall-e-3, and the self-hosted servers that follow it (PROVIDERS.md, D)."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aiohttp import web

from retrato.simulator.dialects.fields import Fields, WrongFieldError
from retrato.simulator.dialects.keys import check_openai
from retrato.simulator.dialects.openai_stream import to_stream
from retrato.simulator.exchange import Exchange, json_response, serve
from retrato.simulator.fault import answer
from retrato.simulator.pictures import Shot
from retrato.simulator.world import Rejection, World

_COMMON = ("prompt", "model", "n", "size", "quality", "user")
_GPT_FIELDS = (
    *_COMMON,
    "safety_identifier",
    "output_format",
    "output_compression",
    "background",
    "moderation",
    "stream",
    "partial_images",
)
_GPT_SIZES = ("1024x1024", "1536x1024", "1024x1536", "auto")
_LONGEST_SIDE, _STEP, _WIDEST = 3840, 16, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """Models that take the same fields. ``sizes`` empty: any."""

    fields: tuple[str, ...]
    sizes: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ("auto", "low", "medium", "high")
    formats: tuple[str, ...] = ("png", "jpeg", "webp")
    longest_prompt: int = 32_000
    is_always_inline: bool = False


_GPT = _Family(fields=_GPT_FIELDS, sizes=_GPT_SIZES, is_always_inline=True)
_GPT_2_5 = _Family(
    fields=_GPT_FIELDS,
    qualities=("auto", "low", "medium", "high", "xhigh", "max"),
    is_always_inline=True,
)
_FAMILIES: Mapping[str, _Family] = MappingProxyType(
    {
        # OpenAI shut gpt-image-1 and dall-e-3 down in 2026 (openai-python 3.54.0); who follows it may keep them.
        "gpt-image-1": _GPT,
        "gpt-image-1-mini": _GPT,
        "gpt-image-1.5": _GPT,
        "chatgpt-image-latest": _GPT,
        "gpt-image-2": _Family(fields=_GPT_FIELDS, is_always_inline=True),
        "gpt-image-2.5-flare": _GPT_2_5,
        "gpt-image-2.5-sunburst": _GPT_2_5,
        "dall-e-3": _Family(
            fields=(*_COMMON, "style", "response_format"),
            sizes=("1024x1024", "1792x1024", "1024x1792"),
            qualities=("standard", "hd"),
            longest_prompt=4000,
        ),
        # vLLM-Omni, SGLang, Dynamo: everything at the top level, any size, a seed.
        "black-forest-labs/FLUX.1-dev": _Family(
            fields=(
                *_COMMON,
                "response_format",
                "output_format",
                "seed",
                "num_inference_steps",
                "guidance_scale",
                "negative_prompt",
            ),
        ),
    }
)
_DEFAULT_MODEL = "gpt-image-1"


def routes(world: World) -> list[web.RouteDef]:
    """Everything under ``/openai/v1``."""
    return [
        web.post("/openai/v1/images/generations", serve(world, "openai", _generate)),
        web.get("/openai/v1/models", serve(world, "openai", _models, step="models")),
    ]


async def _models(exchange: Exchange) -> web.Response:
    """The list of models: free, and with a wrong key refused, so that a key can be tried."""
    check_openai(exchange)
    data = [{"id": name, "object": "model", "created": 1760000000, "owned_by": "system"} for name in _FAMILIES]
    return json_response({"object": "list", "data": data})


async def _generate(exchange: Exchange) -> web.Response:
    check_openai(exchange)
    try:
        fields = Fields(exchange.body)
        model = str(fields.raw("model", _DEFAULT_MODEL))
        if model not in _FAMILIES:
            message = f"The model `{model}` does not exist."
            raise Rejection(_error(404, message, code="model_not_found", name="openai_404"))
        family = _FAMILIES[model]
        shots = _read_input(exchange, fields, family)
        is_inline = family.is_always_inline or (
            fields.choice("response_format", "url", ("url", "b64_json")) == "b64_json"
        )
    except WrongFieldError as wrong:
        raise Rejection(_of_field(wrong)) from wrong
    job = await exchange.drawn(*shots)
    if is_inline:
        data = [await _inline(exchange, shot) for shot in job.shots]
    else:
        data = [{"url": url, "revised_prompt": job.shots[0].prompt} for url in exchange.world.result_urls(job)]
    body: dict[str, Any] = {"created": 1760000000, "data": data}
    if family.is_always_inline:
        body |= _gpt_extras(fields, job.shots[0])
    if fields.raw("stream") is True:
        return to_stream(body, partials=fields.whole("partial_images", 0))
    return json_response(body, x_request_id=f"req_{job.id}", x_ratelimit_remaining_requests="49")


def _read_input(exchange: Exchange, fields: Fields, family: _Family) -> list[Shot]:
    fields.only(family.fields, message="Unknown parameter: '{}'.", kind="unknown_parameter")
    prompt = fields.text("prompt", longest=family.longest_prompt)
    fields.choice("quality", family.qualities[0], family.qualities)
    width, height = _size(fields, family)
    form = fields.choice("output_format", "png", family.formats)
    fields.whole("partial_images", 0, most=3)
    count = fields.whole("n", 1, least=1, most=10)
    # OpenAI knows no seed: the same request gives another picture every time.
    seed = fields.whole("seed", exchange.world.rng.getrandbits(31))
    return [
        Shot(prompt=prompt, seed=seed + number, width=width, height=height, format=form) for number in range(count)
    ]


def _size(fields: Fields, family: _Family) -> tuple[int, int]:
    if family.sizes:
        fields.choice("size", "1024x1024", family.sizes)
    if fields.raw("size") == "auto":
        return 1024, 1024
    size = fields.size("size", "1024x1024", sides=(_STEP, _LONGEST_SIDE))
    if any(side % _STEP for side in size) or max(size) > _WIDEST * min(size):
        message = f"Sides should be multiples of {_STEP}, at most {_WIDEST}:1, got {size}"
        raise WrongFieldError("size", message, kind="invalid_value", value=size)
    return size


async def _inline(exchange: Exchange, shot: Shot) -> dict[str, str]:
    data = await exchange.world.studio.develop(shot)
    return {"b64_json": base64.b64encode(data).decode()}


def _gpt_extras(fields: Fields, shot: Shot) -> dict[str, Any]:
    quality = fields.raw("quality")
    return {
        "background": "transparent" if fields.raw("background") == "transparent" else "opaque",
        "output_format": shot.format,
        "quality": "high" if quality in {None, "auto"} else quality,
        "size": f"{shot.width}x{shot.height}",
        "usage": {
            "total_tokens": 4210,
            "input_tokens": 50,
            "output_tokens": 4160,
            "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
        },
    }


def _of_field(wrong: WrongFieldError) -> Any:
    code = {"unknown_parameter": "unknown_parameter", "missing": "missing_required_parameter"}
    message = f"Missing required parameter: '{wrong.field}'." if wrong.kind == "missing" else str(wrong)
    return _error(400, message, code=code.get(wrong.kind, "invalid_value"), param=wrong.field)


def _error(status: int, message: str, *, code: str, param: str | None = None, name: str = "") -> Any:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return answer(status, {"error": error}, name=name or f"openai_{status}_{code}")
