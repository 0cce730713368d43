"""
The guard of the picture store: is it still the one that holds what the database names, and is there room?

A store bears the name of its database, written before its first picture. A disk that is not mounted, a bucket that
was made anew or a mistyped address bears none: nothing is drawn into it before a person has said so.
"""

import asyncio
from dataclasses import dataclass

from retrato.domain.errors import StorageError
from retrato.storage.picture_store import PictureStore
from retrato.store.garbage import Garbage

SAMPLE = 10
"""So many of the newest pictures, and as many of the others, are looked for."""

CONFIRM = "bring it back; if a new store is meant, say `retrato gc --yes` once"


@dataclass(frozen=True, slots=True)
class Looked:
    """So many pictures were looked for, and so many of them are ``missing``."""

    pictures: int
    missing: int

    @property
    def is_lost(self) -> bool:
        """Whether it is another store than the one that the database knows."""
        return self.missing > self.pictures / 2


class StoreGuard:
    """Asked before each paid call, and before each picture is stored."""

    def __init__(self, garbage: Garbage, store: PictureStore) -> None:
        self._garbage = garbage
        self._store = store
        self._identity: str | None = None
        self._mark: str | None = None
        """What the store bears while it is the right one."""
        self._lock = asyncio.Lock()

    async def require(self) -> None:
        """
        Let a paid call pass.

        A store without a mark gets it where the database knows no picture yet, or where its pictures are there.

        Raises:
            StorageError: the store has lost its mark, is full or read-only, or does not answer.
            StoreUnavailableError: the database is away.

        """
        if self._store.is_lasting:
            async with self._lock:
                await self._require_mark()
        await self._store.require_room()

    async def require_same(self) -> None:
        """
        Let a picture be stored whose call `require` has let pass; does not ask the database.

        Raises:
            StorageError: the store has lost its mark since, or does not answer.

        """
        if self._store.is_lasting and await self._store.owner() not in {self._mark, self._identity}:
            raise StorageError(
                f"the store has lost its mark: a mount is missing, or a bucket was emptied; {CONFIRM}"
            )

    async def look(self) -> Looked:
        """
        Look for a sample of the pictures that the database names.

        Raises:
            StorageError: the store did not answer as it should.
            StoreUnavailableError: the database is away.

        """
        keys = await self._garbage.sample(each=SAMPLE)
        found = await asyncio.gather(*(self._store.exists(key) for key in keys))
        return Looked(pictures=len(keys), missing=found.count(False))

    async def _require_mark(self) -> None:
        mark = await self._store.owner()
        if mark is not None and mark == self._mark:
            return
        self._identity = self._identity or (await self._garbage.identity()).name
        if mark != self._identity:
            looked = await self.look()
            if looked.is_lost:
                bears = "no mark" if mark is None else "the mark of another database"
                seen = f"{looked.missing} of {looked.pictures} pictures that the database names are not in it"
                raise StorageError(
                    f"the store bears {bears}, and {seen}: a mount is missing, or RETRATO_STORAGE_URL leads "
                    f"elsewhere; {CONFIRM}"
                )
        if mark is None:
            await self._store.claim(self._identity)
            mark = self._identity
        self._mark = mark
