"""How long a provider asks us to stay away: every way in which they say it."""

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from retrato.providers.exchange import Reply

_LONGEST_S = 24 * 3600.0

# IETF draft-ietf-httpapi-ratelimit-headers-09, as the Hugging Face Hub sends it on every reply (hub-docs
# rate-limits.md, 2026-08): 'RateLimit: "api";r=0;t=55', 'RateLimit-Policy: "fixed window";"api";q=500;w=300'.
_LIMIT = re.compile(r'"([^"]+)"\s*;\s*r\s*=\s*(\d{1,15})(?:\s*;\s*t\s*=\s*(\d{1,15}))?', re.ASCII)
_POLICY = re.compile(r'"([^"]+)"\s*;\s*q\s*=\s*\d+.*?w\s*=\s*(\d{1,15})', re.ASCII)

# Replicate says it in words: "Request was throttled. Your rate limit resets in ~30s." (seen 2026-08).
_IN_WORDS = re.compile(r"(?:resets in|retry after)\s*~?\s*(\d+(?:\.\d+)?)\s*s", re.IGNORECASE)

_FIELDS = ("retry_after", "retryAfterSeconds", "estimated_time")


def stated_wait_s(reply: Reply, *, text: str = "") -> float | None:
    """
    Seconds until the provider wants to be asked again, 0 up to one day; None where it does not say.

    The most exact source goes first: a rate-limit header that says it is used up, ``retry-after-ms``,
    ``retry-after`` in seconds or as a date, a field of the body, and at last its *text*.
    """
    headers = reply.headers
    candidates = (
        _from_rate_limit(headers) if reply.status == HTTPStatus.TOO_MANY_REQUESTS else None,
        _seconds(headers.get("retry-after-ms"), scale=0.001),
        _seconds(headers.get("retry-after")),
        _from_date(headers),
        _from_body(reply.fields()),
        _seconds(match[1]) if (match := _IN_WORDS.search(text)) else None,
    )
    return next((min(wait, _LONGEST_S) for wait in candidates if wait is not None), None)


def _from_rate_limit(headers: Mapping[str, str]) -> float | None:
    windows = {name: float(window) for name, window in _POLICY.findall(headers.get("RateLimit-Policy", ""))}
    waits = [
        float(resets) + 1 if resets else windows.get(name)
        for name, remaining, resets in _LIMIT.findall(headers.get("RateLimit", ""))
        if int(remaining) == 0
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _from_date(headers: Mapping[str, str]) -> float | None:
    until = _moment(headers.get("retry-after"))
    if until is None:
        return None
    # Counted from the server's own clock where it shows it, so that ours may be wrong.
    now = _moment(headers.get("Date"))
    return max(until - (time.time() if now is None else now), 0.0)


def _moment(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, LookupError, ArithmeticError):  # what is no date; years that no clock has
        return None


def _from_body(fields: Mapping[str, Any]) -> float | None:
    return next((wait for name in _FIELDS if (wait := _seconds(fields.get(name))) is not None), None)


def _seconds(value: object, *, scale: float = 1.0) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value) * scale
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
