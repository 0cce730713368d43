"""
Files of a picture folder, reached without following a link.

The folder is served to everybody. A symbolic link in it, as a file or as one of the folders in between, would show
whatever it leads to; a pipe or a device would keep its reader for ever. None of them is ever made by the store, so
none is a picture. The picture folder itself may be a link: that is where the operator has put it.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
_LINKED = {errno.ELOOP, errno.ENOTDIR}
"""What opening says of a link where none is followed; ENOTDIR for a link where a folder was wanted."""


def read(root: Path, key: str) -> bytes:
    """
    The bytes of the file *key* below *root*.

    Raises:
        FileNotFoundError: there is no such file, or what is there is none that the store has made.
        OSError: it could not be read.
        ValueError: *key* leads out of *root*.

    """
    with _opened(root, key) as descriptor, open(descriptor, "rb", closefd=False) as file:
        return file.read()


def exists(root: Path, key: str) -> bool:
    """
    Whether *key* is a file below *root* that `read` would read.

    Raises:
        OSError: it cannot be told.
        ValueError: *key* leads out of *root*.

    """
    try:
        with _opened(root, key):
            return True
    except FileNotFoundError:
        return False


def passes_link(root: Path, key: str) -> bool:
    """Whether *key*, or a folder between it and *root*, is a symbolic link."""
    parts = [part for part in key.split("/") if part]
    return any(root.joinpath(*parts[:count]).is_symlink() for count in range(1, len(parts) + 1))


@contextmanager
def _opened(root: Path, key: str) -> Iterator[int]:
    """A descriptor of the file; each step is opened from the one before, so nothing can be exchanged meanwhile."""
    *folders, name = key.split("/")
    if {"", ".", ".."} & {*folders, name}:
        raise ValueError(f"{key!r} is no path below a folder")
    opened = [os.open(root, _FOLDER)]
    try:
        for folder in folders:
            opened.append(os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=opened[-1]))
        opened.append(os.open(name, _FILE | os.O_NOFOLLOW, dir_fd=opened[-1]))
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            raise FileNotFoundError(errno.ENOENT, "no regular file", key)
        yield opened[-1]
    except OSError as exc:
        if exc.errno in _LINKED | {errno.ENXIO}:  # ENXIO: a socket
            raise FileNotFoundError(errno.ENOENT, "no regular file", key) from exc
        raise
    finally:
        for descriptor in opened:
            os.close(descriptor)
