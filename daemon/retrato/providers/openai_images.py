"""``POST /images/generations``, in the dialect that the options spell out."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from retrato.domain.errors import BadRequestError, MisconfiguredError, RefusedError
from retrato.domain.picture import Order, RawPicture
from retrato.providers.access import Access
from retrato.providers.leg import NoteRequest
from retrato.providers.limits import limits_for
from retrato.providers.models import fitted
from retrato.providers.openai_answer import Usage, first_picture, read_images
from retrato.providers.openai_options import ImagesOptions
from retrato.providers.prices import TOKEN_PRICES, cost_usd
from retrato.providers.replies import Verdict, charged_usd
from retrato.providers.shapes import nearest
from retrato.providers.words import Words

_RATIOS = ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16")
_LOCALAI = "openai/localai"


class ImagesLeg:
    """
    One model on one server; its picture comes with the answer, so there is nothing to resume.

    *model* is our name for it, *served_as* the server's own. *is_priced_by_tokens*: the answer's count of
    tokens gives the cost.
    """

    def __init__(
        self,
        access: Access,
        *,
        provider: str,
        model: str,
        options: ImagesOptions,
        served_as: str | None = None,
        is_priced_by_tokens: bool = False,
    ) -> None:
        self.name = access.leg
        self.limits = limits_for(self.name)
        self.provider = provider
        self.model = model
        self.repeat_is_free = options.price_usd == 0
        self._access = access
        self._options = options
        self._served_as = served_as or model
        self._is_priced_by_tokens = is_priced_by_tokens

    def price_usd(self, order: Order) -> float | None:
        """See `Leg.price_usd`; a price among the options goes before the table's."""
        told = self._options.price_usd
        return cost_usd(self.name, self.model, order) if told is None else told

    async def draw(self, order: Order, *, on_request_id: NoteRequest) -> RawPicture:  # noqa: ARG002
        """
        See `Leg.draw`.

        Raises:
            RefusedError: also for an answer without a picture: that is how a moderated prompt comes back from
                xAI, with status 200 (vercel/ai#19168). LocalAI moderates nothing: there a backend is missing
                (LocalAI#7900), which is a `BadPictureError`.

        """
        order = fitted(order, self.model)
        reply = await self._access.order("/images/generations", self._body(order))
        answer = read_images(self._access, reply)
        if not answer.data and self.name != _LOCALAI:
            raise RefusedError(
                f"{self.name}: answered without a picture",
                leg=self.name,
                status=reply.status,
                cost_usd=charged_usd(reply.fields()),
            )
        options = self._options
        return RawPicture(
            data=await first_picture(self._access, answer),
            model=self.model,
            request_id=reply.headers.get("x-request-id"),
            seed=order.seed if options.seed_field else None,
            steps=order.steps if options.steps_field else None,
            guidance=order.guidance if options.guidance_field else None,
            cost_usd=self._cost_usd(order, answer.usage),
        )

    def _body(self, order: Order) -> Mapping[str, Any]:
        options = self._options
        body: dict[str, Any] = {
            "model": self._served_as,
            "prompt": order.prompt,
            **self._size(order),
            "response_format": options.response_format,
        }
        named = (
            (options.seed_field, order.seed),
            (options.steps_field, order.steps),
            (options.guidance_field, order.guidance),
        )
        body |= {name: value for name, value in named if name}
        body |= options.extra_body
        return {name: value for name, value in body.items() if value is not None}

    def _size(self, order: Order) -> dict[str, Any]:
        match self._options.send_size:
            case "size" if self._options.sizes:
                return {"size": nearest(order, self._options.sizes)}
            case "size":
                return {"size": f"{order.width}x{order.height}"}
            case "width_height":
                return {"width": order.width, "height": order.height}
            case "aspect_ratio":
                return {"aspect_ratio": nearest(order, _RATIOS)}
            case "none":
                return {}

    def _cost_usd(self, order: Order, usage: Usage | None) -> float | None:
        price = TOKEN_PRICES.get(self.model)
        if price and usage and self._is_priced_by_tokens and self._options.price_usd is None:
            return price.prompt_usd * usage.input_tokens + price.picture_usd * usage.output_tokens
        return self.price_usd(order)


def read_openai(words: Words) -> Verdict | None:
    """What the OpenAI API means (openai-python and API reference, 2026-08); its words are known to `markers`."""
    if words.status == HTTPStatus.BAD_REQUEST and "unknown_parameter" in words.codes:
        # Every order has the same fields, so every one would fail: the switches are wrong.
        return Verdict(MisconfiguredError)
    return None


def read_together(words: Words) -> Verdict | None:
    """Together says 403 to a request that is too long, 401 to a bad key (docs error-codes, 2026-11)."""
    if words.status == HTTPStatus.FORBIDDEN and not words.marks & {"permissiondenied", "forbidden"}:
        return Verdict(BadRequestError)
    return None
