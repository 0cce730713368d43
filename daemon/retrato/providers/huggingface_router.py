"""Hugging Face's router: the partners that we speak with, and what the router itself says."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from retrato.domain.errors import (
    BadRequestError,
    GoneError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
)
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access
from retrato.providers.fal_dialect import read_fal
from retrato.providers.fal_queue import FalQueueLeg
from retrato.providers.http import Http
from retrato.providers.huggingface_mapping import HuggingFaceMapping
from retrato.providers.leg import Leg, NoteRequest, ResumableLeg
from retrato.providers.limits import limits_for
from retrato.providers.openai_images import ImagesLeg, read_openai
from retrato.providers.openai_options import PRESETS
from retrato.providers.replicate import ReplicateLeg
from retrato.providers.replies import Verdict
from retrato.providers.wavespeed import WavespeedLeg
from retrato.providers.words import Words

_PROVIDER = "huggingface"
_MOVED = {400, 404, 410}
_ONE_PARTNER = re.compile(r"\bprovider [\w-]+")


class _Resumable(Leg, ResumableLeg, Protocol):
    """Both at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """The way to all partners: *headers* open it, *mapping* knows the routes of *model*."""

    http: Http
    base_url: str
    headers: Mapping[str, str]
    model: str
    mapping: HuggingFaceMapping

    def leg(self, partner: str, route: str) -> Leg:
        """The leg ``huggingface/<partner>`` to *route*, the partner's own id of the model."""
        access = Access(
            http=self.http,
            leg=f"{_PROVIDER}/{partner}",
            base_url=f"{self.base_url}/{partner}",
            headers=self.headers,
            readers=(read_hugging_face,),
            is_router=True,
        )
        if partner in _RESUMABLE:
            build = _RESUMABLE[partner]
            return _ResumableRouterLeg(self, partner, route, lambda at: build(access, self.model, at))
        return _RouterLeg(self, partner, route, lambda at: _images(access, self.model, at))


class _RouterLeg:
    """A partner's leg that asks the Hub again when its route is said to be wrong."""

    provider = _PROVIDER
    repeat_is_free = False

    def __init__(self, router: Router, partner: str, route: str, build: Callable[[str], Leg]) -> None:
        self._mapping = router.mapping
        self._partner = partner
        self._route = route
        self._build = build
        self._leg = build(route)
        self.name = self._leg.name
        self.limits = limits_for(self.name)
        self.model = self._leg.model

    def price_usd(self, order: Order) -> float | None:
        """See `Leg.price_usd`."""
        return self._leg.price_usd(order)

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:
        """See `Leg.draw`; a route that has moved is followed once."""
        try:
            return await self._leg.draw(order, on_request_id=on_request_id)
        except (GoneError, BadRequestError) as error:
            if error.request_id is not None or error.status not in _MOVED or not await self._has_moved():
                raise
        return await self._leg.draw(order, on_request_id=on_request_id)

    async def _has_moved(self) -> bool:
        try:
            route = (await self._mapping.reread()).get(self._partner)
        except ProviderError:
            return False
        if route is None or route == self._route:
            return False
        self._route, self._leg = route, self._build(route)
        return True


class _ResumableRouterLeg(_RouterLeg):
    """
    The same for a partner that answers for accepted requests.

    It cannot cancel: nobody has seen the router pass such a request on.
    """

    _leg: _Resumable

    async def resume(self, order: Order, request_id: str) -> RawPicture:
        """See `ResumableLeg.resume`."""
        return await self._leg.resume(order, request_id)


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


def _fal_ai(access: Access, model: str, route: str) -> _Resumable:
    queue = replace(access, query="?_subdomain=queue", readers=(*access.readers, read_fal))
    return FalQueueLeg(queue, provider=_PROVIDER, model=model, app=route)


def _replicate(access: Access, model: str, route: str) -> _Resumable:
    return ReplicateLeg(access, provider=_PROVIDER, model=model, path=route)


def _wavespeed(access: Access, model: str, route: str) -> _Resumable:
    return WavespeedLeg(access, provider=_PROVIDER, model=model, path=route)


def _images(access: Access, model: str, route: str) -> Leg:
    """A partner that speaks OpenAI's images API, under ``/v1`` as everywhere."""
    server = access.leg.rpartition("/")[2]
    return ImagesLeg(
        replace(access, base_url=f"{access.base_url}/v1", readers=(*access.readers, read_openai)),
        provider=_PROVIDER,
        model=model,
        options=PRESETS[server],
        served_as=route,
    )


_RESUMABLE: Mapping[str, Callable[[Access, str, str], _Resumable]] = {
    "fal-ai": _fal_ai,
    "replicate": _replicate,
    "wavespeed": _wavespeed,
}
PARTNERS = (*_RESUMABLE, "nscale", "together")
"""The partners that we speak with."""
