"""How often one leg is asked again for one picture, and after which waits: the policy table, obeyed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from tenacity import AsyncRetrying, RetryCallState, stop_never

from retrato.domain.errors import CheckerError, ProviderError
from retrato.domain.faults import POLICIES, Policy, SameLeg

LONGEST_STATED_WAIT_S = 60.0
"""A provider that wants to be left alone for longer is not waited for: others may have the permit meanwhile."""


def policy_for(error: ProviderError) -> Policy:
    """
    What follows *error*, by the table.

    A checker that rejects a finished picture is often wrong (replicate: "Try running it again"), so it gets
    the one new seed that a refused prompt does not get.
    """
    policy = POLICIES[error.fault]
    if isinstance(error, CheckerError):
        return replace(policy, same_leg=SameLeg.NEW_SEED)
    return policy


class Patience:
    """
    What one leg has left of its retries for one picture.

    *waits_s* are used up one by one, whatever the retries are for; a new seed is granted once.
    *has_time* says whether a call begun after so many seconds would still be in time for the deadline.
    """

    def __init__(self, waits_s: Sequence[float], *, has_time: Callable[[float], bool]) -> None:
        self._waits_s = list(waits_s)
        self._has_time = has_time
        self._has_new_seed = True

    def wait_s(self, error: ProviderError, *, is_free: bool) -> float | None:
        """
        Seconds to wait before the same leg is asked again after *error*; None when it is not.

        *is_free*: another request for the same picture would not be charged a second time.
        """
        match policy_for(error).same_leg:
            case SameLeg.NEW_SEED if self._has_new_seed:
                self._has_new_seed = False
                wait_s = 0.0
            case SameLeg.AFTER_WAITS if self._waits_s:
                wait_s = self._waits_s.pop(0)
            case SameLeg.IF_FREE if self._waits_s and is_free:
                wait_s = self._waits_s.pop(0)
            case _:
                return None
        stated_s = error.retry_after_s or 0.0
        if stated_s > LONGEST_STATED_WAIT_S:
            return None
        wait_s = max(wait_s, stated_s)
        return wait_s if self._has_time(wait_s) else None


def retrying(
    wait_after: Callable[[ProviderError], Awaitable[float | None]],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncRetrying:
    """
    Repeat a call for as long as *wait_after* its error says how many seconds to wait.

    Every other exception, cancellation included, passes through at once, and so does the last error.
    """
    upcoming_s = 0.0

    async def goes_on(state: RetryCallState) -> bool:
        nonlocal upcoming_s
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, ProviderError):
            return False
        wait_s = await wait_after(error)
        upcoming_s = wait_s or 0.0
        return wait_s is not None

    return AsyncRetrying(retry=goes_on, wait=lambda _: upcoming_s, sleep=sleep, stop=stop_never, reraise=True)
