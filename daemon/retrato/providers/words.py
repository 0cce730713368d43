"""What an answer says, collected from all the places where providers put their words."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from retrato.providers.exchange import Reply

# Keys are compared without case and punctuation: innererror, inner_error and innerError are one.
_TEXTS = {
    *("message", "msg", "errordescription", "errormessage", "errormsg", "description", "detail", "details"),
    *("title", "error", "errors", "raw", "upstreambody", "body", "response", "responsebody"),
}
_CODES = {"code", "type", "errortype", "errorcode", "error", "errors"}
_STATES = {"status", "reason", "finishreason", "blockreason"}
"""Words for machines as well, but of no use in a message to people."""

# What we or others put in is no statement of the provider's, whatever stands in it.
_ECHOES = {
    *("prompt", "prompts", "negativeprompt", "revisedprompt", "originalprompt", "input", "inputs", "flaggedinput"),
    *("request", "requestparameters", "parameters", "ctx", "logs", "accepts", "images", "output", "outputs"),
    *("b64json", "url", "urls", "loc"),
}
_UPSTREAM = {"raw", "upstreambody"}
"""Somebody else's answer, passed on: its refusal is ours, its bad key and empty account are not."""

_CODE = re.compile(r"[A-Za-z][\w.:-]*\Z")
_NUMBERS = range(1000, 1_000_000)
"""Cloudflare's codes; smaller numbers are statuses."""
_LOOSE = re.compile(
    r"""["'](?P<key>\w+)\\?["']\s*:\s*\\?(?P<quote>["'])(?P<value>.*?)(?:\\?(?P=quote)|\Z)""", re.DOTALL
)
"""A field of an object that was cut off."""
_QUOTED = re.compile(r"""(?<!\w)(?P<quote>["'`]).*?(?P=quote)(?!\w)|“.*?”|\u2018.*?\u2019""", re.DOTALL)
_TITLE = re.compile(rb"<title>([^<]{1,200})", re.IGNORECASE)
_TEXT_BYTES = 2000
_LONGEST = 8000
_MOST_NODES = 2000
_DEEPEST = 12
_ERRORS = range(400, 600)
_SHORTEST_ECHO, _ECHO_BEGINS = 4, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """
    An answer, read.

    ``status`` is the one inside the body where the outer one claims success. ``codes`` are the provider's
    words for machines, in lower case; ``text`` its words for people, in one line, short and without keys.
    ``marks`` are all words for machines in small letters and digits alone (``contentfilter``), ``said`` the whole
    text in lower case without what it quotes; ``upstream_marks`` and ``upstream_said`` the same of an answer that
    was only passed on. Our prompt stands in none of them.
    """

    status: int
    codes: frozenset[str]
    text: str
    marks: frozenset[str] = field(repr=False)
    said: str = field(repr=False)
    upstream_marks: frozenset[str] = field(repr=False)
    upstream_said: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def has(self, phrase: str) -> bool:
        """Whether *phrase* (lower case) is said, however it is written there; not where it is quoted."""
        return phrase in self.said


def read(reply: Reply) -> Words:
    """Collect what *reply* says."""
    body = reply.json()
    fields = reply.fields()
    found = _Collector()
    if isinstance(body, dict | list | str):
        found.walk(body, "error" if isinstance(body, list | str) else "")
    if isinstance(body, dict | list) and body:
        texts = [*found.texts, reply.headers.get("X-Error-Message") or ""]
    else:
        found.text(_plain(reply), upstream=False)
        texts = found.texts
    codes = {code.lower() for code in found.codes}
    codes |= {code.lower() for name in ("X-Error-Code", "X-Fal-Error-Type") if (code := reply.headers.get(name))}
    texts = [_without_echoes(text, reply.echoes) for text in dict.fromkeys(filter(None, texts))]
    upstream = [_without_echoes(text, reply.echoes) for text in found.upstream_texts]
    return Words(
        status=reply.status if reply.status in _ERRORS else _inner_status(fields) or reply.status,
        codes=frozenset(codes),
        text=reply.scrub("; ".join(dict.fromkeys((*texts, *upstream)))),
        marks=frozenset({*map(plain, codes), *found.marks}),
        said=_said(texts),
        upstream_marks=frozenset(found.upstream_marks),
        upstream_said=_said(upstream),
        fields=fields,
        headers=reply.headers,
    )


def plain(word: str) -> str:
    """*word* in small letters and digits alone: ``contentFilter`` and ``content_filter`` are one."""
    return re.sub(r"[^a-z0-9]", "", word.lower())


