"""
The token of a console for which none is set: made once, kept in the data folder, readable by its owner alone.

Two daemons that start together get the same one: the file appears whole, by a hard link that fails where there is
one already. A symbolic link, another user's file, or one that others can read is refused: whoever made it, or has
read it, could log in.
"""

import os
import secrets
import stat
from contextlib import suppress
from errno import ELOOP
from pathlib import Path

from retrato.domain.errors import ConfigError

NAME = "console-token"

_BYTES = 32
_SHORTEST = 16
_LONGEST = 1024


def keep_token(folder: Path) -> str:
    """
    The token in *folder*, made now where there is none.

    Raises:
        ConfigError: there is a file that cannot be trusted, or none can be made.

    """
    try:
        token = read_token(folder)
        if token is None:
            _make(folder)
            token = read_token(folder)
    except OSError as exc:
        raise ConfigError(f"no token for the console can be kept in {folder}: {exc.strerror or exc}") from exc
    if token is None:
        raise ConfigError(f"{folder / NAME} was removed while it was made")
    return token


def read_token(folder: Path) -> str | None:
    """
    The token in *folder*; None where there is none.

    Raises:
        ConfigError: there is a file, and it cannot be trusted.

    """
    path = folder / NAME
    try:
        # Not to be blocked by what is no file; not to follow a link.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as exc:
        reason = "it is a symbolic link" if exc.errno == ELOOP else exc.strerror or str(exc)
        raise _refused(path, reason) from exc
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(path, "it is no file")
        if os.geteuid() not in {0, status.st_uid}:
            raise _refused(path, "it belongs to another user")
        if status.st_mode & 0o077:
            raise _refused(path, "others can read or write it")
        token = os.read(fd, _LONGEST + 1).decode("ascii", errors="replace").strip()
    finally:
        os.close(fd)
    if not (_SHORTEST <= len(token) <= _LONGEST and token.isascii() and token.isprintable()):
        raise _refused(path, "it holds no token")
    return token


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{NAME}.{secrets.token_hex(8)}"
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "w") as file:
            owner = folder.stat()
            if os.geteuid() == 0 and owner.st_uid != 0:
                # An administrator asks before the daemon has started, which must be able to read it.
                os.fchown(fd, owner.st_uid, owner.st_gid)
            file.write(f"{secrets.token_urlsafe(_BYTES)}\n")
            file.flush()
            os.fsync(fd)
        with suppress(FileExistsError):  # another daemon was faster: its token holds
            os.link(fresh, folder / NAME, follow_symlinks=False)
    finally:
        fresh.unlink(missing_ok=True)


def _refused(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"the console's token in {path} is not used, since {reason}: remove it, and a new one is made at the next "
        "start; or set RETRATO_CONSOLE_TOKEN"
    )
