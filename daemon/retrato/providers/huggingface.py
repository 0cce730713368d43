"""Hugging Face's router: one account, several partners that serve the model."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from retrato.domain.errors import (
    BadRequestError,
    GoneError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
)
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access
from retrato.providers.config import ProvidersConfig
from retrato.providers.fal import FalQueueLeg, read_fal
from retrato.providers.http import Http
from retrato.providers.huggingface_mapping import HuggingFaceMapping
from retrato.providers.leg import Leg, NoteRequest, ResumableLeg
from retrato.providers.replicate import ReplicateLeg
from retrato.providers.replies import Verdict
from retrato.providers.wavespeed import WavespeedLeg
from retrato.providers.words import Words

NAME = "huggingface"
_MOVED = {400, 404, 410}
_ONE_PARTNER = re.compile(r"\bprovider [\w-]+")


class HuggingFace:
    """
    FLUX.1 [dev] by way of Hugging Face.

    Partners that the Hub names and that we do not know are passed over. Ours are asked in our own order:
    only fal takes a width and a height. A partner whose last health check failed may still be called.
    """

    name = NAME

    def __init__(self, config: ProvidersConfig, http: Http) -> None:
        self._http = http
        self._key = config.huggingface_key
        self._router_url = config.huggingface_router_url
        self._model = config.huggingface_model
        self._mapping = HuggingFaceMapping(
            http,
            hub_url=config.huggingface_hub_url,
            model=config.huggingface_model,
            ttl_s=config.huggingface_mapping_ttl_s,
        )

    async def legs(self) -> Sequence[Leg]:
        """See `Provider.legs`."""
        if not self._key:
            raise MisconfiguredError(f"{NAME}: no key; set HUGGINGFACE_API_KEY", leg=NAME, sent=False)
        routes = await self._mapping.routes()
        legs = [self._leg(partner, routes[partner]) for partner in PARTNERS if partner in routes]
        if not legs:
            raise GoneError(
                f"{NAME}: {self._model} is served only by partners that Retrato does not speak with "
                f"({', '.join(routes)})",
                leg=NAME,
                sent=False,
            )
        return legs

    async def close(self) -> None:
        """Nothing of its own is open."""

    def _leg(self, partner: str, route: str) -> Leg:
        access = Access(
            http=self._http,
            leg=f"{NAME}/{partner}",
            base_url=f"{self._router_url}/{partner}",
            headers={"Authorization": f"Bearer {self._key}"},
            readers=(read_hugging_face,),
        )

        def build(route: str) -> ResumableLeg:
            return PARTNERS[partner](access, self._model, route)

        return _RouterLeg(partner, route, build=build, mapping=self._mapping)


class _RouterLeg:
    """A partner's leg that asks the Hub again when its route is said to be wrong."""

    provider = NAME
    repeat_is_free = False

    def __init__(
        self,
        partner: str,
        route: str,
        *,
        build: Callable[[str], ResumableLeg],
        mapping: HuggingFaceMapping,
    ) -> None:
        self._partner = partner
        self._route = route
        self._build = build
        self._mapping = mapping
        self._leg = build(route)
        self.name = self._leg.name
        self.model = self._leg.model

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        """See `Leg.draw`; a route that has moved is followed once."""
        try:
            return await self._leg.draw(order, on_request_id=on_request_id)
        except (GoneError, BadRequestError) as error:
            if error.request_id is not None or error.status not in _MOVED or not await self._has_moved():
                raise
        return await self._leg.draw(order, on_request_id=on_request_id)

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        """See `ResumableLeg.resume`."""
        return await self._leg.resume(order, request_id)

    async def _has_moved(self) -> bool:
        try:
            route = (await self._mapping.reread()).get(self._partner)
        except ProviderError:
            return False
        if route is None or route == self._route:
            return False
        self._route, self._leg = route, self._build(route)
        return True


def read_hugging_face(words: Words) -> Verdict | None:
    """
    What the router itself means (hub-docs, fal#1043, 2025 to 2026-10).

    Its own words stand in ``error``; other shapes are a partner's and concern that partner only.
    """
    is_its_own = isinstance(words.fields.get("error"), str) or "X-Error-Message" in words.headers
    match words.status:
        case 400 if words.has("not supported by"):
            # "Model not supported by provider fal-ai", "… by any provider you have enabled."
            return Verdict(GoneError)
        case 401:
            return Verdict(MisconfiguredError, whole_provider=is_its_own)
        case 402:
            # The monthly credit is the account's; "… required to use provider fal-ai" is about one partner.
            return Verdict(OutOfCreditError, whole_provider=is_its_own and not _ONE_PARTNER.search(words.text))
        case 403 if words.has("authentication method"):
            return Verdict(MisconfiguredError, whole_provider=True)
    return None


def _fal_ai(access: Access, model: str, route: str) -> ResumableLeg:
    queue = replace(access, query="?_subdomain=queue", readers=(*access.readers, read_fal))
    return FalQueueLeg(queue, provider=NAME, model=model, app=route)


def _replicate(access: Access, model: str, route: str) -> ResumableLeg:
    return ReplicateLeg(access, provider=NAME, model=model, path=route)


def _wavespeed(access: Access, model: str, route: str) -> ResumableLeg:
    return WavespeedLeg(access, provider=NAME, model=model, path=route)


PARTNERS: Mapping[str, Callable[[Access, str, str], ResumableLeg]] = {
    "fal-ai": _fal_ai,
    "replicate": _replicate,
    "wavespeed": _wavespeed,
}
"""The partners that we speak with, in the order in which they are asked: access, model, its route → leg."""
