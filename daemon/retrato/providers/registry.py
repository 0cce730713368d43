"""Provider names → providers, and which key each needs. A further provider is one file and one line here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from retrato.domain.errors import ConfigError
from retrato.providers.catalogue import LegInfo
from retrato.providers.config import ProvidersConfig
from retrato.providers.fal import Fal
from retrato.providers.http import Http
from retrato.providers.huggingface import HuggingFace
from retrato.providers.leg import Provider
from retrato.providers.openai import OpenAI
from retrato.providers.openai_options import is_hosted
from retrato.providers.pollinations import Pollinations


@dataclass(frozen=True, slots=True)
class Builder:
    """How a provider is made. ``key`` is the field of `ProvidersConfig` that holds its key."""

    build: Callable[[ProvidersConfig, Http], Provider]
    key: str
    needs_key: Callable[[ProvidersConfig], bool] = lambda _: True

    def __call__(self, config: ProvidersConfig, http: Http) -> Provider:
        """Make the provider on one entered *http*."""
        return self.build(config, http)

    def lacks_key(self, config: ProvidersConfig) -> bool:
        """Whether it cannot work for want of its key."""
        return getattr(config, self.key) is None and self.needs_key(config)


BUILDERS: Mapping[str, Builder] = {
    "huggingface": Builder(HuggingFace, key="huggingface_key"),
    "pollinations": Builder(Pollinations, key="pollinations_key", needs_key=lambda _: False),
    "fal": Builder(Fal, key="fal_key"),
    "openai": Builder(OpenAI, key="openai_key", needs_key=lambda config: is_hosted(config.openai_base_url)),
}


def build_providers(config: ProvidersConfig, http: Http) -> tuple[Provider, ...]:
    """The providers of a `usable` config, in its order, on one entered *http*."""
    return tuple(BUILDERS[name](config, http) for name in config.providers)


def usable(config: ProvidersConfig, *, named: bool) -> ProvidersConfig:
    """
    *config* without the providers that lack a key they need.

    Raises:
        ConfigError: no provider, one twice, or an unknown one; or one lacks its key and somebody has *named* it,
            so it must not be left out. The message names the setting.

    """
    known, names = ", ".join(BUILDERS), config.providers
    if unknown := [name for name in names if name not in BUILDERS]:
        raise ConfigError(f"RETRATO_PROVIDERS names {', '.join(map(repr, unknown))}; known are {known}")
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"RETRATO_PROVIDERS is {','.join(names)!r}; it should name each once, out of {known}")
    lacking = [name for name in names if BUILDERS[name].lacks_key(config)]
    if lacking and named:
        raise ConfigError(f"RETRATO_PROVIDERS names {lacking[0]}, but there is no key: {key_remedy(lacking[0])}")
    return replace(config, providers=tuple(name for name in names if name not in lacking))


def key_remedy(name: str) -> str:
    """How to set the key that the provider needs."""
    remedies = {each.name: each.metadata.get("remedy") for each in fields(ProvidersConfig)}
    return str(remedies[BUILDERS[name].key])


def catalogue(config: ProvidersConfig) -> Sequence[LegInfo]:
    """Every leg of every provider that there is, in use or not, for people to compare; asks nobody."""
    http = Http(version="")  # never entered: nothing is sent
    return [info for build in BUILDERS.values() for info in build(config, http).catalogue()]
