"""
The error tree, named by what the one who catches does next.

    RetratoError
    ├── ConfigError                 say it and stop (exit 78); a restart cannot help
    ├── NotMigratedError            say what mends it (exit 1); the daemon waits for it
    ├── NotFoundError               say what was looked for (exit 1)
    ├── StoreUnavailableError       wait and reconnect (exit 69 from one-shot commands)
    │   ├── ReadOnlyError             the database takes no writes: the same, but exit 78 from one-shot commands
    │   ├── RowLockedError            another transaction holds the row; nothing was written: ask again later
    │   └── UnknownCommitError        the reply to COMMIT was lost: look before you repeat it
    ├── LeaseLostError              throw the picture away, write nothing
    ├── PausedError                 an operator said so: hand the job back, nothing more is begun
    ├── StorageError                the picture could not be stored: the job goes back to the queue
    │   └── StoreAwayError          nothing was drawn: hand the job back, draw again when pictures can be stored
    ├── LegFullError                the leg's pace, slots or probe are taken: wait shortly, or ask the next leg
    ├── BudgetSpentError            the month's budget would be passed: ask a free leg, or wait
    ├── UnusablePictureError        imaging's verdict; the chain adds the leg and makes it a BadPictureError
    ├── ProviderError               one attempt failed; its ``fault`` decides what follows (domain/faults.py)
    │   ├── BusyError               throttled · loading: this leg waits, another may be asked at once
    │   ├── DownError               transient: the same leg again after a wait, then the next
    │   │   └── UnknownOutcomeError   unknown_outcome: it may have been paid for; resume or repeat identically
    │   │       └── StillDrawingError   the same: the provider was still at work when the time was up
    │   ├── BadPictureError         bad_output: once more with a new seed, then the next leg
    │   ├── RefusedError            refused: never this prompt
    │   │   └── CheckerError          refused by a picture checker: one new seed first
    │   ├── BadRequestError         bad_request: the next leg may speak another dialect
    │   ├── MisconfiguredError      auth: leave the leg out and alert
    │   │   └── GoneError             gone: the same, and look the model up again
    │   └── OutOfCreditError        no_credit: leave the leg out for long and alert
    └── ChainExhaustedError         no leg could draw it now; keeps every attempt's error
"""

from collections.abc import Sequence
from typing import ClassVar

from retrato.domain.faults import PERSONA_FAULTS, Fault

BUDGET = "budget"
"""What a job waits for besides legs: money. No provider has this name."""


class RetratoError(Exception):
    """Base of everything that Retrato raises on purpose."""


class ConfigError(RetratoError):
    """A setting is missing or wrong. The message names the setting and what it should be."""


class NotMigratedError(RetratoError):
    """Schema ``retrato`` is not there, is older than this release, or does not serve it any more."""


class NotFoundError(RetratoError):
    """A company, persona, version or stored picture that was asked for does not exist."""


class StoreUnavailableError(RetratoError):
    """Postgres could not be reached, or dropped the connection. A statement alone may have taken effect."""


class ReadOnlyError(StoreUnavailableError):
    """The database answers and takes no writes: a standby, one that is about to be promoted, or a setting."""


class RowLockedError(StoreUnavailableError):
    """A row was locked by another transaction for too long, or a deadlock was resolved. Nothing was written."""


class UnknownCommitError(StoreUnavailableError):
    """The connection broke while COMMIT was under way: the order may have been carried out, or not."""


class LeaseLostError(RetratoError):
    """The job belongs to somebody else now, or is gone. Nothing may be written for it."""


class PausedError(RetratoError):
    """An operator has paused everything, or this company: no new paid call is begun."""


class StorageError(RetratoError):
    """The object store did not take or give a picture."""


class StoreAwayError(StorageError):
    """No picture could be stored now, so none was drawn: nothing was paid for."""


class LegFullError(RetratoError):
    """
    The leg may not be called this moment: its pace, its slots, a pause, or somebody else probes it.

    Attributes:
        wait_s: seconds until it may be free; 0 where only the end of another call can tell.

    """

    def __init__(self, leg: str, *, wait_s: float) -> None:
        super().__init__(f"{leg} is taken for the next {wait_s:.1f} s")
        self.leg = leg
        self.wait_s = wait_s


class BudgetSpentError(RetratoError):
    """One more picture on this leg would pass RETRATO_MONTHLY_BUDGET_USD."""

    def __init__(self, leg: str, *, price_usd: float | None) -> None:
        costs = "of an unknown price" if price_usd is None else f"for ${price_usd:.4f}"
        super().__init__(f"a picture by {leg} {costs} would pass RETRATO_MONTHLY_BUDGET_USD")
        self.leg = leg


