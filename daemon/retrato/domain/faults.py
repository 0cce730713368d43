"""
What can go wrong with one attempt, and what follows: the one table that the chain obeys.

Classes and waits follow vendors' documentation and observed answers (2026-11); see docs/providers.md.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Class of a failed attempt, by what to do next. The same words stand in ``retrato.attempts.fault``."""

    AUTH = "auth"
    NO_CREDIT = "no_credit"
    THROTTLED = "throttled"
    GONE = "gone"
    BAD_REQUEST = "bad_request"
    REFUSED = "refused"
    LOADING = "loading"
    TRANSIENT = "transient"
    UNKNOWN_OUTCOME = "unknown_outcome"
    BAD_OUTPUT = "bad_output"


PERSONA_FAULTS = frozenset({Fault.BAD_REQUEST, Fault.REFUSED, Fault.BAD_OUTPUT})
"""They tell of the prompt or the picture, not of the leg: a leg that is resumed does not mend them."""


class SameLeg(StrEnum):
    """Whether the leg that failed is asked again for the same version."""

    NO = "no"
    AFTER_WAITS = "after waits"
    """After each of the configured retry waits, 3, 6 and 12 s by default."""
    IF_FREE = "after waits, where it is not paid twice"
    """The same waits, but only where the request can be resumed or its identical repeat is not charged."""
    NEW_SEED = "once with a new seed"


@dataclass(frozen=True, slots=True)
class Breaker:
    """
    How long a leg stays closed after a fault.

    ``opens_after`` faults in a row close the leg for ``first_s`` seconds, doubling with every further
    fault up to ``longest_s``. A wait that the provider states itself goes before ``first_s``.
    """

    opens_after: int
    first_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What follows a fault: the same leg again, the next leg, the breaker, and whether a person is needed."""

    same_leg: SameLeg
    next_leg: bool
    breaker: Breaker | None
    alert: bool = False


_MINUTE = 60.0
_HOUR = 3600.0
_FAULTY = Breaker(opens_after=4, first_s=30, longest_s=10 * _MINUTE)

POLICIES: dict[Fault, Policy] = {
    Fault.AUTH: Policy(SameLeg.NO, next_leg=True, breaker=Breaker(1, _HOUR, _HOUR), alert=True),
    Fault.NO_CREDIT: Policy(SameLeg.NO, next_leg=True, breaker=Breaker(1, 15 * _MINUTE, 12 * _HOUR), alert=True),
    Fault.THROTTLED: Policy(SameLeg.NO, next_leg=True, breaker=Breaker(1, 45, 10 * _MINUTE)),
    Fault.GONE: Policy(SameLeg.NO, next_leg=True, breaker=Breaker(1, 6 * _HOUR, 24 * _HOUR), alert=True),
    Fault.BAD_REQUEST: Policy(SameLeg.NO, next_leg=True, breaker=None),
    Fault.REFUSED: Policy(SameLeg.NO, next_leg=False, breaker=None),
    Fault.LOADING: Policy(SameLeg.NO, next_leg=True, breaker=Breaker(1, 20, 2 * _MINUTE)),
    Fault.TRANSIENT: Policy(SameLeg.AFTER_WAITS, next_leg=True, breaker=_FAULTY),
    Fault.UNKNOWN_OUTCOME: Policy(SameLeg.IF_FREE, next_leg=True, breaker=_FAULTY),
    Fault.BAD_OUTPUT: Policy(SameLeg.NEW_SEED, next_leg=True, breaker=_FAULTY),
}


OF_THE_ACCOUNT = frozenset({Fault.NO_CREDIT, Fault.THROTTLED})
"""What every leg meets that shares the limits of an account."""

_LEAST_STATED_S = 1.0


def counted_with(fault: Fault) -> frozenset[Fault]:
    """
    The faults in whose row *fault* is counted: those that share its breaker.

    Trouble of one kind says nothing of another: a 429 after three 500 is the first of its kind.
    """
    breaker = POLICIES[fault].breaker
    return frozenset(other for other, policy in POLICIES.items() if policy.breaker is breaker)


def counted_wait_s(fault: Fault, retry_after_s: float | None) -> float | None:
    """
    The wait that a provider has stated with *fault*, as far as it counts; None where the policy's own time holds.

    Where a person must act a stated wait only lengthens the policy's: an empty account does not fill within
    seconds. "Come back at once" (``Retry-After: 0``) states nothing, and a wait below a second counts as one, or
    every job that waits would ask a throttled leg again.
    """
    policy = POLICIES[fault]
    if not retry_after_s or policy.breaker is None:
        return None
    if policy.alert and retry_after_s < policy.breaker.first_s:
        return None
    return max(retry_after_s, _LEAST_STATED_S)
