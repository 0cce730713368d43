"""What providers are built from: plain values, checked once."""

import re
from dataclasses import dataclass, field, fields
from typing import Any

from yarl import URL

from retrato.domain.errors import ConfigError
from retrato.providers.openai_options import options_for, server_at

DEFAULT_PROVIDERS = ("huggingface", "pollinations")

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_MODEL = re.compile(r"[A-Za-z0-9][\w.:-]*(/[A-Za-z0-9][\w.:-]*)*", re.ASCII)


def _a_key(setting: str, remedy: str) -> Any:
    return field(default=None, repr=False, metadata={"setting": setting, "remedy": f"set {setting} {remedy}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersConfig:
    """
    Which providers, in which order, with which keys, and where they are.

    Each field is the setting ``RETRATO_…`` of the same name, except for the keys. A slash at the end of a URL
    does not matter. A key, name or pattern that is None or blank is none. A hub mapping is trusted for
    ``huggingface_mapping_ttl_s`` seconds.

    Raises:
        ConfigError: a URL, key, name or option cannot be one; the message names its setting.

    """

    providers: tuple[str, ...] = DEFAULT_PROVIDERS
    huggingface_key: str | None = _a_key(
        "HUGGINGFACE_API_KEY", "(or HF_TOKEN) to a token that may call Inference Providers"
    )
    huggingface_router_url: str = "https://router.huggingface.co"
    huggingface_hub_url: str = "https://huggingface.co"
    huggingface_endpoints_api_url: str = "https://api.endpoints.huggingface.cloud"
    huggingface_endpoint_url: str | None = None
    huggingface_endpoint_name: str | None = None
    huggingface_namespace: str | None = None
    huggingface_bill_to: str | None = None
    huggingface_model: str = "black-forest-labs/FLUX.1-dev"
    huggingface_mapping_ttl_s: float = 6 * 3600
    pollinations_key: str | None = _a_key("POLLINATIONS_API_KEY", "to a key from enter.pollinations.ai")
    pollinations_url: str = "https://gen.pollinations.ai"
    pollinations_legacy_url: str = "https://image.pollinations.ai"
    fal_key: str | None = _a_key("FAL_KEY", "to a key from fal.ai/dashboard/keys")
    fal_queue_url: str = "https://queue.fal.run"
    fal_run_url: str = "https://fal.run"
    fal_model: str = "fal-ai/flux/dev"
    openai_key: str | None = _a_key("OPENAI_API_KEY", "to the key of the server at RETRATO_OPENAI_BASE_URL")
    openai_base_url: str = "https://api.openai.com/v1"
    openai_model: str = "gpt-image-2"
    openai_options: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for each in fields(self):
            value, setting = getattr(self, each.name), f"RETRATO_{each.name.upper()}"
            if each.name.endswith("_key"):
                value = _key(value, each.metadata["setting"])
            elif each.name.endswith("_url"):
                value = None if value is None else _base_url(value, setting)
            elif each.name.endswith("_model"):
                value = _like(_MODEL, value, setting, example=str(each.default))
            elif each.name in {"huggingface_namespace", "huggingface_bill_to"} and value is not None:
                value = _like(_NAME, value, setting, example="my-organisation") if value.strip() else None
            elif each.name == "huggingface_endpoint_name":
                value = (value or "").strip() or None
            object.__setattr__(self, each.name, value)
        options_for(server_at(self.openai_base_url), self.openai_model, self.openai_options)


def _key(text: str | None, setting: str) -> str | None:
    key = (text or "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigError(f"{setting} has signs in it that no key has; was it copied with a line break?")
    return key or None


def _base_url(text: str, setting: str) -> str:
    url = URL(text.strip())
    if url.scheme not in {"http", "https"} or not url.host or url.query_string or url.fragment:
        raise ConfigError(f"{setting} is {text!r}; it should be like https://host[:port][/path]")
    return str(url).rstrip("/")


def _like(pattern: re.Pattern[str], text: str, setting: str, *, example: str) -> str:
    if not pattern.fullmatch(text.strip()):
        raise ConfigError(f"{setting} is {text!r}; it should be like {example}")
    return text.strip()
