"""What a person wants to know of each leg before choosing: its model, key, price, limits and licence."""

from dataclasses import dataclass

from retrato.domain.attempt import LegLimits
from retrato.domain.picture import Order
from retrato.providers.limits import limits_for
from retrato.providers.models import about
from retrato.providers.prices import cost_usd, price_of

_PICTURE = Order(prompt="", seed=0)
"""1024 x 1024 pixels, as the daemon orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegInfo:
    """
    One leg, as far as it is known without asking anybody.

    ``key_setting`` is None where none is needed; ``usable`` says that the present settings lead to the leg.
    ``price_usd`` is for one picture of 1024 x 1024 pixels, None where it is not known; ``price_source`` says
    what it rests on. ``licence`` is the model's.
    """

    leg: str
    provider: str
    model: str
    key_setting: str | None
    key_present: bool
    usable: bool
    price_usd: float | None
    price_source: str
    limits: LegLimits
    licence: str
    note: str


def leg_info(
    leg: str,
    *,
    model: str,
    key_setting: str | None,
    key_present: bool,
    usable: bool | None = None,
    price_usd: float | None = None,
    note: str = "",
) -> LegInfo:
    """
    Put together what the tables say about *leg* and *model*; *note* goes before the model's own.

    A leg is *usable* when its key is present, unless said otherwise; *price_usd* goes before the table's.
    """
    price = price_of(leg, model)
    source = f"{price.source}, {price.seen:%Y-%m}" if price else ""
    return LegInfo(
        leg=leg,
        provider=leg.partition("/")[0],
        model=model,
        key_setting=key_setting,
        key_present=key_present,
        usable=key_present if usable is None else usable,
        price_usd=cost_usd(leg, model, _PICTURE) if price_usd is None else price_usd,
        price_source=source if price_usd is None else "settings",
        limits=limits_for(leg),
        licence=about(model).licence,
        note="; ".join(filter(None, (note, about(model).note))),
    )
