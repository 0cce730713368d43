"""One leg's turn at one picture: ask, check, record, and again for as long as its policy says."""

import asyncio
from functools import partial

import structlog

from retrato.domain.attempt import Bid, Pending
from retrato.domain.errors import (
    BadPictureError,
    CheckerError,
    DownError,
    LeaseLostError,
    LegFullError,
    MisconfiguredError,
    ProviderError,
    StillDrawingError,
    UnknownOutcomeError,
    UnusablePictureError,
)
from retrato.domain.faults import SameLeg
from retrato.domain.picture import Drawn, Order, Picture, RawPicture
from retrato.generation.boundary import unforeseen
from retrato.generation.means import Means
from retrato.generation.retrying import Patience, policy_for, retrying
from retrato.generation.sitting import SHORTEST_CALL_S, Sitting
from retrato.providers.leg import CancellableLeg, Leg, ResumableLeg

log = structlog.get_logger()

_LONGEST_TURN_WAIT_S = 10.0
"""For a leg's pace or slot; who would wait longer asks the next leg or hands the job back."""
_LOOK_AGAIN_S = 1.0
_SHARE_OF_AN_OLD_ORDER = 0.5
"""Of the job's time, for an order that an earlier run has left; the rest is for a new one."""
_SLOT_MARGIN_S = 30.0