class _Collector:
    """Walks through a body, into strings that hold JSON as well, for as long as it is of a reasonable size."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.texts: list[str] = []
        self.marks: set[str] = set()
        self.upstream_texts: list[str] = []
        self.upstream_marks: set[str] = set()
        self._nodes = 0
        self._left = _LONGEST

    def walk(self, value: object, key: str, *, upstream: bool = False, depth: int = 0) -> None:
        self._nodes += 1
        if self._nodes > _MOST_NODES or depth > _DEEPEST:
            return
        match value:
            case dict():
                for name, inner in value.items():
                    inner_key = plain(str(name))
                    self._note(inner_key, inner, above=key, upstream=upstream)
                    if inner_key not in _ECHOES:
                        is_others = upstream or inner_key in _UPSTREAM
                        self.walk(inner, inner_key, upstream=is_others, depth=depth + 1)
            case list():
                for inner in value:
                    self.walk(inner, key, upstream=upstream, depth=depth + 1)
            case str():
                self._string(value[:_LONGEST], key, upstream=upstream, depth=depth)
            case int() if key in _CODES and value in _NUMBERS and not isinstance(value, bool):
                self._code(str(value), upstream=upstream)

    def text(self, text: str, *, upstream: bool) -> None:
        """Take in what is said to people; JSON in it is walked through."""
        self._string(text[:_LONGEST], "message", upstream=upstream, depth=0)

    def _note(self, key: str, value: object, *, above: str, upstream: bool) -> None:
        """What is said by a field's being there."""
        marks = self.upstream_marks if upstream else self.marks
        if key == "estimatedtime":
            marks.add(key)
        # OpenRouter: 403 is a refusal when it tells what was flagged (docs errors, 2026-11).
        if value and (key == "flaggedinput" or (key == "reasons" and above == "metadata")):
            marks.add("flaggedinput")
        # Azure: {"sexual": {"filtered": true, …}}; xAI: {"respect_moderation": false}; Gemini: promptFeedback.
        if (key == "filtered" and value is True) or (key == "respectmoderation" and value is False):
            marks.add("contentfilter")
        if key == "blockreason" and value:
            marks.add("contentfilter")

    def _string(self, value: str, key: str, *, upstream: bool, depth: int) -> None:
        if key not in _TEXTS | _CODES | _STATES or self._left <= 0:
            return
        value = value[: self._left]
        self._left -= len(value)
        if key in _CODES and _CODE.match(value):
            self._code(value, upstream=upstream)
        elif key in _STATES:
            (self.upstream_marks if upstream else self.marks).add(plain(value))
        if key in _TEXTS or (key in _CODES and not _CODE.match(value) and not value.isdecimal()):
            around, inner = _embedded(value)
            (self.upstream_texts if upstream else self.texts).append(" ".join(around.split()))
            if inner is not None:
                self.walk(inner, "error", upstream=upstream, depth=depth + 1)
        elif key in _CODES and value.isdecimal() and int(value) in _NUMBERS:
            self._code(value, upstream=upstream)

    def _code(self, code: str, *, upstream: bool) -> None:
        if upstream:
            self.upstream_marks.add(plain(code))
        else:
            self.codes.append(code)


def _embedded(text: str) -> tuple[str, object]:
    """
    What *text* says around a JSON object or a Python dict, and that object; None where there is none.

    LiteLLM writes "… - {'error': {'code': …}}" or b'{"error": …}' into its message, OpenRouter a whole body into
    ``raw``; either may be cut off.
    """
    if text[:1] == '"' and text[-1:] == '"':
        text = text[1:-1]
    start = text.find("{")
    if start < 0:
        return text, None
    try:
        found, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        end = text.rfind("}") + 1
        found = _python(text[start:end])
    if isinstance(found, dict):
        return f"{text[:start]} {text[end:]}", found
    loose = [{match["key"]: match["value"]} for match in _LOOSE.finditer(text, start)]
    return (text[:start], loose) if loose else (text, None)


def _python(text: str) -> object:
    for written in (text.replace('\\"', '"'), text):
        try:
            return json.loads(written)
        except (ValueError, RecursionError):
            pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _said(texts: list[str]) -> str:
    """All *texts* in lower case, each without what it quotes: that is often our own words."""
    return "; ".join(_QUOTED.sub(" … ", text) for text in texts).lower()[:_LONGEST]


def _without_echoes(text: str, echoes: tuple[str, ...]) -> str:
    """*text* without the *echoes* in it, each as far as it is repeated."""
    for echo in (" ".join(echo.split()) for echo in echoes):
        if len(echo) < _SHORTEST_ECHO:
            continue
        begins = echo[:_ECHO_BEGINS]
        start = text.find(begins)
        while start >= 0:
            end = start + len(begins)
            while end < len(text) and text[start : end + 1] == echo[: end + 1 - start]:
                end += 1
            text = f"{text[:start]}…{text[end:]}"
            start = text.find(begins, start + 1)
    return text


def _inner_status(fields: Mapping[str, Any]) -> int | None:
    return next((number for value in _statuses(fields) if (number := _number(value)) in _ERRORS), None)


def _statuses(fields: Mapping[str, Any]) -> Iterator[object]:
    places = [fields, *(inner for name in ("error", "detail") if isinstance(inner := fields.get(name), Mapping))]
    for place in places:
        yield from (place.get(name) for name in ("status", "code", "statusCode", "status_code"))


def _number(value: object) -> int | None:
    # LiteLLM's code is the status as a string (1.110, proxy/_types.py).
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < len("1000"):
        return int(value)
    return value if isinstance(value, int) else None


def _plain(reply: Reply) -> str:
    # Gateways answer with pages: their title says enough ("502 Bad Gateway", "error code: 1033").
    if title := _TITLE.search(reply.body):
        return title[1].decode("utf-8", "replace")
    if reply.status == HTTPStatus.OK:
        return "no picture"
    return reply.body[:_TEXT_BYTES].decode("utf-8", "replace")
