"""
From an answer that is no picture to the right error.

What a status means everywhere stands here. Each provider's own words stand in its own file, as a `Reader`
that is asked first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    DownError,
    GoneError,
    LoadingError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    RefusedError,
)
from retrato.providers.exchange import Reply
from retrato.providers.waits import stated_wait_s
from retrato.providers.words import Words, read

REFUSALS = {"content_policy_violation", "moderation_blocked", "safety_error"}
"""Codes for a refused prompt: fal, OpenAI, Pollinations (their documentation, 2026-08 to 2026-10)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Which error an answer is; ``whole_provider`` as in `ProviderError`.

    ``retry_after_s`` holds where the answer itself states no wait.
    """

    error: type[ProviderError]
    whole_provider: bool = False
    retry_after_s: float | None = None


Reader = Callable[[Words], Verdict | None]
"""A provider's own knowledge of its answers; None leaves the verdict to the next reader."""

_BY_STATUS: Mapping[int, Verdict] = {
    HTTPStatus.UNAUTHORIZED: Verdict(MisconfiguredError, whole_provider=True),
    HTTPStatus.PAYMENT_REQUIRED: Verdict(OutOfCreditError),
    HTTPStatus.FORBIDDEN: Verdict(MisconfiguredError),
    HTTPStatus.NOT_FOUND: Verdict(GoneError),
    HTTPStatus.REQUEST_TIMEOUT: Verdict(DownError),
    HTTPStatus.CONFLICT: Verdict(DownError),
    HTTPStatus.GONE: Verdict(GoneError),
    HTTPStatus.FAILED_DEPENDENCY: Verdict(DownError),
    HTTPStatus.TOO_EARLY: Verdict(DownError),
    HTTPStatus.TOO_MANY_REQUESTS: Verdict(BusyError),
    499: Verdict(DownError),  # client closed: nginx's own, and fal's for a cancelled request
}
_BY_HUNDRED: Mapping[int, Verdict] = {
    # A redirect would carry the key to another place; the base URL is to be set right instead.
    3: Verdict(MisconfiguredError),
    4: Verdict(BadRequestError),
    5: Verdict(DownError),
}


def to_error(
    reply: Reply,
    *,
    leg: str,
    readers: Sequence[Reader] = (),
    request_id: str | None = None,
    cost_usd: float | None = None,
) -> ProviderError:
    """The error that *reply* is, ready to be raised: the first reader that knows decides, else `verdict_on`."""
    words = read(reply)
    found = (reader(words) for reader in readers)
    verdict = next((each for each in found if each), None) or verdict_on(words)
    wait_s = stated_wait_s(reply, text=words.text)
    said = " ".join(filter(None, [", ".join(sorted(words.codes)), words.text and f"({words.text})"]))
    return verdict.error(
        f"{leg}: status {reply.status} {reply.scrub(said)}".rstrip(),
        leg=leg,
        status=words.status,
        retry_after_s=verdict.retry_after_s if wait_s is None else wait_s,
        request_id=request_id,
        cost_usd=cost_usd,
        whole_provider=verdict.whole_provider,
    )


def verdict_on(words: Words) -> Verdict:
    """What an answer means everywhere: refusals and loading by their words, else by status (PROVIDERS.md, H)."""
    if words.codes & REFUSALS:
        return Verdict(RefusedError)
    if "estimated_time" in words.fields:
        return Verdict(LoadingError)
    if verdict := _BY_STATUS.get(words.status):
        return verdict
    return _BY_HUNDRED.get(words.status // 100, Verdict(BadPictureError))
