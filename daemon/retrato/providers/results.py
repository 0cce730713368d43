"""Fetching a finished picture from wherever the provider put it."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import aiohttp
import structlog
from yarl import URL

from retrato.domain.errors import (
    BadPictureError,
    DownError,
    MisconfiguredError,
    UnknownOutcomeError,
)
from retrato.providers.addresses import PrivateAddressError, ResultHosts
from retrato.providers.exchange import BROKEN, Exchange, Reply, TooLargeError, fit_to_print, kind, place

log = structlog.get_logger()

_WAITS_S = (0.5, 1.0)
"""Before the second and the third reading."""
_MAX_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}


class Results:
    """
    Downloads result pictures: https and public addresses only, checked at every redirect.

    The session's resolver checks names after they have been resolved; this class checks everything that a
    URL itself can say. A file is fetched without authorization: it lies on somebody's CDN.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        hosts: ResultHosts,
        timeout_s: float,
        max_bytes: int,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._session = session
        self._hosts = hosts
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._sleep = sleep

    async def fetch(self, url: str, *, leg: str, request_id: str | None) -> bytes:
        """
        The bytes behind *url*, unchecked.

        Raises:
            UnknownOutcomeError: three readings failed; the picture exists and may be paid for.
            MisconfiguredError: the URL leads where results may not come from.
            BadPictureError: it is larger than any picture, or *url*, or where it redirects to, is no address.

        """
        target = _url(url, leg=leg)
        for wait_s in (*_WAITS_S, None):
            try:
                return await self._download(target, leg=leg)
            except DownError as exc:
                if wait_s is None:
                    raise UnknownOutcomeError(
                        f"{exc}; tried {len(_WAITS_S) + 1} times", leg=leg, request_id=request_id
                    ) from exc
                log.debug("result.missed", leg=leg, wait_s=wait_s, error=str(exc))
                await self._sleep(wait_s)
        raise AssertionError("unreachable")  # pragma: no cover

    async def _download(self, url: URL, *, leg: str) -> bytes:
        for _ in range(_MAX_REDIRECTS + 1):
            reply = await self._get(url, leg=leg)
            if reply.status == HTTPStatus.OK:
                return reply.body
            target = reply.headers.get("Location")
            if reply.status not in _REDIRECTS or not target:
                raise DownError(f"{leg}: {place('GET', str(url))}: status {reply.status}", leg=leg)
            url = _url(target, leg=leg, base=url)
        raise DownError(f"{leg}: more than {_MAX_REDIRECTS} redirects to a result", leg=leg)

    async def _get(self, url: URL, *, leg: str) -> Reply:
        where = f"{leg}: {place('GET', str(url))}"
        if objection := self._hosts.objection(url):
            raise self._forbidden(url, objection, leg=leg)
        exchange = Exchange(max_bytes=self._max_bytes, headers={"Accept-Encoding": "identity"})
        try:
            async with asyncio.timeout(self._timeout_s):
                return await exchange.run(self._session, "GET", url)
        except TooLargeError as exc:
            raise BadPictureError(f"{where}: {exc}", leg=leg) from exc
        except aiohttp.ClientConnectorError as exc:
            if isinstance(exc.os_error, PrivateAddressError):
                raise self._forbidden(url, "does not lead to a public address", leg=leg) from exc
            raise DownError(f"{where}: no connection ({kind(exc)})", leg=leg) from exc
        except TimeoutError as exc:
            raise DownError(f"{where}: no whole answer within {self._timeout_s:g} s", leg=leg) from exc
        except BROKEN as exc:
            raise DownError(f"{where}: connection broke ({kind(exc)})", leg=leg) from fit_to_print(exc)

    @staticmethod
    def _forbidden(url: URL, objection: str, *, leg: str) -> MisconfiguredError:
        # Each further picture would be paid for and thrown away: the leg closes until a person decides.
        return MisconfiguredError(
            f"{leg}: the result at {url.host}:{url.port} {objection}; "
            f"if that is meant, add {url.host}:{url.port} to RETRATO_RESULT_HOSTS",
            leg=leg,
        )


def _url(text: str, *, leg: str, base: URL | None = None) -> URL:
    """*text* as an address that can be asked, seen from *base* where it is relative."""
    # Signed URLs are taken as they are: quoting them anew could break the signature.
    as_it_is = text.isascii() and text.isprintable() and " " not in text
    try:
        url = URL(text, encoded=as_it_is)
        if base is not None:
            url = base.join(url)
        # yarl reads host and port when first asked for them, and a name has limits that only its encoding knows.
        _ = str(url), url.port, url.host, (url.raw_host or "").encode("idna")
    except ValueError as exc:
        raise BadPictureError(f"{leg}: the result's address is no URL", leg=leg) from exc
    return url
