"""Hugging Face: dedicated endpoints where there are some, then the router's partners that serve the model."""

from collections.abc import Sequence

import structlog

from retrato.domain.errors import GoneError, MisconfiguredError, ProviderError
from retrato.providers.catalogue import LegInfo, leg_info
from retrato.providers.config import ProvidersConfig
from retrato.providers.http import Http
from retrato.providers.huggingface_account import Endpoints
from retrato.providers.huggingface_endpoint import LEG, Endpoint, EndpointLeg
from retrato.providers.huggingface_mapping import HuggingFaceMapping, known_routes
from retrato.providers.huggingface_router import PARTNERS, Router
from retrato.providers.leg import Leg

log = structlog.get_logger()

NAME = "huggingface"
_KEY = "HUGGINGFACE_API_KEY"


class HuggingFace:
    """
    FLUX.1 [dev], or what is configured, by way of Hugging Face.

    Partners are asked in the Hub's order; those that we do not speak with are passed over. One whose last
    health check failed may still be called.
    """

    name = NAME

    def __init__(self, config: ProvidersConfig, http: Http) -> None:
        self._config = config
        self._http = http
        self._key = config.huggingface_key or ""
        self._model = config.huggingface_model
        self._mapping = HuggingFaceMapping(
            http,
            hub_url=config.huggingface_hub_url,
            model=config.huggingface_model,
            ttl_s=config.huggingface_mapping_ttl_s,
        )
        bill_to = {"X-HF-Bill-To": config.huggingface_bill_to} if config.huggingface_bill_to else {}
        self._router = Router(
            http=http,
            base_url=config.huggingface_router_url,
            headers={"Authorization": f"Bearer {self._key}"} | bill_to,
            model=self._model,
            mapping=self._mapping,
        )
        self._endpoints = _endpoints(config, http) if config.huggingface_endpoint_name else None

    async def legs(self) -> Sequence[Leg]:
        """See `Provider.legs`."""
        if not self._key:
            raise MisconfiguredError(f"{NAME}: no key; set {_KEY}", leg=NAME, sent=False)
        own = [
            EndpointLeg(endpoint, self._http, provider=NAME, key=self._key) for endpoint in await self._dedicated()
        ]
        try:
            return [*own, *await self._partners()]
        except ProviderError as exc:
            if not own:
                raise
            log.debug("router.left_out", error=str(exc))
            return own

    def catalogue(self) -> Sequence[LegInfo]:
        """See `Provider.catalogue`."""
        config = self._config
        dedicated = [LEG] if config.huggingface_endpoint_url else []
        dedicated += [f"{LEG}/{config.huggingface_endpoint_name}"] if config.huggingface_endpoint_name else []
        partners = [partner for partner in known_routes(self._model) or PARTNERS if partner in PARTNERS]
        return [
            *(self._info(leg, price_usd=0.0, note="paid by the hour") for leg in dedicated),
            *(self._info(f"{NAME}/{partner}", note="through the router") for partner in partners),
        ]

    async def credit_left(self) -> float | None:
        """See `Provider.credit_left`; what is left of the monthly credit is on a page for people only."""
        return None

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _info(self, leg: str, *, note: str, price_usd: float | None = None) -> LegInfo:
        return leg_info(
            leg,
            model=self._model,
            key_setting=_KEY,
            key_present=bool(self._key),
            price_usd=price_usd,
            note=note,
        )

    async def _dedicated(self) -> Sequence[Endpoint]:
        url = self._config.huggingface_endpoint_url
        given = [Endpoint(leg=LEG, url=url, model=self._model)] if url else []
        return [*given, *(await self._endpoints.running() if self._endpoints else ())]

    async def _partners(self) -> Sequence[Leg]:
        routes = await self._mapping.routes()
        legs = [self._router.leg(partner, route) for partner, route in routes.items() if partner in PARTNERS]
        if not legs:
            raise GoneError(
                f"{NAME}: {self._model} is served only by partners that Retrato does not speak with "
                f"({', '.join(routes)})",
                leg=NAME,
                sent=False,
            )
        return legs


def _endpoints(config: ProvidersConfig, http: Http) -> Endpoints:
    return Endpoints(
        http,
        api_url=config.huggingface_endpoints_api_url,
        hub_url=config.huggingface_hub_url,
        key=config.huggingface_key or "",
        pattern=config.huggingface_endpoint_name or "",
        namespace=config.huggingface_namespace,
    )
