"""The store of finished pictures, on a folder, in memory or on S3: the same promises everywhere."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError
from obstore.store import LocalStore, ObjectStore

from retrato.domain.errors import NotFoundError, StorageError
from retrato.storage.keys import picture_keys

if TYPE_CHECKING:
    # obstore has these in its stubs only.
    from obstore import Attributes, PutMode

_ATTRIBUTES: "Attributes" = {
    "Content-Type": "image/jpeg",
    "Cache-Control": "public, max-age=31536000, immutable",
}
"""A key never gets other bytes, so whoever has a picture never needs to ask again."""

# obstore raises built-in errors where one fits (FileNotFoundError, ValueError for a bad path,
# NotImplementedError) and its own otherwise (obstore 0.12.1).
_MISSING = (FileNotFoundError, ObjectNotFoundError)
_FAILURES = (BaseError, OSError, ValueError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """One object as the store lists it; ``last_modified`` has a time zone."""

    key: str
    image_bytes: int
    last_modified: datetime


class PictureStore:
    """
    Pictures by key. Every call ends within *timeout_s* or raises StorageError.

    *public_url* is the prefix under which browsers find the pictures, e.g. ``/avatars``.
    """

    def __init__(self, backend: ObjectStore, *, public_url: str, timeout_s: float) -> None:
        self._backend = backend
        self._public_url = public_url.rstrip("/")
        self._timeout_s = timeout_s
        # Only for a folder, which keeps no attributes and may lose what it took when the power fails.
        self._folder = backend.prefix if isinstance(backend, LocalStore) else None

    def url(self, key: str) -> str:
        """Where a browser finds the picture: the public prefix and the percent-encoded *key*."""
        return f"{self._public_url}/{quote(key)}"

    async def put(self, key: str, data: bytes) -> None:
        """
        Store a JPEG under a new *key*; it lasts when this returns. The same bytes again are fine.

        Raises:
            StorageError: not stored, or the key holds other bytes already; those stay.

        """
        async with self._bounded("store", key):
            try:
                await self._put(key, data, mode="create")
            except AlreadyExistsError:
                # Our own earlier try, its answer lost, looks the same as somebody else's picture.
                if await self._get(key) != data:
                    raise
            except _FAILURES:
                # Not every back end can create only (501 from some S3, folders without hard links), and a
                # store that ignores the wish says nothing: the key's uniqueness is what protects.
                await self._put(key, data, mode="overwrite")
            if self._folder is not None:
                await asyncio.to_thread(_make_durable, self._folder / key, self._folder)

    async def get(self, key: str) -> bytes:
        """
        The bytes under *key*.

        Raises:
            NotFoundError: there is no such picture.
            StorageError: the store did not answer as it should.

        """
        async with self._bounded("read", key):
            try:
                return await self._get(key)
            except _MISSING as error:
                raise NotFoundError(f"no picture {key!r} in the store") from error

    async def exists(self, key: str) -> bool:
        """
        Whether there is a picture under *key*.

        Raises:
            StorageError: the store did not answer as it should.

        """
        async with self._bounded("look for", key):
            try:
                await obstore.head_async(self._backend, key)
            except _MISSING:
                return False
            return True

    async def delete(self, key: str) -> None:
        """
        Remove the picture under *key*; that it is gone already is fine.

        Raises:
            StorageError: the store did not answer as it should.

        """
        async with self._bounded("delete", key):
            try:
                await obstore.delete_async(self._backend, key)
            except _MISSING:
                return

    async def list(self, prefix: str = "") -> AsyncIterator[StoredPicture]:
        """
        Everything below the folder *prefix* (whole segments: ``a`` is not ``ab/…``), in no promised order.

        A bucket may hold strangers' objects too: remove only what ``keys.is_key`` knows.

        Raises:
            StorageError: the store did not answer as it should; what came before is true.

        """
        pages = aiter(obstore.list(self._backend, prefix or None))
        while True:
            async with self._bounded("list", prefix):
                page = await anext(pages, None)
            if page is None:
                return
            for found in page:
                yield StoredPicture(found["path"], found["size"], found["last_modified"])

    async def probe(self) -> None:
        """
        Write, read and delete a small object: what every picture will need.

        Raises:
            StorageError: which of the three failed, and why.

        """
        data = secrets.token_bytes(32)
        # A regular key, so that gc finds it if we die in between.
        key = picture_keys(
            empresa_id="probe",
            persona_id="probe",
            version=0,
            token=secrets.randbits(31),
            sha256=sha256(data).hexdigest(),
        ).image
        await self.put(key, data)
        try:
            if await self.get(key) != data:
                raise StorageError(f"the store gave back other bytes than it took under {key!r}")
        except NotFoundError as error:
            raise StorageError(f"the store does not know {key!r}, which it has just taken") from error
        finally:
            await self.delete(key)

    async def _put(self, key: str, data: bytes, *, mode: "PutMode") -> None:
        # LocalStore refuses attributes; pictures are far too small for several parts.
        attributes = _ATTRIBUTES if self._folder is None else None
        await obstore.put_async(self._backend, key, data, attributes=attributes, mode=mode, use_multipart=False)

    async def _get(self, key: str) -> bytes:
        result = await obstore.get_async(self._backend, key)
        return bytes(await result.bytes_async())

    @asynccontextmanager
    async def _bounded(self, doing: str, key: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError as error:
            raise StorageError(f"could not {doing} {key!r} within {self._timeout_s:g} s") from error
        except _FAILURES as error:
            # obstore appends its debug output after an empty line.
            reason = str(error).partition("\n\n")[0]
            raise StorageError(f"could not {doing} {key!r}: {reason}") from error


def _make_durable(path: Path, root: Path) -> None:
    """Flush a file and its folders up to *root* to disk: the row that names it will survive a power cut."""
    folders = path.parents[: len(path.relative_to(root).parts)]
    for place in (path, *folders):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