class Turn:
    """
    Asks one leg until it delivers, or until its policy, its breaker or the deadline says enough.

    A request that is resumed keeps its attempt row: it is the same paid call. The row stays ``sending`` as
    long as the outcome may still be learnt, also when this process is cancelled in between.
    """

    def __init__(self, leg: Leg, sitting: Sitting, means: Means) -> None:
        self._leg = leg
        self._sitting = sitting
        self._means = means
        self._patience = Patience(means.waits_s, has_time=sitting.has_time)
        self._attempt_id: int | None = None
        self._request_id: str | None = None
        self._resumes: str | None = None
        self._resumed_order: Order | None = None
        self._pending: Pending | None = None
        self._last: ProviderError | None = None
        self._opened_meanwhile: ProviderError | None = None

    async def take(self) -> Drawn:
        """
        The finished picture.

        Raises:
            ProviderError: the last error of this leg, when it is not to be asked again.
            LeaseLostError: nothing more may be started for this job.
            LegFullError: the leg's own limits allow no call within ten seconds.
            BudgetSpentError: the month's budget allows no call.

        """
        try:
            return await retrying(self._wait_after, sleep=self._sleep)(self._call)
        except ProviderError as error:
            if self._attempt_id is not None:
                await self._give_up()
                await self._close(self._attempt_id, error)
            raise

    async def take_over(self, pending: Pending) -> Drawn:
        """
        The picture that an earlier claim of this job has ordered; raises as `take` does.

        The first call only asks after it, for half of the time at most. What may follow, such as a new seed, is
        this turn's own. An order that is still not done is given up, and taken back where the provider allows it.
        """
        assert pending.request_id is not None
        self._pending = pending
        self._attempt_id = pending.id
        self._request_id = self._resumes = pending.request_id
        self._resumed_order = pending.order
        self._sitting.redraw = pending.redraw
        self._sitting.calls += 1
        return await self.take()

    async def _call(self) -> Drawn:
        if self._opened_meanwhile is not None:
            raise self._opened_meanwhile
        if not self._means.may_start():
            raise LeaseLostError("the heartbeat is overdue: no new call is started")
        order = (self._resumed_order if self._resumes else None) or self._sitting.order()
        attempt_id = self._attempt_id if self._attempt_id is not None else await self._begin(order)
        try:
            with self._means.metrics.calls.call(self._leg.name):
                raw = await self._ask(order, attempt_id)
                picture = await self._finish(raw, order)
        except ProviderError as error:
            await self._failed(attempt_id, error)
            raise
        self._attempt_id = None
        self._means.metrics.calls.paid(self._leg.name, raw.cost_usd)
        log.debug("attempt.succeeded", leg=self._leg.name, attempt_id=attempt_id)
        await self._means.recorded(self._means.attempts.succeed(attempt_id, cost_usd=raw.cost_usd, seed=raw.seed))
        await self._means.recorded(self._means.legs.succeeded(self._leg.name))
        ordered = self._pending if self._is_old_order(attempt_id) else None
        return self._drawn(picture, raw, order, ordered)

    async def _begin(self, order: Order) -> int:
        attempt_id = await self._admitted(
            Bid(
                version=self._sitting.version,
                provider=self._leg.provider,
                leg=self._leg.name,
                model=self._leg.model,
                redraw=self._sitting.redraw,
                order=order,
                limits=self._leg.limits,
                price_usd=self._leg.price_usd(order),
                hold_s=max(self._sitting.left_s(), 0) + _SLOT_MARGIN_S,
            )
        )
        self._attempt_id = attempt_id
        self._request_id = self._resumed_order = None
        self._sitting.calls += 1
        log.debug("attempt.begun", leg=self._leg.name, attempt_id=attempt_id, redraw=self._sitting.redraw)
        return attempt_id

    async def _admitted(self, bid: Bid) -> int:
        """Begin the attempt, waiting a little where the leg's own limits ask for it."""
        waited_s = 0.0
        while True:
            try:
                return await self._means.attempts.begin(self._sitting.job, bid)
            except LegFullError as full:
                wait_s = full.wait_s or _LOOK_AGAIN_S
                if waited_s + wait_s > _LONGEST_TURN_WAIT_S or not self._sitting.has_time(wait_s):
                    raise
                await self._means.sleep(wait_s)
                waited_s += wait_s

    async def _ask(self, order: Order, attempt_id: int) -> RawPicture:
        async def note(request_id: str) -> None:
            self._request_id = request_id
            await self._means.recorded(self._means.attempts.note_request(attempt_id, request_id))

        def of_unknown_outcome(message: str) -> UnknownOutcomeError:
            return UnknownOutcomeError(message, leg=leg.name, request_id=self._resumes or self._request_id)

        leg = self._leg
        # An order that is stuck for ever must not eat up every run of its job.
        share = _SHARE_OF_AN_OLD_ORDER if self._is_old_order(attempt_id) else 1.0
        try:
            async with asyncio.timeout(max(self._sitting.left_s() * share, 0)):
                with unforeseen(leg.name, self._means.metrics, becomes=of_unknown_outcome):
                    if self._resumes is not None and isinstance(leg, ResumableLeg):
                        return await leg.resume(order, self._resumes)
                    return await leg.draw(order, on_request_id=note)
        except TimeoutError as exc:
            raise StillDrawingError(
                f"{leg.name}: still at work when the job's time was up",
                leg=leg.name,
                request_id=self._resumes or self._request_id,
            ) from exc

    def _is_old_order(self, attempt_id: int | None) -> bool:
        return self._pending is not None and self._pending.id == attempt_id

    async def _finish(self, raw: RawPicture, order: Order) -> Picture:
        name = self._leg.name
        bad = partial(BadPictureError, leg=name, request_id=raw.request_id, cost_usd=raw.cost_usd)
        try:
            # The picture is paid for: it gets this little also where it came in the last moment.
            async with asyncio.timeout(max(self._sitting.left_s(), SHORTEST_CALL_S)):
                with unforeseen(name, self._means.metrics, becomes=bad):
                    self._means.placeholders.check(raw.data, order.prompt)
                    return await self._means.finish(raw.data, order.width, order.height)
        except (UnusablePictureError, TimeoutError) as exc:
            reason = str(exc) or "the picture was not finished when the job's time was up"
            raise bad(f"{name}: {reason}") from exc

    async def _failed(self, attempt_id: int, error: ProviderError) -> None:
        log.debug("attempt.failed", leg=self._leg.name, fault=error.fault.value, error=str(error))
        self._sitting.errors.append(error)
        is_unknown = isinstance(error, UnknownOutcomeError) and isinstance(self._leg, ResumableLeg)
        self._resumes = error.request_id if is_unknown else None
        if self._resumes is None:
            await self._close(attempt_id, error)
        await self._means.recorded(
            self._means.legs.failed(
                self._leg.name, fault=error.fault, reason=str(error), retry_after_s=error.retry_after_s
            )
        )

    async def _give_up(self) -> None:
        """
        Take a request of open outcome back before the next leg is paid, where the provider allows it.

        It stays booked as unknown all the same: one that was being drawn already may be charged. With no time left
        for another leg it is not taken back: the job's next run asks after it first.
        """
        leg = self._leg
        if self._request_id is None or not isinstance(leg, CancellableLeg) or not self._sitting.has_time():
            return
        try:
            with unforeseen(leg.name, self._means.metrics, becomes=partial(DownError, leg=leg.name)):
                taken_back = await leg.cancel(self._request_id)
        except ProviderError as error:
            log.debug("attempt.cancel_failed", leg=leg.name, error=str(error))
        else:
            log.debug("attempt.cancelled", leg=leg.name, taken_back=taken_back)

    async def _close(self, attempt_id: int, error: ProviderError) -> None:
        self._attempt_id = None
        cost_usd = self._cost_usd(error)
        self._means.metrics.calls.paid(self._leg.name, cost_usd)
        await self._means.recorded(
            self._means.attempts.fail(
                attempt_id,
                fault=error.fault,
                error=str(error),
                cost_usd=cost_usd,
                price_usd=self._leg.price_usd(self._sitting.order()),
            )
        )

    def _cost_usd(self, error: ProviderError) -> float | None:
        """
        What the failed attempt has cost, as far as one can tell; in doubt what it would have cost.

        A picture that came was drawn, however bad it is; so was one that a checker struck. And an order that was
        accepted is charged for, also when it is the way to its picture that is barred.
        """
        came = isinstance(error, BadPictureError | CheckerError)
        accepted = self._request_id is not None or error.status is None  # an answer without a wrong status came
        barred = isinstance(error, MisconfiguredError) and accepted
        if error.cost_usd is None and (came or barred):
            return self._leg.price_usd(self._sitting.order())
        return error.cost_usd

    async def _wait_after(self, error: ProviderError) -> float | None:
        if self._opened_meanwhile is not None:
            return None
        if isinstance(error, StillDrawingError) and self._is_old_order(self._attempt_id):
            return None  # it has had its time in an earlier run, and now once more
        is_free = self._leg.repeat_is_free or self._resumes is not None
        wait_s = self._patience.wait_s(error, is_free=is_free)
        if wait_s is None or (await self._means.legs.closed()).get(self._leg.name, 0) > wait_s:
            return None
        if policy_for(error).same_leg is SameLeg.NEW_SEED:
            self._sitting.redraw += 1
        self._last = error
        self._means.metrics.calls.retried(self._leg.name)
        log.debug("attempt.repeated", leg=self._leg.name, wait_s=wait_s)
        return wait_s

    async def _sleep(self, wait_s: float) -> None:
        await self._means.sleep(wait_s)
        # Somebody else's faults may have opened the breaker while we waited.
        if wait_s > 0 and self._leg.name in await self._means.legs.closed():
            self._opened_meanwhile = self._last

    def _drawn(self, picture: Picture, raw: RawPicture, order: Order, ordered: Pending | None) -> Drawn:
        return Drawn(
            picture=picture,
            provider=self._leg.provider,
            leg=self._leg.name,
            model=raw.model,
            order=order,
            redraw=self._sitting.redraw,
            attempts=self._sitting.calls,
            seed=raw.seed,
            steps=raw.steps,
            guidance=raw.guidance,
            cost_usd=raw.cost_usd,
            generation=ordered.generation if ordered is not None else None,
        )
