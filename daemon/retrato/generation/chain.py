"""The chain: providers in order, leg by leg, until one has drawn the picture."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal

import structlog

from retrato.domain.attempt import Pending
from retrato.domain.errors import (
    BudgetSpentError,
    ChainExhaustedError,
    DownError,
    LegFullError,
    ProviderError,
    RefusedError,
)
from retrato.domain.faults import OF_THE_ACCOUNT, Fault, SameLeg
from retrato.domain.job import Job
from retrato.domain.picture import Drawn, Order
from retrato.generation.boundary import unforeseen
from retrato.generation.means import Finish, Means
from retrato.generation.ports import AttemptLog, LegBook
from retrato.generation.retrying import policy_for
from retrato.generation.sitting import Sitting
from retrato.generation.turn import Turn
from retrato.metrics.metrics import Metrics
from retrato.providers.leg import Leg, Provider, ResumableLeg

log = structlog.get_logger()

RefusalPolicy = Literal["stop", "next"]

_SOON_S = 1.0
"""When to come back when only the time was short and some leg was not asked."""
_BUDGET_WAIT_S = 3600.0
"""How often to look whether there is money again: a new month, or a person who raised the budget."""


class Chain:
    """
    Asks the *providers* for a picture. What follows each fault is in ``domain.faults.POLICIES``, nowhere else.

    *finish* checks and normalises what a leg returned. *waits_s* are the waits before the same leg is asked
    again. *deadline_s* bounds one picture, over all legs; a call in flight is cut then, and its attempt says
    ``unknown_outcome``. *refusal_policy* ``next`` asks the other legs also for a refused prompt. *may_start*
    is asked before each call. *sleep* and *clock* (monotonic seconds) are there for tests.
    """

    def __init__(
        self,
        providers: Sequence[Provider],
        attempts: AttemptLog,
        legs: LegBook,
        *,
        finish: Finish,
        waits_s: Sequence[float] = (3.0, 6.0, 12.0),
        deadline_s: float = 300.0,
        refusal_policy: RefusalPolicy = "stop",
        may_start: Callable[[], bool] = lambda: True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        metrics: Metrics | None = None,
    ) -> None:
        self._providers = tuple(providers)
        self._legs = legs
        self._deadline_s = deadline_s
        self._refusal_policy = refusal_policy
        self._clock = clock
        self._means = Means(
            attempts=attempts,
            legs=legs,
            finish=finish,
            waits_s=tuple(waits_s),
            may_start=may_start,
            sleep=sleep,
            metrics=metrics or Metrics(),
        )

    async def draw(
        self,
        job: Job,
        *,
        version: int,
        order_for: Callable[[int], Order],
        redraw: int = 0,
        pending: Pending | None = None,
    ) -> Drawn:
        """
        Draw *version* of the job's persona.

        *order_for* gives the order for a redraw: 0 is the first seed, each further number another one;
        *redraw* is where to begin. *pending* is what an earlier claim of this job ordered and did not bring
        home: it is asked after before anything new is paid for.

        Raises:
            RefusedError: a provider will not draw this prompt.
            ChainExhaustedError: no leg could draw it now, or the time was up.
            LeaseLostError: the job is not ours any more; nothing more was started.
            StoreUnavailableError: a call could not be written down before it was made, so it was not made.

        """
        sitting = Sitting(
            job=job,
            version=version,
            order_for=order_for,
            redraw=redraw,
            ends_at=self._clock() + self._deadline_s,
            clock=self._clock,
        )
        drawn = await self._take_over(pending, sitting) if pending is not None else None
        if drawn is not None:
            return drawn
        for provider in self._providers:
            drawn = await self._ask(provider, sitting)
            if drawn is not None:
                return drawn
        if sitting.errors and not sitting.skipped and all(isinstance(e, RefusedError) for e in sitting.errors):
            raise sitting.errors[-1]
        raise await self._exhausted(sitting)

    async def _take_over(self, pending: Pending, sitting: Sitting) -> Drawn | None:
        """Ask after *pending*; None when its picture is not to be had and the legs are to be asked anew."""
        leg, siblings = await self._leg(pending.leg)
        if pending.request_id is None or not isinstance(leg, ResumableLeg):
            price_usd = leg.price_usd(pending.order) if leg is not None else None
            await self._means.recorded(
                self._means.attempts.fail(
                    pending.id,
                    fault=Fault.UNKNOWN_OUTCOME,
                    error="the replica that asked did not live to hear the answer",
                    cost_usd=None,
                    price_usd=price_usd,
                )
            )
            return None
        try:
            return await Turn(leg, sitting, self._means).take_over(pending)
        except (LegFullError, BudgetSpentError):
            await self._stop_after_refusal(leg, sitting)
            return None
        except ProviderError as error:
            await self._tell_siblings(leg, siblings, error)
            if self._ends(error):
                raise
            if policy_for(error).same_leg is SameLeg.NEW_SEED:
                sitting.redraw += 1  # the same leg may be asked anew: not for the picture that it has just spoiled
            return None

    async def _leg(self, name: str) -> tuple[Leg | None, Sequence[Leg]]:
        """The leg of that *name*, None where it is not to be had, and all legs of its provider."""
        for provider in self._providers:
            if provider.name != name.partition("/")[0]:
                continue
            try:
                legs = await self._legs_of(provider)
            except ProviderError:
                return None, ()
            return next((leg for leg in legs if leg.name == name), None), legs
        return None, ()

    async def _legs_of(self, provider: Provider) -> Sequence[Leg]:
        as_down = partial(DownError, leg=provider.name, sent=False)
        with unforeseen(provider.name, self._means.metrics, becomes=as_down):
            return await provider.legs()

    async def _ask(self, provider: Provider, sitting: Sitting) -> Drawn | None:
        try:
            legs = await self._legs_of(provider)
        except ProviderError as error:
            log.debug("provider.without_legs", provider=provider.name, error=str(error))
            sitting.lookups.append(error)
            return None
        for leg in legs:
            if leg.name in await self._legs.closed():
                sitting.skipped[leg.name] = None
                sitting.waits_for.append(leg.name)
                continue
            if sitting.calls and not sitting.has_time():
                raise await self._exhausted(sitting, unasked=True)
            try:
                return await Turn(leg, sitting, self._means).take()
            except LegFullError as full:
                sitting.skipped[leg.name] = max(full.wait_s, _SOON_S)
                sitting.waits_for.append(leg.name)
                await self._stop_after_refusal(leg, sitting)
            except BudgetSpentError as short:
                sitting.skipped[leg.name] = _BUDGET_WAIT_S
                sitting.short = short
                await self._stop_after_refusal(leg, sitting)
            except ProviderError as error:
                await self._tell_siblings(leg, legs, error)
                if self._ends(error):
                    raise
        return None

    async def _stop_after_refusal(self, leg: Leg, sitting: Sitting) -> None:
        """A checker struck, and *leg* may not draw the one new seed now: the job waits, nobody else is asked."""
        last = sitting.errors[-1] if sitting.errors else None
        if last is not None and last.leg == leg.name and self._ends(last):
            raise await self._exhausted(sitting)

    def _ends(self, error: ProviderError) -> bool:
        return self._refusal_policy == "stop" and not policy_for(error).next_leg

    async def _tell_siblings(self, leg: Leg, legs: Sequence[Leg], error: ProviderError) -> None:
        """A fault of the account suspends every leg that leads to it, not only the one that met it."""
        for sibling in legs:
            is_of_both = error.fault in OF_THE_ACCOUNT and _account(sibling) == _account(leg)
            if sibling.name != leg.name and (error.whole_provider or is_of_both):
                await self._means.recorded(
                    self._legs.failed(
                        sibling.name, fault=error.fault, reason=str(error), retry_after_s=error.retry_after_s
                    )
                )

    async def _exhausted(self, sitting: Sitting, *, unasked: bool = False) -> ChainExhaustedError:
        closed = await self._legs.closed()
        errors = [*sitting.lookups, *sitting.errors]
        names = {*sitting.skipped, *(error.leg for error in errors)}
        waits = [opens_in_s for name, opens_in_s in closed.items() if name in names]
        waits += [wait for e in errors if e.leg not in closed and (wait := _helpful_wait_s(e)) is not None]
        waits += [wait for name, wait in sitting.skipped.items() if wait is not None and name not in closed]
        waits += [_SOON_S] if unasked else []
        return ChainExhaustedError(
            errors,
            retry_after_s=min(waits, default=None),
            short=sitting.short,
            waits_for=sitting.waits_for,
        )


def _account(leg: Leg) -> str:
    """What the limits of *leg* are counted on."""
    return leg.limits.shared_with or leg.name


def _helpful_wait_s(error: ProviderError) -> float | None:
    """How long to wait after *error* on a leg that is still open; None where waiting alone does not help."""
    policy = policy_for(error)
    if policy.breaker is None or policy.alert:
        return error.retry_after_s
    return max(policy.breaker.first_s, error.retry_after_s or 0)
