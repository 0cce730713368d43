"""What a picture costs on each leg: two tables, with where and when each price was read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from retrato.domain.picture import Order

_MEGAPIXEL = 1024 * 1024
"""A 1024 x 1024 picture counts as one megapixel on fal's price pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """
    US dollars for one picture of *model*, or for each megapixel begun.

    *model* is the id under which the leg knows it; *source* and *seen* say what the price rests on.
    """

    usd: float
    model: str
    source: str
    seen: date
    per_megapixel: bool = False

    def of(self, width: int, height: int, *, units: float | None = None) -> float:
        """The price of one picture of *width* x *height* pixels; *units* are the megapixels that were billed."""
        if not self.per_megapixel:
            return self.usd
        return self.usd * (math.ceil(width * height / _MEGAPIXEL) if units is None else units)


_AUGUST, _OCTOBER, _NOVEMBER = date(2026, 8, 21), date(2026, 10, 1), date(2026, 11, 22)
_DEV = "black-forest-labs/FLUX.1-dev"
_SCHNELL = "black-forest-labs/FLUX.1-schnell"
_FAL = "fal.ai model pages, litellm price map"
_REPLICATE = "replicate model pages, litellm price map"
_NSCALE = "litellm price map: 1.3e-9 a pixel"
_POLLINATIONS = "pollinations shared/registry/image.ts, 1 Pollen = $1"
_OPENAI = "medium quality; litellm price map 1.109.1, after developers.openai.com"
_GPT_IMAGE_2 = "medium quality; fal's list for it in litellm price map 1.109.1"
_XAI = "litellm price map 1.109.1, after docs.x.ai"
_UNVERIFIED = "third-party lists, unverified"


def _each(usd: float, model: str, source: str, seen: date = _AUGUST) -> Price:
    return Price(usd=usd, model=model, source=source, seen=seen)


def _megapixel(usd: float, model: str, source: str, seen: date = _AUGUST) -> Price:
    return Price(usd=usd, model=model, source=source, seen=seen, per_megapixel=True)


# Hugging Face adds nothing to its partners' prices (hub-docs pricing.md, 2026-08-21).
PRICES: Mapping[str, Price] = {
    "huggingface/fal-ai": _megapixel(0.025, _DEV, _FAL),
    "huggingface/replicate": _each(0.025, _DEV, _REPLICATE),
    "huggingface/wavespeed": _each(0.012, _DEV, _UNVERIFIED),
    "huggingface/nscale": _megapixel(0.0013, _SCHNELL, _NSCALE),
    "huggingface/together": _megapixel(0.0027, _SCHNELL, _UNVERIFIED),
    "pollinations/gen": _each(0.002, "flux", _POLLINATIONS),
    "pollinations/legacy": _each(0.0, "sana", "anonymous, no key", _OCTOBER),
    "fal/queue": _megapixel(0.025, "fal-ai/flux/dev", _FAL),
    "fal/run": _megapixel(0.025, "fal-ai/flux/dev", _FAL),
    "openai/openai": _each(0.053, "gpt-image-2", _GPT_IMAGE_2, _NOVEMBER),
    "openai/together": _megapixel(0.0027, _SCHNELL, _UNVERIFIED),
    "openai/nscale": _megapixel(0.0013, _SCHNELL, _NSCALE),
    "openai/xai": _each(0.02, "grok-imagine-image", _XAI, _NOVEMBER),
    "openai/pollinations": _each(0.002, "flux", _POLLINATIONS),
}
"""For the model that each leg draws by default, or is mostly used for."""

_OTHERS: tuple[tuple[str, Price], ...] = (
    ("huggingface/fal-ai", _megapixel(0.003, _SCHNELL, _FAL)),
    ("huggingface/replicate", _each(0.003, _SCHNELL, _REPLICATE)),
    ("huggingface/wavespeed", _each(0.003, _SCHNELL, _UNVERIFIED)),
    ("fal/queue", _megapixel(0.003, "fal-ai/flux/schnell", _FAL)),
    ("fal/run", _megapixel(0.003, "fal-ai/flux/schnell", _FAL)),
    ("openai/openai", _each(0.034, "gpt-image-1.5", _OPENAI, _NOVEMBER)),
    ("openai/openai", _each(0.011, "gpt-image-1-mini", _OPENAI, _NOVEMBER)),
    ("openai/together", _megapixel(0.0154, _DEV, _UNVERIFIED)),
)

_BY_MODEL: Mapping[tuple[str, str], Price] = {
    **{(leg, price.model): price for leg, price in PRICES.items()},
    **{(leg, price.model): price for leg, price in _OTHERS},
}


def price_of(leg: str, model: str) -> Price | None:
    """The price of *model* on *leg*; None where none is known."""
    return _BY_MODEL.get((leg, model))


def cost_usd(leg: str, model: str, order: Order, *, units: float | None = None) -> float | None:
    """
    What *order* costs on *leg*; None where no price is known.

    *units* are the billed units that the provider told, where it did: megapixels.
    """
    price = price_of(leg, model)
    return None if price is None else price.of(order.width, order.height, units=units)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """US dollars for one token of the prompt, and for one of the picture."""

    prompt_usd: float
    picture_usd: float


_IMAGE_2 = TokenPrice(prompt_usd=5e-6, picture_usd=30e-6)
TOKEN_PRICES: Mapping[str, TokenPrice] = {
    "gpt-image-1-mini": TokenPrice(prompt_usd=2e-6, picture_usd=8e-6),
    "gpt-image-1.5": TokenPrice(prompt_usd=5e-6, picture_usd=32e-6),
    "gpt-image-2": _IMAGE_2,
    "gpt-image-2.5-flare": _IMAGE_2,
    "gpt-image-2.5-sunburst": _IMAGE_2,
}
"""OpenAI's models (litellm price map 1.109.1, after developers.openai.com/api/docs/pricing, seen 2026-11)."""
