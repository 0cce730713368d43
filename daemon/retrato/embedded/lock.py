"""
One server per folder.

The lock is taken with flock before anything is touched, and every process of the server inherits it. It is
free exactly when no process of the server lives, however its owner ended and whatever pid a file still names.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FolderLock:
    """
    The right to start the server of a folder.

    Closing it gives up our part only; a server that inherited ``fd`` goes on holding it.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """The lock, or None while another process or a server holds it. Does not wait."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        return cls(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not LOCK_UN: it would take the lock from the server too.
        os.close(self.fd)
