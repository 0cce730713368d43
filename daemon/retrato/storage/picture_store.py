"""The store of finished pictures, on a folder, in memory or on S3: the same promises everywhere."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from retrato.domain.errors import NotFoundError, StorageError
from retrato.storage import regular_files
from retrato.storage.keys import is_key, picture_keys
from retrato.storage.reasons import is_bucket_missing, reason_of

if TYPE_CHECKING:
    # obstore has these in its stubs only.
    from obstore import Attributes, PutMode
    from obstore._sign import HTTP_METHOD

JPEG = "image/jpeg"
IMMUTABLE = "public, max-age=31536000, immutable"
"""Cache-Control: a key never gets other bytes, so whoever has a picture never needs to ask again."""

_ATTRIBUTES: "Attributes" = {"Content-Type": JPEG, "Cache-Control": IMMUTABLE}

_OWNER = ".retrato-owner"
"""No picture's name, so it is never served and never collected."""
_PROBE_BYTES = 1_000_000
"""More than a picture has: a disk or a quota that is used up takes a small object and no picture."""
_LEAST_FREE_BYTES = 10_000_000
_LEAST_FREE_FILES = 100
"""Room for the pictures that may be in hand: about 0.4 MB, two files and two folders each."""
_OF_A_NOTE: "Attributes" = {"Content-Type": "text/plain", "Cache-Control": "no-store"}

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


@dataclass(frozen=True, slots=True)
class Habits:
    """What a store does that others do not; null where it tells nothing, as a folder does."""

    creates_only: bool
    """Whether a second picture under a key is refused. Nothing rests on it: keys are never used twice."""
    content_type: str | None
    cache_control: str | None


