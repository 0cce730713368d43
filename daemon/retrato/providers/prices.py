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


_DEV = "black-forest-labs/FLUX.1-dev"
_SCHNELL = "black-forest-labs/FLUX.1-schnell"
_AUGUST = date(2026, 8, 21)
_MAP = date(2026, 11, 22)
_FAL_PAGES = "fal.ai model pages, litellm price map"
_OPENAI_LIST = "litellm price map 1.109.1, after developers.openai.com"
_NSCALE_LIST = "litellm price map (1.3e-9 a pixel)"
_THIRD_PARTY = "third-party lists, unverified"

# Hugging Face adds nothing to its partners' prices (hub-docs pricing.md, 2026-08-21).
PRICES: Mapping[str, Price] = {
    "huggingface/fal-ai": Price(usd=0.025, model=_DEV, per_megapixel=True, source=_FAL_PAGES, seen=_AUGUST),
    "huggingface/replicate": Price(
        usd=0.025, model=_DEV, source="replicate model page, litellm price map", seen=_AUGUST
    ),
    "huggingface/wavespeed": Price(usd=0.012, model=_DEV, source=_THIRD_PARTY, seen=_AUGUST),
    "huggingface/nscale": Price(usd=0.0013, model=_SCHNELL, per_megapixel=True, source=_NSCALE_LIST, seen=_AUGUST),
    "huggingface/together": Price(
        usd=0.0027, model=_SCHNELL, per_megapixel=True, source=_THIRD_PARTY, seen=_AUGUST
    ),
    "fal/queue": Price(usd=0.025, model="fal-ai/flux/dev", per_megapixel=True, source=_FAL_PAGES, seen=_AUGUST),
    "fal/run": Price(usd=0.025, model="fal-ai/flux/dev", per_megapixel=True, source=_FAL_PAGES, seen=_AUGUST),
    "openai/openai": Price(
        usd=0.053, model="gpt-image-2", source="medium quality; litellm price map 1.109.1, fal's list", seen=_MAP
    ),
    "openai/together": Price(usd=0.0027, model=_SCHNELL, per_megapixel=True, source=_THIRD_PARTY, seen=_AUGUST),
    "openai/nscale": Price(usd=0.0013, model=_SCHNELL, per_megapixel=True, source=_NSCALE_LIST, seen=_AUGUST),
    "openai/xai": Price(
        usd=0.02, model="grok-imagine-image", source="litellm price map 1.109.1, after docs.x.ai", seen=_MAP
    ),
    "openai/pollinations": Price(
        usd=0.002, model="flux", source="pollinations shared/registry/image.ts, 1 Pollen = $1", seen=_AUGUST
    ),
    "pollinations/gen": Price(
        usd=0.002, model="flux", source="pollinations shared/registry/image.ts, 1 Pollen = $1", seen=_AUGUST
    ),
    "pollinations/legacy": Price(usd=0.0, model="sana", source="anonymous, no key", seen=date(2026, 10, 1)),
}
"""For the model that each leg draws by default, or is mostly used for."""

_OTHERS: tuple[tuple[str, Price], ...] = (
    ("huggingface/fal-ai", Price(usd=0.003, model=_SCHNELL, per_megapixel=True, source=_FAL_PAGES, seen=_AUGUST)),
    ("huggingface/replicate", Price(usd=0.003, model=_SCHNELL, source="replicate price map", seen=_AUGUST)),
    ("huggingface/wavespeed", Price(usd=0.003, model=_SCHNELL, source=_THIRD_PARTY, seen=_AUGUST)),
    *(
        (
            leg,
            Price(usd=0.003, model="fal-ai/flux/schnell", per_megapixel=True, source=_FAL_PAGES, seen=_AUGUST),
        )
        for leg in ("fal/queue", "fal/run")
    ),
    ("openai/openai", Price(usd=0.034, model="gpt-image-1.5", source=_OPENAI_LIST, seen=_MAP)),
    ("openai/openai", Price(usd=0.011, model="gpt-image-1-mini", source=_OPENAI_LIST, seen=_MAP)),
    ("openai/together", Price(usd=0.0154, model=_DEV, per_megapixel=True, source=_THIRD_PARTY, seen=_AUGUST)),
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
