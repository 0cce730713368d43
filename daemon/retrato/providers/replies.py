"""
From an answer that is no picture to the right error.

What a status means everywhere stands here, what words mean everywhere in `markers`. What only one provider means
stands in its own file, as a `Reader`; it is asked before everything but a refusal.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from retrato.domain.errors import (
    BadPictureError,
    BadRequestError,
    BusyError,
    DownError,
    GoneError,
    MisconfiguredError,
    OutOfCreditError,
    ProviderError,
    UnknownOutcomeError,
)
from retrato.providers.exchange import Reply
from retrato.providers.markers import failure_in, news_in, refusal_in
from retrato.providers.waits import stated_wait_s
from retrato.providers.words import Words, read


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
_GIVEN_UP = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT, 524}
"""A gateway did not wait for the answer of what stands behind it, which may have drawn all the same."""
_TICKS_IN_A_USD = 1e10
_MOST_TICKS = 100 * _TICKS_IN_A_USD
"""No picture costs a hundred dollars: such a number is not believed."""


def to_error(
    reply: Reply,
    *,
    leg: str,
    readers: Sequence[Reader] = (),
    paid: bool = False,
    request_id: str | None = None,
    cost_usd: float | None = None,
) -> ProviderError:
    """
    The error that *reply* is, ready to be raised.

    A refusal goes first, then the first reader that knows, then `verdict_on`. *paid*: it answers an order, so
    that a gateway's time-out leaves open whether the picture was drawn.
    """
    words = read(reply)
    if refused := refusal_in(words):
        verdict = Verdict(refused)
    else:
        found = (reader(words) for reader in readers)
        verdict = next((each for each in found if each), None) or verdict_on(words, paid=paid)
    wait_s = stated_wait_s(reply, text=words.said)
    said = " ".join(filter(None, [", ".join(sorted(words.codes)), words.text and f"({words.text})"]))
    return verdict.error(
        f"{leg}: status {reply.status} {reply.scrub(said)}".rstrip(),
        leg=leg,
        status=words.status,
        retry_after_s=verdict.retry_after_s if wait_s is None else wait_s,
        request_id=request_id,
        cost_usd=charged_usd(words.fields) if cost_usd is None else cost_usd,
        whole_provider=verdict.whole_provider,
    )


def verdict_on(words: Words, *, paid: bool = False) -> Verdict:
    """What an answer means everywhere, by its words where they say more than its status."""
    by_status = _BY_STATUS.get(words.status) or _BY_HUNDRED.get(words.status // 100, Verdict(BadPictureError))
    error = news_in(words)
    if error is not None and error is not by_status.error:
        return Verdict(error)
    if paid and words.status in _GIVEN_UP:
        return Verdict(UnknownOutcomeError)
    return by_status


def failure(said: object) -> type[ProviderError]:
    """Which error an accepted order failed with, by what the provider said of it: a text, or any JSON."""
    body = json.dumps({"error": said}).encode()
    return failure_in(read(Reply(status=HTTPStatus.OK, headers={}, body=body)))


def charged_usd(fields: Mapping[str, Any]) -> float | None:
    """What the answer says that it cost: xAI charges for what it refuses (1 tick = 1e-10 USD; xai-sdk 1.21)."""
    usage = fields.get("usage")
    ticks = usage.get("cost_in_usd_ticks") if isinstance(usage, Mapping) else None
    if not isinstance(ticks, int | float) or isinstance(ticks, bool) or not 0 <= ticks < _MOST_TICKS:
        return None
    return ticks / _TICKS_IN_A_USD
