"""RETRATO_STORAGE_URL: which store is meant, and what is wrong with it if none can be."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from retrato.domain.errors import ConfigError
from retrato.storage.picture_store import PictureStore

_SETTING = "RETRATO_STORAGE_URL"
_WANTED = "file:///folder, s3://bucket/prefix or memory://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


def open_store(url: str, *, public_url: str, timeout_s: float = 30.0) -> PictureStore:
    """
    The store at *url*; nothing is contacted, only a ``file://`` folder is created where it is missing.

    ``s3://`` takes keys, region and endpoint from the usual ``AWS_*`` variables (``AWS_ACCESS_KEY_ID``,
    ``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``, ``AWS_ENDPOINT_URL``); profiles in ``~/.aws`` are not read.
    ``memory://`` forgets everything at the end. *timeout_s* bounds each later call.

    Raises:
        ConfigError: the URL names no store that could be opened.

    """
    try:
        parts = urlsplit(url)
        backend = _backend(parts)
    except (BaseError, OSError, ValueError) as error:
        reason = str(error).partition("\n\n")[0]
        raise ConfigError(f"{_SETTING}: {_shown(url)!r} cannot be opened: {reason}; wanted: {_WANTED}") from error
    return PictureStore(backend, public_url=public_url, timeout_s=timeout_s)


def _backend(parts: SplitResult) -> ObjectStore:
    if parts.query or parts.fragment:
        raise ValueError("it has a ? or # part (in a folder's name write %3F, %23)")
    match parts.scheme:
        case "file":
            return _folder(parts)
        case "memory":
            return MemoryStore()
        case "s3":
            return _bucket(parts)
        case scheme:
            raise ValueError(f"there is no store of kind {scheme!r}")


def _folder(parts: SplitResult) -> LocalStore:
    folder = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not folder.is_absolute():
        raise ValueError("a folder's URL has three slashes and an absolute path")
    if folder == Path(folder.anchor):
        raise ValueError("the folder is missing")
    folder.mkdir(parents=True, exist_ok=True)
    return LocalStore(folder, automatic_cleanup=True)


def _bucket(parts: SplitResult) -> S3Store:
    prefix = unquote(parts.path).strip("/")
    if "@" in parts.netloc:
        raise ValueError("keys belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, not into the URL")
    if not _BUCKET.fullmatch(parts.netloc):
        raise ValueError(f"{parts.netloc!r} is no bucket's name")
    if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
        raise ValueError(f"{prefix!r} is no prefix: letters, digits and . _ - between single slashes")
    return S3Store(
        parts.netloc,
        prefix=prefix or None,
        # Whoever sets an http endpoint means it; requests are signed, so no secret travels.
        client_options={"allow_http": True},
        # Within the timeout of one call; the job's own retries come after.
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
    )


def _shown(url: str) -> str:
    """The URL without what stands before an @, which may be a secret, and not longer than a line."""
    return re.sub(r"//[^/]*@", "//…@", url)[:200]
