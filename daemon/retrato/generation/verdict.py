"""What becomes of a job whose run failed: decided here, on one page, carried out by the worker."""

from dataclasses import dataclass

from retrato.domain.errors import ChainExhaustedError, RefusedError, StorageError, StoreAwayError
from retrato.domain.faults import Fault
from retrato.domain.job import Job

_WAITS_S = (30.0, 120.0, 480.0, 1920.0)
"""Wait before each further run of the whole job; the last one repeats."""

_LEG_AT_FAULT = {Fault.AUTH, Fault.NO_CREDIT, Fault.GONE, Fault.THROTTLED, Fault.LOADING}
"""Faults of an account or a provider's day: no other job would have fared better, so no attempt is burnt."""

_LEAST_WAIT_S = 5.0
_STORE_AWAY_S = 10.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Again in *delay_s* seconds; an attempt is burnt, the last one fails the job."""

    delay_s: float
    fault: str
    error: str
    waits_for: tuple[str, ...] = ()
    """As in `ChainExhaustedError`."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Never again unless somebody asks."""

    fault: str
    error: str


@dataclass(frozen=True, slots=True)
class Release:
    """Nobody can draw now: back into the queue for *delay_s* seconds, no attempt burnt."""

    delay_s: float
    reason: str
    fault: str | None = None
    """What to count it as, where it is trouble of our own."""
    waits_for: tuple[str, ...] = ()
    """As in `ChainExhaustedError`."""


Verdict = Retry | Fail | Release


def verdict(error: Exception, job: Job) -> Verdict:
    """What follows from *error* for *job*; an error that nobody foresaw is tried again like the others."""
    wait_s = _WAITS_S[min(job.attempts, len(_WAITS_S) - 1)]
    match error:
        case RefusedError():
            return Fail(Fault.REFUSED.value, str(error))
        case ChainExhaustedError(errors=errors, retry_after_s=after_s, waits_for=waits_for) if all(
            e.fault in _LEG_AT_FAULT for e in errors
        ):
            delay_s = max(_LEAST_WAIT_S, wait_s if after_s is None else after_s)
            return Release(delay_s, str(error), waits_for=waits_for)
        case ChainExhaustedError(errors=errors, retry_after_s=after_s, waits_for=waits_for):
            return Retry(max(wait_s, after_s or 0), errors[-1].fault.value, str(error), waits_for)
        case StoreAwayError():
            return Release(_STORE_AWAY_S, str(error), fault="storage")
        case StorageError():
            return Retry(wait_s, "storage", str(error))
        case _:
            return Retry(wait_s, "unexpected", f"{type(error).__name__}: {error}")
