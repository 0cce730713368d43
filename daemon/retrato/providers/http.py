"""
The one HTTP client that all providers share.

It knows what the bare client does not: whether a request that failed had been sent (then it may have been
drawn, and charged), how many bytes are enough, and that keys and prompts stay out of messages.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from retrato.domain.errors import BadPictureError, DownError, UnknownOutcomeError
from retrato.providers.addresses import PublicResolver, ResultHosts
from retrato.providers.exchange import (
    BROKEN,
    Exchange,
    Reply,
    TooLargeError,
    fit_to_print,
    kind,
    place,
    sending_noted,
)
from retrato.providers.results import Results

MAX_BYTES = 20 * 1024 * 1024
"""More than any provider sends for one picture: a FLUX JPEG has 0.1-0.6 MB, base64 PNG up to 4 MB."""

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""Raised by aiohttp (3.13) only before it sends: bad URL, unknown name, refused, no route, TLS, timeout."""


class Http:
    """
    Calls providers and fetches result pictures; enter it before use.

    *timeout_s* bounds one call from connecting to the last byte, *connect_timeout_s* its beginning;
    *result_timeout_s* one download. *result_hosts* are ``host[:port]`` entries from which results may come
    although they are private or plain http. *sleep*, *clock* (monotonic seconds) and *resolver* are there
    for tests; legs take their time from here.
    """

    def __init__(
        self,
        *,
        version: str,
        timeout_s: float = 60,
        connect_timeout_s: float = 10,
        result_timeout_s: float = 30,
        max_bytes: int = MAX_BYTES,
        result_hosts: Iterable[str] = (),
        resolver: AbstractResolver | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.timeout_s = timeout_s
        self.sleep = sleep
        self.clock = clock
        self._user_agent = f"retrato/{version}"
        self._connect_timeout_s = connect_timeout_s
        self._result_timeout_s = result_timeout_s
        self._max_bytes = max_bytes
        self._hosts = ResultHosts(result_hosts)
        self._resolver = resolver
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        # Paid requests never ride on an idle connection that the server may be closing at that moment: a
        # disconnect there would say nothing about whether the request was taken.
        self._paid = await self._session(aiohttp.TCPConnector(force_close=True, resolver=self._resolver))
        self._free = await self._session(aiohttp.TCPConnector(resolver=self._resolver))
        guard = PublicResolver(self._resolver or aiohttp.DefaultResolver(), self._hosts)
        self._stack.push_async_callback(guard.close)
        guarded = aiohttp.TCPConnector(force_close=True, use_dns_cache=False, resolver=guard)
        self._results = Results(
            await self._session(guarded),
            hosts=self._hosts,
            timeout_s=self._result_timeout_s,
            max_bytes=self._max_bytes,
            sleep=self.sleep,
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._stack.aclose()

    async def send(
        self,
        method: str,
        url: str,
        *,
        leg: str,
        paid: bool,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """
        Send one request and read its whole answer, whatever its status; redirects are not followed.

        *url* is already percent-encoded. *paid* says that the request may cost money once it has arrived.

        Raises:
            DownError: no answer; ``sent`` is False when the request surely did not leave.
            UnknownOutcomeError: a *paid* request was sent and its answer did not arrive.
            BadPictureError: the answer is larger than any picture.

        """
        seconds = self.timeout_s if timeout_s is None else timeout_s
        exchange = Exchange(max_bytes=self._max_bytes, headers=headers)
        where = f"{leg}: {place(method, url)}"
        broken = UnknownOutcomeError if paid else DownError
        try:
            async with asyncio.timeout(seconds):
                return await exchange.run(
                    self._paid if paid else self._free, method, URL(url, encoded=True), json=json
                )
        except TooLargeError as exc:
            raise BadPictureError(f"{where}: {exc}", leg=leg, status=exchange.status) from exc
        except _NOT_SENT as exc:
            raise DownError(f"{where}: no connection ({kind(exc)})", leg=leg, sent=False) from fit_to_print(exc)
        except TimeoutError as exc:
            if exchange.failed_already:
                return exchange.reply()
            message = f"{where}: no whole answer within {seconds:g} s"
            if not exchange.was_sent:
                raise DownError(message, leg=leg, sent=False) from exc
            raise broken(message, leg=leg, status=exchange.status) from exc
        except BROKEN as exc:
            if exchange.failed_already:
                return exchange.reply()
            message = f"{where}: connection broke before the whole answer came ({kind(exc)})"
            raise broken(message, leg=leg, status=exchange.status) from fit_to_print(exc)

    async def fetch_result(self, url: str, *, leg: str, request_id: str | None = None) -> bytes:
        """
        Download a finished picture, without any authorization; see `Results.fetch` for what it raises.

        Re-reading costs nothing, so a failed download is tried twice more.
        """
        return await self._results.fetch(url, leg=leg, request_id=request_id)

    async def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        # trust_env stays off: ~/.netrc would add an Authorization header, a proxy would hide the address.
        session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": self._user_agent},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout_s),
            trace_configs=[sending_noted()],
        )
        return await self._stack.enter_async_context(session)
