"""Provider names → providers. A further provider is one file and one line here."""

from collections.abc import Callable, Mapping

from retrato.domain.errors import ConfigError
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.huggingface import HuggingFace
from retrato.providers.leg import Provider
from retrato.providers.pollinations import Pollinations

BUILDERS: Mapping[str, Callable[[ProvidersConfig, Http], Provider]] = {
    "huggingface": HuggingFace,
    "pollinations": Pollinations,
}


def build_providers(config: ProvidersConfig, http: Http) -> tuple[Provider, ...]:
    """
    The configured providers, in the configured order, on one entered *http*.

    Raises:
        ConfigError: no provider, one twice, or an unknown one.

    """
    known = ", ".join(BUILDERS)
    names = config.providers
    if unknown := [name for name in names if name not in BUILDERS]:
        raise ConfigError(f"RETRATO_PROVIDERS names {', '.join(map(repr, unknown))}; known are {known}")
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"RETRATO_PROVIDERS is {','.join(names)!r}; it should name each once, out of {known}")
    return tuple(BUILDERS[name](config, http) for name in names)
