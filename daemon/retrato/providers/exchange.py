"""One HTTP exchange: how far it got, and the reply with everything secret taken out of its texts."""

import asyncio
import json as jsonlib
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from retrato.descriptors import has_no_descriptor
from retrato.domain.redaction import Redactor

BROKEN = (aiohttp.ClientError, OSError, ValueError, LookupError, ArithmeticError, EOFError, zlib.error)
"""
What an exchange may end in. aiohttp promises `ClientError`; addresses and answers that are none have given
ValueError (a port, a label that is too long, a control character) with 3.13, and the others are near.
"""

_CHUNK = 64 * 1024
_DEEPEST = 32
"""Levels of JSON: answers have up to six, and what is nested deeper is meant to break who reads it."""
_NO_DESCRIPTOR_S = 0.5
_EXCERPT_CHARS = 200
_PATH_CHARS = 48
_KEY_LIKE = re.compile(
    r"(?:\b(?:hf|sk|pk|r8)[-_]|\bBearer\s+|\bKey\s+(?=\S*:)|[?&]key=)[\w.:+/=-]{6,}", re.IGNORECASE
)
"""Keys as the providers write them (hf_…, sk_…, pk_…, r8_…), so that somebody else's is masked as well."""

_SECRET_HEADER = re.compile("authorization|key|token|secret", re.IGNORECASE)
_SHORTEST_SECRET = 8


class TooLargeError(Exception):
    """More bytes came than any picture has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    A whole answer. *secrets* are what `scrub` takes out of any text made from it.

    *echoes* are the prompts that were sent: where the answer repeats them, they are not its own words.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    echoes: tuple[str, ...] = field(default=(), repr=False)

    def json(self) -> Any:
        """The body as JSON, None where it is none, or nested beyond all measure."""
        try:
            found = jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if _is_shallow(found) else None

    def fields(self) -> Mapping[str, Any]:
        """The body's JSON object; empty where it is none."""
        found = self.json()
        return found if isinstance(found, dict) else {}

    def scrub(self, text: str) -> str:
        """*text* in one line, without keys however they are written, cut to 200 characters."""
        text = Redactor(self.secrets, mark="***", shortest=1).clean(text)
        text = _KEY_LIKE.sub("***", " ".join(text.split()))
        return text if len(text) <= _EXCERPT_CHARS else text[:_EXCERPT_CHARS] + "…"


class Exchange:
    """One request under way. It remembers how far it got, so that a failure can be told apart."""

    def __init__(self, *, max_bytes: int, headers: Mapping[str, str] | None = None) -> None:
        self.was_sent = False
        self.status: int | None = None
        self._request_headers = dict(headers or {})
        self._echoes: tuple[str, ...] = ()
        self._max_bytes = max_bytes
        self._headers: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())
        self._body = bytearray()

    @property
    def failed_already(self) -> bool:
        """Whether the status was an error: then the answer is known, even if its body never ends."""
        return self.status is not None and self.status >= HTTPStatus.BAD_REQUEST

    async def run(
        self, session: aiohttp.ClientSession, method: str, url: URL, *, json: Mapping[str, Any] | None = None
    ) -> Reply:
        """
        Send and read until the end; the caller bounds the time.

        A process that has no descriptor left waits here for one: that is no fault of the leg's, and suspends it
        for nobody. Nothing was sent then. Where one came free between failure and question, the next try tells.

        Raises:
            TooLargeError: the body passed the limit; the rest was not read.
            One of `BROKEN`: whatever the connection, the address or the answer did.

        """
        self._echoes = (*_prompts(json or {}), *(part for part in url.parts if " " in part))
        had_none = False
        while True:
            try:
                return await self._run(session, method, url, json)
            except aiohttp.ClientConnectorError as exc:
                has_none = has_no_descriptor(exc.os_error)
                if not (has_none or had_none):
                    raise
                had_none = has_none
            await asyncio.sleep(_NO_DESCRIPTOR_S)

    async def _run(
        self, session: aiohttp.ClientSession, method: str, url: URL, json: Mapping[str, Any] | None
    ) -> Reply:
        async with session.request(
            method,
            url,
            json=json,
            headers=self._request_headers,
            allow_redirects=False,
            trace_request_ctx={"exchange": self},
        ) as response:
            self.was_sent = True
            self.status, self._headers = response.status, _readable(response.headers)
            async for chunk in response.content.iter_chunked(_CHUNK):
                self._body += chunk
                if len(self._body) > self._max_bytes:
                    raise TooLargeError(f"more than {self._max_bytes} bytes")
            return self.reply()

    def reply(self) -> Reply:
        """What has been read so far."""
        return Reply(
            status=self.status or 0,
            headers=self._headers,
            body=bytes(self._body),
            secrets=tuple(_secrets(self._request_headers)),
            echoes=self._echoes,
        )


def _prompts(body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        if isinstance(value, Mapping):
            yield from _prompts(value)
        elif isinstance(value, str) and name in {"prompt", "inputs"}:
            yield value


def _is_shallow(found: object) -> bool:
    level = [found]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
        if not level:
            return True
    return False


def _readable(headers: CIMultiDictProxy[str]) -> CIMultiDictProxy[str]:
    """*headers* as text: aiohttp keeps bytes that are no UTF-8 as half surrogate pairs, which nobody takes."""
    named = ((_text(name), _text(value)) for name, value in headers.items())
    return CIMultiDictProxy(CIMultiDict(named))


def _text(raw: str) -> str:
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _secrets(headers: Mapping[str, str]) -> Iterator[str]:
    """Everything in *headers* that opens a door, longest first; of fal's ``id:secret`` also each half."""
    for name, value in headers.items():
        if _SECRET_HEADER.search(name):
            key = value.rpartition(" ")[2]
            yield from filter(None, (key, *(part for part in key.split(":") if len(part) >= _SHORTEST_SECRET)))


def sending_noted() -> aiohttp.TraceConfig:
    """A trace that tells the `Exchange` when its first byte goes out, which no exception of aiohttp tells."""

    async def note(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx["exchange"].was_sent = True

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(note)
    return trace


def place(method: str, url: str) -> str:
    """Whereto a request went, for messages: without query, and without most of a path that may be a prompt."""
    try:
        target = URL(url, encoded=True)
        host, path = target.host, target.raw_path
    except ValueError:
        return f"{method} an address that is none"
    return f"{method} {host}{path if len(path) <= _PATH_CHARS else path[:_PATH_CHARS] + '…'}"


def kind(exc: BaseException) -> str:
    """The class of *exc* and the system's word for it; never its own text, which may hold a whole URL."""
    system = getattr(exc, "os_error", None)
    return f"{type(exc).__name__}: {system.strerror or system}" if system else type(exc).__name__


def fit_to_print(exc: BaseException) -> BaseException | None:
    """*exc* as a cause, or None where its text or repr would show a whole URL or the request's headers."""
    return None if isinstance(exc, aiohttp.ClientResponseError | aiohttp.InvalidURL) else exc
