"""
From an answer that is no picture to the right error.

What all providers have in common stands here: where they put their words, and what a status means when
nothing better is known. Each provider's own words stand in its file, as a `Reader` that is asked first.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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

REFUSALS = {"content_policy_violation", "moderation_blocked", "safety_error"}
"""Codes for a refused prompt: fal, OpenAI, Pollinations (their documentation, 2026-08 to 2026-10)."""

_TEXTS = ("message", "msg", "error_description", "detail", "title", "error", "errors")
_CODES = ("code", "type", "error_type", "error")
_CODE = re.compile(r"[A-Za-z][\w.-]*\Z")
_TITLE = re.compile(rb"<title>([^<]{1,200})", re.IGNORECASE)
_OK, _MULTIPLE, _BAD, _TOO_HIGH = 200, 300, 400, 600
_TEXT_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Words:
    """
    What an answer says.

    ``status`` is the one inside the body where the outer one claims success. ``codes`` are the provider's
    words for machines in lower case, ``text`` the words for people, without keys and short.
    """

    status: int
    codes: frozenset[str]
    text: str
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which error an answer is; *whole_provider* as in `ProviderError`."""

    error: type[ProviderError]
    whole_provider: bool = False


Reader = Callable[[Reply, Words], Verdict | None]
"""A provider's own knowledge of its answers; None leaves the verdict to the next reader."""


def read(reply: Reply) -> Words:
    """Collect what *reply* says from all the places where providers say it."""
    fields = reply.fields()
    codes = {*_codes(fields), reply.headers.get("X-Error-Code"), reply.headers.get("X-Fal-Error-Type")}
    texts = [*_texts(fields), reply.headers.get("X-Error-Message", "")] if fields else [_plain(reply)]
    return Words(
        status=reply.status if reply.status >= _BAD else _inner_status(fields) or reply.status,
        codes=frozenset(code.lower() for code in codes if code),
        text=reply.scrub("; ".join(dict.fromkeys(filter(None, texts)))),
        fields=fields,
    )


def to_error(
    reply: Reply,
    *,
    leg: str,
    readers: Sequence[Reader] = (),
    request_id: str | None = None,
    cost_usd: float | None = None,
) -> ProviderError:
    """The error that *reply* is, ready to be raised: the first reader that knows decides, else the status."""
    words = read(reply)
    verdicts = (reader(reply, words) for reader in readers)
    verdict = next((found for found in verdicts if found), None) or by_status(words)
    said = " ".join(filter(None, [", ".join(sorted(words.codes)), words.text and f"({words.text})"]))
    return verdict.error(
        f"{leg}: status {reply.status} {reply.scrub(said)}".rstrip(),
        leg=leg,
        status=words.status,
        retry_after_s=stated_wait_s(reply, text=words.text),
        request_id=request_id,
        cost_usd=cost_usd,
        whole_provider=verdict.whole_provider,
    )


def by_status(words: Words) -> Verdict:
    """What a status means everywhere (facts/PROVIDERS.md, H); refusals and loading are told by their words."""
    if words.codes & REFUSALS:
        return Verdict(RefusedError)
    if "estimated_time" in words.fields:
        return Verdict(LoadingError)
    match words.status:
        case 401:
            return Verdict(MisconfiguredError, whole_provider=True)
        case 402:
            return Verdict(OutOfCreditError)
        case 403:
            return Verdict(MisconfiguredError)
        case 404 | 410:
            return Verdict(GoneError)
        case 408 | 409 | 424 | 425 | 499:
            return Verdict(DownError)
        case 429:
            return Verdict(BusyError)
        case status if status >= 500:
            return Verdict(DownError)
        case status if status >= _BAD:
            return Verdict(BadRequestError)
        case status if status >= _MULTIPLE:
            # A redirect would carry the key to another host: the base URL is to be set right instead.
            return Verdict(MisconfiguredError)
    return Verdict(BadPictureError)


def _inner_status(fields: Mapping[str, Any]) -> int | None:
    error = fields.get("error")
    inner = error if isinstance(error, Mapping) else {}
    found = (fields.get("status"), fields.get("code"), inner.get("status"), inner.get("code"))
    return next((n for n in found if isinstance(n, int) and _BAD <= n < _TOO_HIGH), None)


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            for name in _TEXTS:
                yield from _texts(value.get(name))


def _codes(value: object) -> Iterator[str]:
    match value:
        case list():
            for item in value:
                yield from _codes(item)
        case dict():
            for name in _CODES:
                code = value.get(name)
                if isinstance(code, str) and _CODE.match(code):
                    yield code
            for name in ("error", "errors", "detail"):
                yield from _codes(value.get(name))


def _plain(reply: Reply) -> str:
    # Gateways answer with pages: their title says enough ("502 Bad Gateway", "error code: 1033").
    if title := _TITLE.search(reply.body):
        return title[1].decode("utf-8", "replace")
    return reply.body[:_TEXT_BYTES].decode("utf-8", "replace") if reply.status != _OK else "no picture"
