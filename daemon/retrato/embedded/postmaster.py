"""What a server says about itself in ``postmaster.pid``, and how far that may be believed."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from retrato.embedded.folder import Folder
from retrato.embedded.privileges import server_environment

_ANSWER_WITHIN_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a running server is to be reached."""

    pid: int
    port: int
    socket_dir: Path
    password: str = field(repr=False)

    def dsn(self, database: str) -> str:
        """A URL over TCP, with the password."""
        return f"postgresql://retrato:{self.password}@127.0.0.1:{self.port}/{database}"


def read_endpoint(folder: Folder) -> Endpoint | None:
    """
    What the server wrote when it began to take connections; None before that, and while it stops.

    A killed server leaves its last words behind: they count only once it has answered.

    Raises:
        ConfigError: the password file is gone.

    """
    match _lines(folder):
        case [pid, _, _, port, socket_dir, _, _, "ready", *_]:
            return Endpoint(
                pid=int(pid), port=int(port), socket_dir=Path(socket_dir), password=folder.read_password()
            )
    return None


def answers(endpoint: Endpoint, *, psql: Path) -> bool:
    """Does a query come back? With our password, by SCRAM, so that it is surely our server that answers."""
    target = f"host=127.0.0.1 port={endpoint.port} user=retrato dbname=retrato sslmode=disable"
    try:
        reply = subprocess.run(  # noqa: S603
            [psql, "-XAtqw", "-c", "select 1", target],
            env={**server_environment(), "PGPASSWORD": endpoint.password},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return reply.returncode == 0 and reply.stdout.strip() == "1"


def has_strange_server(folder: Folder) -> bool:
    """
    Does a server run on our data that somebody started by hand, so that it holds no lock?

    The pid alone proves nothing, another process may have got it; a server works inside of its data folder.
    """
    match _lines(folder):
        case [pid, *_] if pid.isdecimal():
            try:
                return Path(f"/proc/{pid}/cwd").readlink() == folder.data
            except OSError:
                return False
    return False


def clear_remains(folder: Folder, socket_dir: Path) -> None:
    """
    Remove what a killed server left. Only for the holder of the lock.

    Postgres itself would refuse to start when another process has got the pid that these files name.
    """
    (folder.data / "postmaster.pid").unlink(missing_ok=True)
    for remnant in socket_dir.glob(".s.PGSQL.*"):
        remnant.unlink(missing_ok=True)


def _lines(folder: Folder) -> list[str]:
    try:
        return [line.strip() for line in (folder.data / "postmaster.pid").read_text().splitlines()]
    except FileNotFoundError:
        return []
