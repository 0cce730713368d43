"""Which legs can draw now, and where none can: why, until when, and what a person does about it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from retrato.app.providers import providers_config
from retrato.domain.errors import GoneError, MisconfiguredError, ProviderError
from retrato.domain.picture import Order
from retrato.providers.fingerprints import fingerprints
from retrato.providers.leg import Leg, Provider
from retrato.settings import Settings
from retrato.store.control import Control, Pause, Scope
from retrato.store.status import LegStatus, Status

_ORDER = Order(prompt="", seed=0)
"""For prices: as large as the daemon orders."""
_LOOK_UP_AGAIN = timedelta(seconds=30)


async def account_keys(settings: Settings, status: Status) -> Mapping[str, str]:
    """
    Provider → fingerprint of the account that these *settings* lead to.

    Raises:
        ConfigError: a provider, a key or an address is wrong.

    """
    return await asyncio.to_thread(fingerprints, providers_config(settings), salt=await status.key_salt())


def resume_command(leg: str) -> str:
    """What makes *leg*, paused or suspended, be asked again at once."""
    return f"retrato queue resume --leg {leg}"


def clock_time(moment: datetime) -> str:
    """*moment* as the clock on the wall shows it here, with the day where it is another one."""
    here = moment.astimezone()
    return f"{here:%H:%M}" if here.date() == datetime.now().astimezone().date() else f"{here:%Y-%m-%d %H:%M}"


def state_of(leg: LegStatus) -> str:
    """The state of *leg* in words: available, suspended until when, or probing."""
    if leg.suspended_until is not None:
        return f"suspended until {clock_time(leg.suspended_until)}"
    return leg.state


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAvailability:
    """
    One leg, or a provider that has none now (``leg`` is its name then).

    ``unavailable_because`` says why it cannot be asked, None where it can; ``until`` when that ends by itself,
    where it does; ``remedy`` is what a person can do about it.
    """

    leg: str
    unavailable_because: str | None = None
    until: datetime | None = None
    remedy: str | None = None


class LegAvailabilityReader:
    """
    Reads the state of all legs of *providers*; asks them nothing that costs money.

    *keys* are the fingerprints of their accounts, *monthly_budget_usd* is the month's budget, None without one.
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        status: Status,
        control: Control,
        *,
        keys: Mapping[str, str],
        monthly_budget_usd: float | None,
    ) -> None:
        self._providers = providers
        self._status = status
        self._control = control
        self._keys = keys
        self._budget_usd = monthly_budget_usd

    async def read(self) -> list[LegAvailability]:
        """
        Every leg that there is now.

        Raises:
            StoreUnavailableError: the database is away.

        """
        known = {leg.leg: leg for leg in await self._status.legs(self._keys)}
        pauses = [pause for pause in await self._control.pauses() if pause.scope == Scope.LEG]
        left_usd = await self._left_usd()
        found = []
        for provider in self._providers:
            try:
                legs = await provider.legs()
            except ProviderError as error:
                found.append(_without_legs(provider.name, error))
            else:
                found += [_availability(leg, known.get(leg.name), pauses, left_usd) for leg in legs]
        return found

    async def _left_usd(self) -> float | None:
        if self._budget_usd is None:
            return None
        taken = await self._status.budget()
        return self._budget_usd - (taken.spent_usd + taken.reserved_usd if taken is not None else 0.0)


def _without_legs(provider: str, error: ProviderError) -> LegAvailability:
    """A lookup that failed is made again soon; a key or a model that is missing stays so."""
    stays = isinstance(error, MisconfiguredError | GoneError)
    return LegAvailability(
        leg=provider,
        unavailable_because=f"cannot be asked ({error})",
        until=None if stays else datetime.now(UTC) + _LOOK_UP_AGAIN,
    )


def _availability(
    leg: Leg, known: LegStatus | None, pauses: Sequence[Pause], left_usd: float | None
) -> LegAvailability:
    name, now = leg.name, datetime.now(UTC)
    for pause in pauses:
        if name == pause.name or name.startswith(f"{pause.name}/"):
            why = f" ({pause.reason})" if pause.reason else ""
            return LegAvailability(
                leg=name, unavailable_because=f"paused{why}", remedy=f"`{resume_command(pause.name)}`"
            )
    if known is not None and known.suspended_until is not None:
        why = f"{known.last_fault}: {known.reason}" if known.reason else f"{known.last_fault}"
        return LegAvailability(
            leg=name,
            unavailable_because=f"{state_of(known)} ({why})",
            until=known.suspended_until,
            remedy=f"`{resume_command(name)}` asks it again at once, when the cause is mended",
        )
    price_usd = leg.price_usd(_ORDER)
    if left_usd is not None and (price_usd is None or 0 < price_usd > left_usd):
        costs = "of an unknown price" if price_usd is None else f"for ${price_usd:.4f}"
        return LegAvailability(
            leg=name,
            unavailable_because=f"not asked: a picture {costs} would pass RETRATO_MONTHLY_BUDGET_USD",
            until=None if price_usd is None else _next_month(now),
            remedy="raise RETRATO_MONTHLY_BUDGET_USD, or wait for the next month (UTC)",
        )
    return LegAvailability(leg=name)


def _next_month(now: datetime) -> datetime:
    return (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
