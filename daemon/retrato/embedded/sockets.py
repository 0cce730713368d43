"""The folder of the Unix socket: closed to others, and short enough; and free TCP ports."""

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from retrato.domain.errors import ConfigError

# sun_path holds 108 bytes with the closing zero.
_PATH_BYTES = 107
_LONGEST_NAME = ".s.PGSQL.65535"


def create_socket_dir(root: Path) -> Path:
    """
    Make the folder ``run`` in *root*, 0700; where its path is too long, one among the temporary files.

    Raises:
        ConfigError: the name among the temporary files was taken by somebody else.

    """
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    name = f"retrato-{os.geteuid()}-{digest}"
    places = (root / "run", Path(tempfile.gettempdir(), name), Path("/tmp", name))  # noqa: S108
    socket_dir = next(place for place in places if _is_short(place))
    socket_dir.mkdir(mode=0o700, exist_ok=True)
    status = socket_dir.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {os.geteuid(), root.stat().st_uid}:
        raise ConfigError(f"{socket_dir} belongs to somebody else: set TMPDIR to another folder")
    socket_dir.chmod(0o700)
    return socket_dir


def to_setting(socket_dir: Path) -> str:
    """As the value of ``unix_socket_directories``: a list, while a name may hold commas and quotation marks."""
    doubled = str(socket_dir).replace('"', '""')
    return f'"{doubled}"'


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_short(socket_dir: Path) -> bool:
    return len(os.fsencode(socket_dir / _LONGEST_NAME)) <= _PATH_BYTES
