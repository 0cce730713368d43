"""The legs that the simulator speaks for, and what is fixed about each: account, price, its own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """
    One way to reach a provider, as the simulator sees it.

    ``account`` is whose key and credit count; legs of one account share them. ``busy`` and ``broke`` are the
    names of the faults that say "too many at once" and "no money left" in this provider's words. ``steps``
    are the requests besides the ``main`` one; each may be scripted as ``<leg>.<step>``.
    """

    account: str | None = None
    price_usd: float = 0.0
    per_megapixel: bool = False
    busy: str = "hf_429"
    broke: str = "hf_402_depleted"
    main: str = "draw"
    steps: tuple[str, ...] = ()

    def cost_usd(self, width: int, height: int) -> float:
        """What one picture of *width* x *height* pixels costs; megapixels are rounded up, as fal does."""
        if not self.per_megapixel:
            return self.price_usd
        return self.price_usd * -(-width * height // (1024 * 1024))


_HF = "huggingface"
_FAL_STEPS = ("status", "result", "cancel")

# Prices of FLUX.1-dev in US dollars (PROVIDERS.md, A.6 and B.1; August 2026).
LEGS: Mapping[str, Leg] = MappingProxyType(
    {
        "hub": Leg(account=_HF, main="lookup", steps=("whoami",)),
        "router": Leg(account=_HF, main="nowhere"),
        "hf-inference": Leg(account=_HF, price_usd=0.0012),
        "endpoint": Leg(account=_HF),
        "fal-ai": Leg(account=_HF, price_usd=0.025, per_megapixel=True, steps=_FAL_STEPS),
        "replicate": Leg(account=_HF, price_usd=0.025, busy="replicate_429", steps=("poll", "cancel")),
        "wavespeed": Leg(account=_HF, price_usd=0.012, busy="wavespeed_429", steps=("poll",)),
        "nscale": Leg(account=_HF, price_usd=0.0013),
        "together": Leg(account=_HF, price_usd=0.0154, per_megapixel=True),
        "gen": Leg(
            account="pollinations",
            price_usd=0.002,
            busy="poll_429_flat",
            broke="poll_402_balance",
            steps=("models", "balance"),
        ),
        "legacy": Leg(busy="poll_402_x402", steps=("models",)),
        "fal": Leg(account="fal", price_usd=0.025, per_megapixel=True, busy="fal_429", broke="fal_403_locked"),
        "falqueue": Leg(
            account="fal",
            price_usd=0.025,
            per_megapixel=True,
            busy="fal_429",
            broke="fal_403_locked",
            steps=_FAL_STEPS,
        ),
        "openai": Leg(
            account="openai",
            price_usd=0.04,
            busy="openai_429_rate",
            broke="openai_429_quota",
            steps=("models",),
        ),
        "cdn": Leg(main="download"),
    }
)

ID_HEADERS: Mapping[str | None, str] = MappingProxyType(
    {_HF: "X-Request-Id", "fal": "x-fal-request-id", "openai": "x-request-id"}
)
"""By account: where every answer, errors included, carries an id for the provider's support."""

ACCOUNTS = frozenset(leg.account for leg in LEGS.values() if leg.account)
SCRIPT_KEYS = frozenset(LEGS) | {f"{name}.{step}" for name, leg in LEGS.items() for step in leg.steps}
