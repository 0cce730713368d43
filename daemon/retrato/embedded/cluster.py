"""A new cluster: initdb, and the database retrato in it."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from retrato.domain.errors import StoreUnavailableError
from retrato.embedded.binaries import Binaries
from retrato.embedded.folder import Folder
from retrato.embedded.privileges import Privileges, server_environment

# From this version on, Postgres sorts and folds UTF-8 by itself, the same on every machine.
_BUILTIN_LOCALE_SINCE = 17
# initdb takes less than a second, on a slow disk with fsync perhaps twenty.
_PATIENCE_S = 120


def create_cluster(
    folder: Folder, binaries: Binaries, privileges: Privileges, *, lock_fd: int, durable: bool
) -> None:
    """
    Make ``data`` with the superuser and the database ``retrato``, under a new password.

    All or nothing: it is made under another name, and renamed. Only for the holder of the lock.

    Raises:
        StoreUnavailableError: initdb or the server failed; with what it said.

    """
    fresh = folder.data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    folder.new_password()
    privileges.give(folder.root)
    fast = () if durable else ("--no-sync",)
    trust_nobody = ("--auth-host=scram-sha-256", "--auth-local=scram-sha-256", f"--pwfile={folder.password}")
    initdb = (binaries.initdb, "-D", fresh, "-U", "retrato", *trust_nobody, *_locale(binaries), *fast)
    _run(privileges.command(*initdb), said="", lock_fd=lock_fd, folder=folder.root)
    # The single-user mode needs no socket, and a cluster without the database is never seen by anybody.
    settings = ("-c", "exit_on_error=on", "-c", f"fsync={'on' if durable else 'off'}")
    single = (binaries.postgres, "--single", "-D", fresh, *settings, "template1")
    _run(privileges.command(*single), said="create database retrato\n", lock_fd=lock_fd, folder=folder.root)
    fresh.rename(folder.data)


def _locale(binaries: Binaries) -> tuple[str, ...]:
    if binaries.major < _BUILTIN_LOCALE_SINCE:
        return ("--encoding=UTF8", "--locale=C")
    return ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def _run(argv: Sequence[str], *, said: str, lock_fd: int, folder: Path) -> None:
    try:
        reply = subprocess.run(  # noqa: S603
            argv,
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=(lock_fd,),
            env=server_environment(),
            cwd=folder,
            timeout=_PATIENCE_S,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise StoreUnavailableError(f"a new Postgres in {folder} took more than {_PATIENCE_S} s") from exc
    if reply.returncode != 0:
        tail = "\n".join(reply.stdout.splitlines()[-15:])
        raise StoreUnavailableError(f"no new Postgres could be made in {folder}:\n{tail}")
