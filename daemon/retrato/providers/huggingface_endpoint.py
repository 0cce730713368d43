"""A dedicated Inference Endpoint of Hugging Face, or any server with the same interface: one URL, one model."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from retrato.domain.errors import LoadingError, MisconfiguredError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access
from retrato.providers.http import Http
from retrato.providers.leg import NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.models import fitted
from retrato.providers.replies import Verdict
from retrato.providers.words import Words

LEG = "huggingface/endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where it is, what it serves, and under which leg's name it is asked."""

    leg: str
    url: str
    model: str


class EndpointLeg:
    """
    Asked with hf-inference's body, answers with the picture itself.

    It is paid by the hour, so a picture has no price of its own and a repeat costs nothing more.
    """

    repeat_is_free = True

    def __init__(self, endpoint: Endpoint, http: Http, *, provider: str, key: str) -> None:
        self.name = endpoint.leg
        self.limits = limits_for(self.name)
        self.provider = provider
        self.model = endpoint.model
        # PNG, as the official client asks: every image container can write it.
        self._access = Access(
            http=http,
            leg=endpoint.leg,
            base_url=endpoint.url,
            headers={"Authorization": f"Bearer {key}", "Accept": "image/png"},
            readers=(_read_endpoint,),
        )

    def price_usd(self, order: Order) -> float | None:  # noqa: ARG002
        """See `Leg.price_usd`: the hour is paid whether or not it draws."""
        return 0.0

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:  # noqa: ARG002
        """See `Leg.draw`; while the model is being loaded it says how long that takes (`LoadingError`)."""
        order = fitted(order, self.model)
        reply = self._access.pictured(await self._access.order("", _body(order)))
        return RawPicture(
            data=reply.body,
            model=self.model,
            seed=order.seed,
            steps=order.steps,
            guidance=order.guidance,
            cost_usd=0.0,
        )


def _read_endpoint(words: Words) -> Verdict | None:
    """What an endpoint means; which words a paused one uses is assumed."""
    if words.status == HTTPStatus.SERVICE_UNAVAILABLE or words.has("endpoint is paused"):
        # Starting, scaled to zero, or switched off: nothing is gained by asking again within seconds.
        return Verdict(LoadingError)
    if words.status == HTTPStatus.UNAUTHORIZED:
        # The router may well take the key that this server does not.
        return Verdict(MisconfiguredError)
    return None


def _body(order: Order) -> Mapping[str, Any]:
    return {
        "inputs": order.prompt,
        "parameters": {
            "width": order.width,
            "height": order.height,
            "num_inference_steps": order.steps,
            "guidance_scale": order.guidance,
            "seed": order.seed,
        },
    }
