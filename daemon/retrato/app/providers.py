"""The image providers, built from the settings on one HTTP client."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.leg import Provider
from retrato.providers.registry import build_providers, key_remedy, usable
from retrato.settings import Settings, plain
from retrato.version import VERSION

log = structlog.get_logger()


@asynccontextmanager
async def open_providers(settings: Settings) -> AsyncIterator[tuple[Provider, ...]]:
    """
    The configured providers on one HTTP client; those that are left out for want of a key are told aloud.

    Raises:
        ConfigError: a provider is unknown or lacks its key.

    """
    config = providers_config(settings)
    for name in settings.providers:
        if name not in config.providers:
            log.warning("provider.left_out", provider=name, reason="no key", remedy=key_remedy(name))
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            Http(
                version=VERSION,
                timeout_s=settings.request_timeout_seconds,
                result_hosts=settings.result_hosts,
            )
        )
        providers = build_providers(config, http)
        for provider in providers:
            stack.push_async_callback(provider.close)
        yield providers


def providers_config(settings: Settings) -> ProvidersConfig:
    """
    What the providers are built from; a provider of the default order that lacks its key is left out.

    Raises:
        ConfigError: a provider is unknown or named twice, one that was named lacks its key, or a value cannot be
            one; the message names the setting.

    """
    return usable(all_providers(settings), named="providers" in settings.model_fields_set)


def all_providers(settings: Settings) -> ProvidersConfig:
    """The same with the providers that lack their key. Raises ConfigError: a value cannot be one."""
    return ProvidersConfig(
        providers=settings.providers,
        huggingface_key=plain(settings.huggingface_api_key),
        huggingface_model=settings.huggingface_model,
        huggingface_router_url=settings.huggingface_router_url,
        huggingface_hub_url=settings.huggingface_hub_url,
        huggingface_endpoint_url=settings.huggingface_endpoint_url,
        huggingface_endpoint_name=settings.huggingface_endpoint_name,
        huggingface_endpoints_api_url=settings.huggingface_endpoints_api_url,
        huggingface_namespace=settings.huggingface_namespace,
        huggingface_bill_to=settings.huggingface_bill_to,
        pollinations_key=plain(settings.pollinations_api_key),
        pollinations_url=settings.pollinations_url,
        pollinations_legacy_url=settings.pollinations_legacy_url,
        fal_key=plain(settings.fal_key),
        fal_model=settings.fal_model,
        fal_queue_url=settings.fal_queue_url,
        fal_run_url=settings.fal_run_url,
        openai_key=plain(settings.openai_api_key),
        openai_model=settings.openai_model,
        openai_base_url=settings.openai_base_url,
        openai_options=plain(settings.openai_options),
    )
