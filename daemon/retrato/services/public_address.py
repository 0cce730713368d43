"""
The pictures' public address: known before anything is drawn, and kept in the database as today's prefix.

    set by RETRATO_PUBLIC_URL ─┐
    our own console listens ───┼─▶ known ─▶ kept in the database, pictures are drawn
    another process serves ────┘
    none of them ─────────────────▶ jobs wait, and say why

Another process serves the pictures where one that is put into the store comes out there: a further replica on this
machine, a web server. Whoever else listens on the port would answer 404 for pictures that were paid for.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

import aiohttp
import structlog

from retrato.domain.errors import StorageError, StoreAwayError, StoreUnavailableError
from retrato.storage.picture_store import PictureStore
from retrato.store.addresses import Addresses
from retrato.supervise import wait_for_any

log = structlog.get_logger()

_LOOK_EVERY_S = 10.0
_ANSWER_S = 2.0


class PublicAddress:
    """
    Says under which prefix *store*'s pictures are found, and waits for one.

    *told* is what the settings say; else *listening_at* is asked where our own console serves them, None while it
    does not, and the *places* and what the database knows are tried. *reason* says why none may be there.
    """

    name = "public-address"

    def __init__(
        self,
        store: PictureStore,
        addresses: Addresses,
        *,
        told: str | None,
        listening_at: Callable[[], str | None],
        places: Sequence[str],
        reason: str,
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._store = store
        self._addresses = addresses
        self._told = told
        self._listening_at = listening_at
        self._places = places
        self._reason = reason
        self._look_every_s = look_every_s
        self._known: str | None = None
        self._looked_at = -look_every_s
        self._lock = asyncio.Lock()

    async def require(self) -> None:
        """
        Let pass once an address is known; costs nothing from then on.

        Raises:
            StoreAwayError: none is.
            StoreUnavailableError: the database is away.

        """
        if self._known is None:
            async with self._lock:
                if self._known is None:
                    await self._look()
        self.check()

    def check(self) -> None:
        """As `require`, without looking: what was seen last counts."""
        if self._known is None:
            raise StoreAwayError(f"nothing is drawn while the pictures have no public address: {self._reason}")

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then: a port becomes free, and who served the pictures may end."""
        while not stop.is_set():
            try:
                async with self._lock:
                    await self._look()
            except StoreUnavailableError as exc:
                log.debug("address.not_kept", error=str(exc))
            await wait_for_any(stop, timeout_s=self._look_every_s)

    async def _look(self) -> None:
        found = self._told if self._told is not None else self._listening_at()
        if found is None:
            # Where it was served a moment ago it still is; each look stores a small object.
            if time.monotonic() - self._looked_at < self._look_every_s / 2:
                return
            found = await self._served_elsewhere()
            self._looked_at = time.monotonic()
        if found is not None and found != self._known:
            await self._addresses.keep(found)
            self._store.public_url = found
            log.info("address.known", public_url=found)
        elif found is None and self._known is not None:
            log.warning("address.lost", reason=self._reason)
        self._known = found

    async def _served_elsewhere(self) -> str | None:
        today = await self._addresses.today()
        for place in dict.fromkeys([*([today] if today is not None else []), *self._places]):
            if await serves(place, self._store):
                return place
        return None


async def serves(public_url: str, store: PictureStore) -> bool:
    """Whether a picture that is put into *store* is found under *public_url*."""
    if not public_url.startswith(("http://", "https://")) or not store.is_lasting:
        return False
    try:
        async with (
            store.sample() as (key, data),
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_S)) as session,
            session.get(f"{public_url}/{key}") as answer,
        ):
            return answer.status == HTTPStatus.OK and await answer.content.read(len(data) + 1) == data
    except (aiohttp.ClientError, StorageError, TimeoutError, ValueError, OSError):
        return False