class PictureStore:
    """
    Pictures by key. Every call ends within *timeout_s* or raises StorageError.

    *public_url* is the prefix under which browsers find the pictures, e.g. ``/avatars``; it may be known later.
    """

    def __init__(self, backend: ObjectStore, *, public_url: str, timeout_s: float) -> None:
        self._backend = backend
        self.public_url = public_url.rstrip("/")
        """Under which `url` finds a picture."""
        self._timeout_s = timeout_s
        # Only for a folder, which keeps no attributes and may lose what it took when the power fails.
        self._folder = backend.prefix if isinstance(backend, LocalStore) else None

    @property
    def is_lasting(self) -> bool:
        """Whether it outlives the process."""
        return not isinstance(self._backend, MemoryStore)

    def url(self, key: str) -> str:
        """Where a browser finds the picture: the public prefix and the percent-encoded *key*."""
        return f"{self.public_url}/{quote(key)}"

    async def put(self, key: str, data: bytes) -> None:
        """
        Store a JPEG under a new *key*; it lasts when this returns. The same bytes again are fine.

        Raises:
            StorageError: not stored, or the key holds other bytes already; those stay.

        """
        async with self._bounded("store", key):
            if self._folder is not None and regular_files.passes_link(self._folder, key.rpartition("/")[0]):
                raise OSError("a symbolic link in the picture folder is not followed")
            try:
                await self._put(key, data, mode="create")
            except AlreadyExistsError as error:
                # Our own earlier try, its answer lost, looks the same as somebody else's picture.
                if await self._get(key) != data:
                    raise StorageError(f"could not store {key!r}: it already exists, with other bytes") from error
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
                if is_bucket_missing(error):
                    raise
                raise NotFoundError(f"no picture {key!r} in the store") from error

    async def exists(self, key: str) -> bool:
        """
        Whether there is a picture under *key*.

        Raises:
            StorageError: the store did not answer as it should.

        """
        async with self._bounded("look for", key):
            try:
                if self._folder is not None:
                    return await asyncio.to_thread(regular_files.exists, self._folder, key)
                # Not HEAD: its answer has no body, and does not tell a missing picture from a missing bucket.
                await obstore.get_range_async(self._backend, key, start=0, length=1)
            except _MISSING as error:
                if is_bucket_missing(error):
                    raise
                return False
            return True

    async def delete(self, key: str) -> None:
        """
        Remove the picture under *key*, and of a folder what is empty then; that it is gone already is fine.

        Raises:
            StorageError: the store did not answer as it should.

        """
        async with self._bounded("delete", key):
            try:
                await obstore.delete_async(self._backend, key)
            except _MISSING as error:
                if is_bucket_missing(error):
                    raise

    async def owner(self) -> str | None:
        """
        Whose pictures these are, as somebody has said with `set_owner`; None where nobody has.

        Raises:
            StorageError: the store did not answer as it should.

        """
        try:
            return (await self.get(_OWNER)).decode(errors="replace").strip() or None
        except NotFoundError:
            return None

    async def set_owner(self, owner: str) -> None:
        """
        Say whose pictures these are; whoever was said before is forgotten.

        Raises:
            StorageError: it could not be stored.

        """
        async with self._bounded("store", _OWNER):
            await self._put_owner(owner, mode="overwrite")

    async def claim(self, owner: str) -> None:
        """
        Say whose pictures these are, unless somebody was said before.

        Raises:
            StorageError: it could not be stored.

        """
        async with self._bounded("store", _OWNER):
            try:
                await self._put_owner(owner, mode="create")
            except AlreadyExistsError:
                return
            except _FAILURES:  # as in `put`
                await self._put_owner(owner, mode="overwrite")

    async def _put_owner(self, owner: str, *, mode: "PutMode") -> None:
        attributes = _OF_A_NOTE if self._folder is None else None
        text = f"{owner}\n".encode()
        await obstore.put_async(self._backend, _OWNER, text, attributes=attributes, mode=mode, use_multipart=False)
        if self._folder is not None:
            await asyncio.to_thread(_make_durable, self._folder / _OWNER, self._folder)

    async def require_room(self) -> None:
        """
        Look whether a picture will fit, as far as it can be told without storing one: of a bucket it cannot.

        Raises:
            StorageError: the folder's disk is nearly full, or read-only.

        """
        if self._folder is None:
            return
        async with self._bounded("look for room in", str(self._folder)):
            want = await asyncio.to_thread(want_of_room, self._folder)
        if want is not None:
            raise StorageError(f"{self._folder}: {want}")

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
                if found["path"] == _OWNER:
                    continue
                if self._folder is not None and regular_files.passes_link(self._folder, found["path"]):
                    continue
                yield StoredPicture(found["path"], found["size"], found["last_modified"])

    async def signed_url(self, key: str, *, lives_s: int, method: "HTTP_METHOD" = "GET") -> str | None:
        """
        An address at the store that opens *key* to whoever has it, for *lives_s* seconds: keep it out of logs.

        None where there is no such thing: a folder, memory. Whether the picture is there is not asked.

        Raises:
            StorageError: nothing could be signed, or *key* is no picture's name.

        """
        if not isinstance(self._backend, S3Store):
            return None
        async with self._bounded("sign an address for", key):
            if not is_key(key):
                raise ValueError("it is no picture's name")
            return await obstore.sign_async(self._backend, method, key, timedelta(seconds=lives_s))

    async def origin(self) -> str | None:
        """
        Scheme, host and port of `signed_url`'s addresses; None where there are none.

        Raises:
            StorageError: nothing could be signed.

        """
        url = await self.signed_url(_probe_key(b""), lives_s=1)
        if url is None:
            return None
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}"

    async def probe(self) -> Habits:
        """
        Write, read and delete an object of a picture's size; returns what was seen on the way.

        Raises:
            StorageError: which of the three failed, and why.

        """
        data = secrets.token_bytes(_PROBE_BYTES)
        key = _probe_key(data)
        await self.put(key, data)
        try:
            attributes = await self._read_back(key, data)
            creates_only = await self._creates_only(key)
        finally:
            await self.delete(key)
        return Habits(creates_only, attributes.get("Content-Type"), attributes.get("Cache-Control"))

    @asynccontextmanager
    async def sample(self) -> AsyncIterator[tuple[str, bytes]]:
        """
        Key and bytes of a small object that is in the store for the length of the block.

        Raises:
            StorageError: it could not be stored, or not be removed.

        """
        data = secrets.token_bytes(32)
        key = _probe_key(data)
        await self.put(key, data)
        try:
            yield key, data
        finally:
            await self.delete(key)

    async def _read_back(self, key: str, data: bytes) -> "Attributes":
        async with self._bounded("read", key):
            try:
                result = await obstore.get_async(self._backend, key)
            except _MISSING as error:
                raise StorageError(f"the store does not know {key!r}, which it has just taken") from error
            if bytes(await result.bytes_async()) != data:
                raise StorageError(f"the store gave back other bytes than it took under {key!r}")
            return result.attributes

    async def _creates_only(self, key: str) -> bool:
        async with self._bounded("store", key):
            try:
                await self._put(key, b"second", mode="create")
            except AlreadyExistsError:
                return True
            except _FAILURES:
                return False
            return False

    async def _put(self, key: str, data: bytes, *, mode: "PutMode") -> None:
        # LocalStore refuses attributes; pictures are far too small for several parts.
        attributes = _ATTRIBUTES if self._folder is None else None
        await obstore.put_async(self._backend, key, data, attributes=attributes, mode=mode, use_multipart=False)

    async def _get(self, key: str) -> bytes:
        if self._folder is not None:
            return await asyncio.to_thread(regular_files.read, self._folder, key)
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
            raise StorageError(f"could not {doing} {key!r}: {reason_of(error)}") from error


def _probe_key(data: bytes) -> str:
    """A regular key, so that gc finds what is left if we die in between; no claim has the token 0."""
    return picture_keys(
        empresa_id="probe",
        persona_id="probe",
        version=0,
        token=0,
        sha256=sha256(data).hexdigest(),
    ).image


def want_of_room(folder: Path) -> str | None:
    """Why no further picture should be ordered for *folder*, which exists; None where there is room."""
    disk = os.statvfs(folder)
    if disk.f_flag & os.ST_RDONLY:
        return "the file system is mounted read-only"
    free = disk.f_bavail * disk.f_frsize
    if free < _LEAST_FREE_BYTES:
        return f"the disk is full: {free} bytes are free, {_LEAST_FREE_BYTES} are wanted"
    if disk.f_files and disk.f_favail < _LEAST_FREE_FILES:  # some file systems count no files
        return f"the disk is full: room for {disk.f_favail} files, {_LEAST_FREE_FILES} are wanted"
    return None


def _make_durable(path: Path, root: Path) -> None:
    """Flush a file and its folders up to *root* to disk: the row that names it will survive a power cut."""
    folders = path.parents[: len(path.relative_to(root).parts)]
    for place in (path, *folders):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
