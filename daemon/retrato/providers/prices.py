"""What a picture costs on each leg: one table, with where and when each price was read."""

import math
from dataclasses import dataclass
from datetime import date

_MEGAPIXEL = 1024 * 1024
"""A 1024 x 1024 picture counts as one megapixel on fal's price pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for one picture, or for each megapixel begun; *source* and *seen* say what it rests on."""

    usd: float
    source: str
    seen: date
    per_megapixel: bool = False

    def of(self, width: int, height: int) -> float:
        """The price of one picture of *width* x *height* pixels."""
        return self.usd * (math.ceil(width * height / _MEGAPIXEL) if self.per_megapixel else 1)


# Hugging Face adds nothing to its partners' prices (hub-docs pricing.md, 2026-08-21).
PRICES: dict[str, Price] = {
    "huggingface/fal-ai": Price(
        usd=0.025,
        per_megapixel=True,
        source="fal.ai model page of flux/dev, litellm price map",
        seen=date(2026, 8, 21),
    ),
    "huggingface/replicate": Price(
        usd=0.025, source="replicate model page of flux-dev, litellm price map", seen=date(2026, 8, 21)
    ),
    "huggingface/wavespeed": Price(usd=0.012, source="third-party lists, unverified", seen=date(2026, 8, 21)),
    "pollinations/gen": Price(
        usd=0.002, source="pollinations shared/registry/image.ts, 1 Pollen = $1", seen=date(2026, 8, 1)
    ),
    "pollinations/legacy": Price(usd=0.0, source="anonymous, no key", seen=date(2026, 10, 1)),
}


def cost_usd(leg: str, *, width: int, height: int) -> float | None:
    """What a picture of *width* x *height* pixels costs on *leg*; None where no price is known."""
    price = PRICES.get(leg)
    return None if price is None else price.of(width, height)
