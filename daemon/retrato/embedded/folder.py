"""
What lies where in the folder of a server, which is ours alone.

    <data_dir>/postgres/    0700
        lock                see lock.py
        password            of the role retrato; 0600
        port                the TCP port on 127.0.0.1, the same at the next start where it is free
        log, log.1          of this start and of the one before; 0600
        run/                0700, the Unix socket; elsewhere where this path is too long, see sockets.py
        data/               PGDATA; it appears by a rename, so it is never half made
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from retrato.domain.errors import ConfigError

_UNPRIVILEGED_PORTS = range(1024, 65536)


@dataclass(frozen=True, slots=True)
class Folder:
    """The paths under *root*, which is absolute, and the small files in it."""

    root: Path

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.root / "data"

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.root / "lock"

    @property
    def log(self) -> Path:
        """What the server said since its last start."""
        return self.root / "log"

    @property
    def password(self) -> Path:
        """The password file."""
        return self.root / "password"

    @property
    def port(self) -> Path:
        """The port file."""
        return self.root / "port"

    def create(self) -> None:
        """Make the folder, and with the usual rights those above it, where they are missing."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self.root.mkdir(mode=0o700, exist_ok=True)

    def major(self) -> int | None:
        """The version of Postgres that the data belong to; None where there are none."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def new_password(self) -> None:
        """Write a fresh random password."""
        self._write(self.password, secrets.token_urlsafe(24))

    def read_password(self) -> str:
        """
        The password of the role retrato.

        Raises:
            ConfigError: the file is gone.

        """
        try:
            return self.password.read_text().strip()
        except FileNotFoundError:
            raise ConfigError(
                f"{self.password} is missing: bring it back, or remove {self.root} with all its data"
            ) from None

    def last_port(self) -> int | None:
        """The port of the last start; None where there was none, or where it makes no sense."""
        try:
            port = int(self.port.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return port if port in _UNPRIVILEGED_PORTS else None

    def note_port(self, port: int) -> None:
        """Keep *port* for others to find, and for the next start."""
        self._write(self.port, f"{port}\n")

    def open_log(self) -> IO[bytes]:
        """A new log; the former one is kept beside it."""
        if self.log.exists():
            self.log.replace(self.log.with_name("log.1"))
        return os.fdopen(_open_new(self.log), "wb")

    def log_tail(self, lines: int = 15) -> str:
        """The last *lines* that the server said."""
        try:
            said = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(said.splitlines()[-lines:])

    def _write(self, path: Path, text: str) -> None:
        # Readers see the old text or the new, never a part.
        fresh = path.with_name(f"{path.name}.new")
        with os.fdopen(_open_new(fresh), "w") as file:
            file.write(text)
        fresh.replace(path)


def _open_new(path: Path) -> int:
    """A descriptor of an empty file that only we can read, never of what a link points to."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
