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

# In words: "Request was throttled. Your rate limit resets in ~30s." (replicate, 2026-08), "Please try again in
# 6m0s" (OpenAI), "Please retry in 17.5s" (Gemini).
_NUMBER = r"\d+(?:\.\d+)?"
_SPAN = rf"(?:(?P<h>{_NUMBER})h)?(?:(?P<m>{_NUMBER})m(?!s))?(?:(?P<s>{_NUMBER})\s*s)?(?:(?P<ms>{_NUMBER})\s*ms)?"
_SPAN_ALONE = re.compile(_SPAN)
_IN_WORDS = re.compile(
    rf"(?:resets in|retry after|retry in|try again in|wait)\s*~?\s*(?P<span>(?=\d){_SPAN})", re.IGNORECASE
)
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}

_FIELDS = {"retry_after": 1.0, "retryAfterSeconds": 1.0, "retryAfter": 1.0, "retry_after_seconds": 1.0}
_FIELDS |= {"retry_after_ms": 0.001, "estimated_time": 1.0, "retryDelay": 1.0}
_NESTED = ("error", "errors", "detail", "details", "metadata", "data", "parameters")
_DEEPEST = 6
_RESETS = ("requests", "images", "tokens")
_EPOCH_S, _EPOCH_MS = 1e9, 1e12
"""A reset beyond the first is a moment since 1970 in seconds, beyond the second in milliseconds."""


def stated_wait_s(reply: Reply, *, text: str = "") -> float | None:
    """
    Seconds until the provider wants to be asked again, 0 up to one day; None where it does not say.

    The most exact source goes first: a rate-limit header that says it is used up, ``retry-after-ms``,
    ``retry-after`` in seconds or as a date, a field of the body, and at last its *text*.
    """
    headers = reply.headers
    is_limited = reply.status == HTTPStatus.TOO_MANY_REQUESTS
    candidates = (
        _from_rate_limit(headers) if is_limited else None,
        _seconds(headers.get("retry-after-ms"), scale=0.001),
        _seconds(headers.get("x-ms-retry-after-ms"), scale=0.001),
        _seconds(headers.get("retry-after")),
        _from_date(headers),
        _from_body(reply.fields(), 0),
        _from_resets(headers, headers) if is_limited else None,
        _from_resets(_metadata_headers(reply.fields()), headers) if is_limited else None,
        _span(match["span"]) if (match := _IN_WORDS.search(text)) else None,
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
    return None if until is None else max(until - _now(headers), 0.0)


def _now(headers: Mapping[str, str]) -> float:
    """The server's own clock where it shows it, so that ours may be wrong."""
    shown = _moment(headers.get("Date"))
    return time.time() if shown is None else shown


def _moment(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, LookupError, ArithmeticError):  # what is no date; years that no clock has
        return None


def _from_body(value: object, depth: int) -> float | None:
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return next((wait for item in value if (wait := _from_body(item, depth + 1)) is not None), None)
    if not isinstance(value, Mapping):
        return None
    for name, scale in _FIELDS.items():
        found = value.get(name)
        wait = _span(found) if name == "retryDelay" else _seconds(found, scale=scale)
        if wait is not None:
            return wait
    inner = (_from_body(value.get(name), depth + 1) for name in _NESTED)
    return next((wait for wait in inner if wait is not None), None)


def _from_resets(limits: Mapping[str, Any], headers: Mapping[str, str]) -> float | None:
    """OpenAI's x-ratelimit-reset-requests ("6m0s") of what is used up, or a moment in X-RateLimit-Reset."""
    said = {str(name).lower(): value for name, value in limits.items()}
    waits = [
        _span(said.get(f"x-ratelimit-reset-{kind}"))
        for kind in _RESETS
        if _seconds(said.get(f"x-ratelimit-remaining-{kind}")) == 0
    ]
    known = [wait for wait in waits if wait is not None]
    if known:
        return max(known)
    at = _seconds(said.get("x-ratelimit-reset"))
    if at is None or _seconds(said.get("x-ratelimit-remaining")) != 0:
        return None
    at = at / 1000 if at >= _EPOCH_MS else at
    return max(at - _now(headers), 0.0) if at >= _EPOCH_S else at


def _metadata_headers(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The headers of whoever stands behind OpenRouter, which it passes on in the body (seen 2026)."""
    found: Any = fields
    for name in ("error", "metadata", "headers"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _span(text: object) -> float | None:
    """Seconds in "6m0s", "1.5s", "350ms" or a plain number."""
    if not isinstance(text, str) or not (match := _SPAN_ALONE.fullmatch(text.strip().lower())) or not match[0]:
        return _seconds(text)
    return sum(float(match[unit] or 0) * scale for unit, scale in _UNITS.items())


def _seconds(value: object, *, scale: float = 1.0) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value) * scale
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
