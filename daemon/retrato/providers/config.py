"""What providers are built from: plain values, checked once."""

from dataclasses import dataclass, field, fields

from yarl import URL

from retrato.domain.errors import ConfigError

DEFAULT_PROVIDERS = ("huggingface", "pollinations")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersConfig:
    """
    Which providers, in which order, with which keys, and where they are.

    Each ``…_url`` field is the setting ``RETRATO_…_URL``; a slash at its end does not matter. A key that is
    None or blank is no key. A hub mapping is trusted for ``huggingface_mapping_ttl_s`` seconds.

    Raises:
        ConfigError: a URL or a key cannot be one; the message names its setting.

    """

    providers: tuple[str, ...] = DEFAULT_PROVIDERS
    huggingface_key: str | None = field(default=None, repr=False, metadata={"setting": "HUGGINGFACE_API_KEY"})
    huggingface_router_url: str = "https://router.huggingface.co"
    huggingface_hub_url: str = "https://huggingface.co"
    huggingface_model: str = "black-forest-labs/FLUX.1-dev"
    huggingface_mapping_ttl_s: float = 6 * 3600
    pollinations_key: str | None = field(default=None, repr=False, metadata={"setting": "POLLINATIONS_API_KEY"})
    pollinations_url: str = "https://gen.pollinations.ai"
    pollinations_legacy_url: str = "https://image.pollinations.ai"

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name.endswith("_key"):
                object.__setattr__(self, each.name, _key(value, each.metadata["setting"]))
            if each.name.endswith("_url"):
                object.__setattr__(self, each.name, _base_url(value, f"RETRATO_{each.name.upper()}"))


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
