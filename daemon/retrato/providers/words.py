"""What an answer says, collected from all the places where providers put their words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from retrato.providers.exchange import Reply

_TEXTS = ("message", "msg", "error_description", "detail", "title", "error", "errors")
_CODES = ("code", "type", "error_type", "error")
_NESTED = ("error", "errors", "detail")
_CODE = re.compile(r"[A-Za-z][\w.-]*\Z")
_TITLE = re.compile(rb"<title>([^<]{1,200})", re.IGNORECASE)
_TEXT_BYTES = 2000
_ERRORS = range(400, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """
    An answer, read.

    ``status`` is the one inside the body where the outer one claims success. ``codes`` are the provider's
    words for machines, in lower case; ``text`` its words for people, in one line, short and without keys.
    """

    status: int
    codes: frozenset[str]
    text: str
    fields: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def has(self, phrase: str) -> bool:
        """Whether *phrase* (lower case) is in the text, however it is written there."""
        return phrase in self.text.lower()


def read(reply: Reply) -> Words:
    """Collect what *reply* says."""
    fields = reply.fields()
    codes = {*_codes(fields), reply.headers.get("X-Error-Code"), reply.headers.get("X-Fal-Error-Type")}
    texts = [*_texts(fields), reply.headers.get("X-Error-Message")] if fields else [_plain(reply)]
    return Words(
        status=reply.status if reply.status in _ERRORS else _inner_status(fields) or reply.status,
        codes=frozenset(code.lower() for code in codes if code),
        text=reply.scrub("; ".join(dict.fromkeys(filter(None, texts)))),
        fields=fields,
        headers=reply.headers,
    )


def _inner_status(fields: Mapping[str, Any]) -> int | None:
    error = fields.get("error")
    inner = error if isinstance(error, Mapping) else {}
    found = (fields.get("status"), fields.get("code"), inner.get("status"), inner.get("code"))
    return next((number for number in found if isinstance(number, int) and number in _ERRORS), None)


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
            found = (value.get(name) for name in _CODES)
            yield from (code for code in found if isinstance(code, str) and _CODE.match(code))
            for name in _NESTED:
                yield from _codes(value.get(name))


def _plain(reply: Reply) -> str:
    # Gateways answer with pages: their title says enough ("502 Bad Gateway", "error code: 1033").
    if title := _TITLE.search(reply.body):
        return title[1].decode("utf-8", "replace")
    if reply.status == HTTPStatus.OK:
        return "no picture"
    return reply.body[:_TEXT_BYTES].decode("utf-8", "replace")