class UnusablePictureError(RetratoError):
    """The bytes are no picture that may be kept. The message says what was seen."""


class ProviderError(RetratoError):
    """
    One attempt on one leg failed.

    The message becomes one line that every log and database takes: what providers say is often quoted in it.

    Attributes:
        leg: name of the leg, e.g. ``huggingface/fal-ai``.
        status: HTTP status seen, where there was one.
        retry_after_s: seconds that the provider asked to wait, where it did.
        request_id: the provider's id of the request, where it is known.
        sent: False only when the request surely never reached the provider, so that nothing can be owed.
        cost_usd: what the failed attempt is known to have cost.
        whole_provider: True when the fault is the account's, so that every leg of this provider shares it.

    """

    fault: ClassVar[Fault] = Fault.TRANSIENT

    def __init__(
        self,
        message: str,
        *,
        leg: str,
        status: int | None = None,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        sent: bool = True,
        cost_usd: float | None = None,
        whole_provider: bool = False,
    ) -> None:
        super().__init__(_in_one_line(message))
        self.leg = leg
        self.status = status
        self.retry_after_s = retry_after_s
        self.request_id = request_id
        self.sent = sent
        self.cost_usd = cost_usd
        self.whole_provider = whole_provider


class BusyError(ProviderError):
    """Throttled, or still loading: not before ``retry_after_s``; another leg may be asked at once."""

    fault = Fault.THROTTLED


class LoadingError(BusyError):
    """The model is being loaded by the provider."""

    fault = Fault.LOADING


class DownError(ProviderError):
    """The leg failed in a way that may pass: the same leg again after a wait, then the next."""


class UnknownOutcomeError(DownError):
    """The request was sent and no answer came: it may have been drawn, and charged."""

    fault = Fault.UNKNOWN_OUTCOME


class StillDrawingError(UnknownOutcomeError):
    """The provider answers, and says that it is still at work: perhaps for ever."""


class BadPictureError(ProviderError):
    """What came back is no usable picture: not an image, truncated, uniform, too small, a placeholder."""

    fault = Fault.BAD_OUTPUT


class RefusedError(ProviderError):
    """The provider will not draw this prompt."""

    fault = Fault.REFUSED


class CheckerError(RefusedError):
    """A checker rejected the finished picture, not the prompt: false hits are common, one new seed is fair."""


class BadRequestError(ProviderError):
    """The request was not understood; another leg speaks another dialect."""

    fault = Fault.BAD_REQUEST


class MisconfiguredError(ProviderError):
    """Key missing, wrong, or without the right. A person must act."""

    fault = Fault.AUTH


class GoneError(MisconfiguredError):
    """The model or route is not served here any more."""

    fault = Fault.GONE


class OutOfCreditError(ProviderError):
    """The account has no money left for this leg. A person must act."""

    fault = Fault.NO_CREDIT


class ChainExhaustedError(RetratoError):
    """
    No leg could draw the picture now.

    Attributes:
        errors: one per attempt, in order; empty when every leg was suspended before the first call.
        retry_after_s: seconds until the first leg is available again; None when waiting alone cannot help.
        short: why the month's budget kept a leg from being asked, where it did.
        waits_for: the legs (and `BUDGET`) for whose sake the job waits; a fault of the prompt waits for none.

    """

    def __init__(
        self,
        errors: Sequence[ProviderError],
        *,
        retry_after_s: float | None = None,
        short: BudgetSpentError | None = None,
        waits_for: Sequence[str] = (),
    ) -> None:
        legs = ", ".join(dict.fromkeys(error.leg for error in errors)) or "none was available"
        last = f"; last: {errors[-1]}" if errors else ""
        money = f"; {short}" if short is not None else ""
        super().__init__(f"no provider could draw the picture (asked: {legs}{last}{money})")
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s
        self.short = short
        at_fault = [error.leg for error in errors if error.fault not in PERSONA_FAULTS]
        budget = [BUDGET] if short is not None else []
        self.waits_for = tuple(dict.fromkeys([*waits_for, *at_fault, *budget]))


def _in_one_line(text: str) -> str:
    """*text* without line breaks, control characters and halves of surrogate pairs."""
    return "".join(char if char.isprintable() else "\ufffd" for char in " ".join(text.split()))
