"""How one OpenAI-compatible server differs from the next: the switches, their presets, and who overrides them."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from retrato.domain.errors import ConfigError

SETTING = "RETRATO_OPENAI_OPTIONS"
_EXAMPLE = '{"send_size": "width_height", "seed_field": "seed"}'
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")


def _sendable(headers: Mapping[str, str]) -> Mapping[str, str]:
    if not all(_HEADER_NAME.fullmatch(name) for name in headers):
        raise ValueError("header names are made of letters, digits and hyphens")
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise ValueError("header values are printable ASCII")
    return headers


class ImagesOptions(BaseModel):
    """The switches. A field name that is None is not sent; a None in ``extra_body`` takes a field out."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    send_size: Literal["size", "width_height", "aspect_ratio", "none"] = "size"
    """``size`` is "1024x1024", ``width_height`` two numbers, ``aspect_ratio`` "1:1"."""
    sizes: tuple[Annotated[str, Field(pattern=r"^[1-9]\d*x[1-9]\d*$")], ...] = ()
    """The only values that ``size`` may have; empty: any."""
    response_format: str | None = None
    seed_field: str | None = None
    steps_field: str | None = None
    guidance_field: str | None = None
    price_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Of one picture, where the built-in table does not know it; 0 where nothing is charged."""
    extra_body: Mapping[str, Any] = {}
    extra_headers: Annotated[Mapping[str, str], AfterValidator(_sendable)] = {}


_GPT = ImagesOptions(
    sizes=("1024x1024", "1536x1024", "1024x1536"),
    # "auto" would leave the quality, and with it the price, to the server. JPEG: we re-encode anyway.
    extra_body={"quality": "medium", "output_format": "jpeg"},
)
_PLAIN = ImagesOptions(response_format="b64_json")
_DIFFUSERS = ImagesOptions(
    response_format="b64_json",
    seed_field="seed",
    steps_field="num_inference_steps",
    guidance_field="guidance_scale",
)

# As read in documentation and clients in August 2026 (PROVIDERS.md, D); "?" marks what is assumed.
PRESETS: Mapping[str, ImagesOptions] = MappingProxyType(
    {
        "openai": _GPT,
        "together": ImagesOptions(
            send_size="width_height", response_format="base64", seed_field="seed", steps_field="steps"
        ),
        "nscale": _PLAIN,
        "nebius": ImagesOptions(
            send_size="width_height",
            response_format="b64_json",
            seed_field="seed",
            steps_field="num_inference_steps",
        ),
        "xai": ImagesOptions(send_size="aspect_ratio", response_format="b64_json"),  # ? response_format
        "deepinfra": _PLAIN,
        "localai": ImagesOptions(response_format="b64_json", steps_field="step", seed_field="seed"),  # ? seed
        "openrouter": ImagesOptions(),
        "pollinations": ImagesOptions(
            response_format="b64_json", seed_field="seed", extra_body={"nologo": True, "private": True}
        ),
        # vLLM-Omni, SGLang diffusion, Dynamo, and whatever else is not known by its name.
        "compatible": _DIFFUSERS,
    }
)

_HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "openai.com": "openai",
        "together.xyz": "together",
        "together.ai": "together",
        "nscale.com": "nscale",
        "nebius.com": "nebius",
        "nebius.ai": "nebius",
        "x.ai": "xai",
        "deepinfra.com": "deepinfra",
        "openrouter.ai": "openrouter",
        "pollinations.ai": "pollinations",
        "localai": "localai",
        "local-ai": "localai",
    }
)


def server_at(base_url: str) -> str:
    """The preset's name for the server at *base_url*, by its host name."""
    host = URL(base_url).host or ""
    return next((name for end, name in _HOSTS.items() if host == end or host.endswith(f".{end}")), "compatible")


def is_hosted(base_url: str) -> bool:
    """Whether *base_url* is a paid service that is known by its name: none of these answers without a key."""
    return server_at(base_url) not in {"compatible", "localai"}


def options_for(server: str, model: str, text: str | None = None) -> ImagesOptions:
    """
    The preset of *server* for *model*, with what *text* (``RETRATO_OPENAI_OPTIONS``, JSON) changes in it.

    A GPT image model behind a gateway is asked as OpenAI asks it: it refuses fields that it does not know.

    Raises:
        ConfigError: *text* is not what it should be; the message names the switch and shows no value.

    """
    is_gpt = model.rpartition("/")[2].startswith(("gpt-image", "chatgpt-image"))
    preset = _GPT if server == "compatible" and is_gpt else PRESETS[server]
    if server == "openai" and not is_gpt:
        preset = _PLAIN  # dall-e and whatever is tuned from it
    given = _read(text) if text else {}
    extra = given.get("extra_body")
    if isinstance(extra, dict):
        given["extra_body"] = {**preset.extra_body, **extra}
    try:
        return ImagesOptions.model_validate({**preset.model_dump(), **given})
    except ValidationError as exc:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors())
        raise ConfigError(f"{SETTING}: {wrong}; switches are {', '.join(ImagesOptions.model_fields)}") from None


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigError(f"{SETTING} is no JSON object; it should be like {_EXAMPLE}")
    return found
