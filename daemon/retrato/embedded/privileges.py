"""
As whom the server runs, and what it may see.

Postgres refuses root. As root it is started in a user namespace, where root is called nobody and has no more
rights than its own files give it; where namespaces are forbidden (Docker's default), as an existing ordinary
user. No user is ever created, and the rights of no folder but our own are touched.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrato.domain.errors import ConfigError

_NOBODY = "65534"
_USERS = ("postgres", "nobody")
# An owner that ended before setpriv had asked for the signal would leave the server alone for ever.
_IF_OWNER_LIVES = '[ "$PPID" = "$0" ] && exec "$@"'
_CAN_USE = 'test -x "$0" && test -x "$1" && { [ -z "$2" ] || test -w "$1"; }'
_ADVICE = "run Retrato as an ordinary user, or set RETRATO_DATABASE_URL to a Postgres that is running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Privileges:
    """
    A way to start programs that are not root and end with their owner.

    Attributes:
        wrapper: the command put before the program; it replaces itself by the program, so the pid stays.
        owner: uid and gid to which our folder must belong; None where it stays ours.

    """

    wrapper: tuple[str, ...]
    owner: tuple[int, int] | None = None

    def command(self, *argv: str | Path) -> list[str]:
        """*argv* as this process must start it: SIGINT reaches it when the starting *thread* ends."""
        return [*self.wrapper, "/bin/sh", "-c", _IF_OWNER_LIVES, str(os.getpid()), *map(str, argv)]

    def give(self, *folders: Path) -> None:
        """Hand over our own *folders* and all that is in them to whom the server runs as."""
        if self.owner is None:
            return
        for folder in folders:
            os.chown(folder, *self.owner, follow_symlinks=False)
            for place, names, files in os.walk(folder):
                for name in (*names, *files):
                    os.chown(Path(place, name), *self.owner, follow_symlinks=False)


def choose_privileges(folder: Path, *, postgres: Path) -> Privileges:
    """
    The first way in which *postgres* can be executed and *folder* be used here; tried, not guessed.

    Raises:
        ConfigError: there is none, or the program setpriv is missing.

    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ConfigError("the embedded Postgres needs the program setpriv: install the package util-linux")
    dies_with_owner = (setpriv, "--pdeathsig", "INT")
    if os.geteuid() != 0:
        return Privileges(wrapper=(*dies_with_owner, "--"))
    troubles = []
    for candidate in _candidates_for_root(folder, dies_with_owner):
        trouble = _try(candidate, folder, postgres)
        if trouble is None:
            return candidate
        troubles.append(trouble)
    reasons = "; ".join(dict.fromkeys(troubles))
    raise ConfigError(f"Postgres refuses to run as root, and no other way works here ({reasons}): {_ADVICE}")


def server_environment() -> dict[str, str]:
    """What the server may see of our environment: never keys, and no PG* that would bend its settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _candidates_for_root(folder: Path, dies_with_owner: tuple[str, ...]) -> Iterator[Privileges]:
    def as_user(uid: int, gid: int) -> Privileges:
        # The signal is forgotten when the user changes; setpriv asks for it after the change.
        change = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs")
        return Privileges(wrapper=(*dies_with_owner, *change, "--"), owner=(uid, gid))

    status = folder.stat()
    if status.st_uid != 0:
        # Somebody has it already: the user of an earlier start, or a person whose folder it is. It stays theirs.
        yield as_user(status.st_uid, status.st_gid)
        return
    unshare = shutil.which("unshare")
    if unshare:
        namespace = (unshare, "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--")
        yield Privileges(wrapper=(*namespace, *dies_with_owner, "--"))
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        yield as_user(entry.pw_uid, entry.pw_gid)


def _try(privileges: Privileges, folder: Path, postgres: Path) -> str | None:
    """None when it works, else what went wrong, in one line."""
    # A folder that will be given away need only be reachable.
    reach, write = (folder, "w") if privileges.owner is None else (folder.parent, "")
    probe = ["/bin/sh", "-c", _CAN_USE, str(postgres), str(reach), write]
    reply = subprocess.run(  # noqa: S603
        privileges.command(*probe), capture_output=True, text=True, timeout=10, check=False
    )
    if reply.returncode == 0:
        return None
    said = reply.stderr.strip().splitlines()
    return said[-1] if said else f"uid {privileges.owner} cannot use {postgres} or {reach}"
