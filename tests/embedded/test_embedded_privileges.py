"""As root with and without user namespaces, and as an ordinary user."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.embedded.support import Query, StartOwner, Watch

import retrato
from retrato.domain.errors import ConfigError
from retrato.embedded import EmbeddedPostgres, installed_binaries
from retrato.embedded.privileges import choose_privileges

SOURCE = Path(retrato.__file__).parents[1]
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can become somebody else")


def can_nobody(*command: str | Path) -> bool:
    return subprocess.run([*NOBODY, *command], capture_output=True, check=False).returncode == 0


def python_of_nobody() -> str:
    modern = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in (os.path.realpath("/proc/self/exe"), "/usr/bin/python3"):
        if can_nobody(python, "-c", modern):
            return python
    pytest.skip("NOT TESTED: nobody can execute a Python >= 3.11 here")


def executables_must_be_reachable() -> None:
    for found in installed_binaries():
        if can_nobody("test", "-x", found.postgres):
            return
    pytest.skip("NOT TESTED: no Postgres is installed where nobody can execute it")


def uid_of(pid: int) -> int:
    return Path("/proc", str(pid)).stat().st_uid


def forbid(folder: Path, program: str, when: str) -> dict[str, str]:
    """A PATH on which *program* fails if its arguments match *when*."""
    folder.mkdir(exist_ok=True)
    script = folder / program
    real = shutil.which(program)
    script.write_text(
        f'#!/bin/sh\ncase "$*" in {when}) echo "{program}: not permitted" >&2; exit 1;; esac\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@needs_root
def test_as_root_the_files_stay_roots(tmp_path: Path):
    with EmbeddedPostgres(tmp_path, durable=False):
        pass
    owners = {path.lstat().st_uid for path in (tmp_path / "postgres").rglob("*")}

    assert owners == {0}


@needs_root
def test_without_namespaces_an_ordinary_user_serves_and_ends_with_its_owner(
    shared_dir: Path, owner: StartOwner, query: Query, watch: Watch
):
    executables_must_be_reachable()
    no_namespaces = forbid(shared_dir / "bin", "unshare", "*--user*")

    held = owner(shared_dir / "data", env=no_namespaces).await_facts()
    has_ended = watch(held.server_pid)
    server_uid = uid_of(held.server_pid)
    assert query(held.dsn) == 1
    held.process.kill()

    assert server_uid != 0
    assert has_ended()
    assert (shared_dir / "data").stat().st_uid == 0
    assert (shared_dir / "data" / "postgres").stat().st_uid == server_uid
    with EmbeddedPostgres(shared_dir / "data", durable=False) as server:
        assert uid_of(server.pid) == server_uid
        assert query(server.dsn) == 1


@needs_root
def test_where_nothing_works_root_is_refused_politely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    forbid(tmp_path / "bin", "setpriv", "*--reuid*")
    monkeypatch.setenv("PATH", forbid(tmp_path / "bin", "unshare", "*--user*")["PATH"])

    with pytest.raises(ConfigError, match=r"refuses to run as root.*not permitted.*RETRATO_DATABASE_URL"):
        EmbeddedPostgres(tmp_path / "data").start()


@needs_root
def test_closed_parent_is_respected_without_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", forbid(tmp_path / "bin", "unshare", "*--user*")["PATH"])
    tmp_path.chmod(0o700)

    with pytest.raises(ConfigError, match="refuses to run as root"):
        EmbeddedPostgres(tmp_path / "data").start()

    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "postgres").stat().st_uid == 0


@needs_root
def test_ordinary_user_needs_no_tricks(shared_dir: Path, owner: StartOwner, query: Query, watch: Watch):
    executables_must_be_reachable()
    home = shared_dir / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    packages = next(iter(installed_binaries())).folder.parents[2]

    held = owner(
        home / "data",
        python=python_of_nobody(),
        prefix=NOBODY,
        env={
            "PYTHONPATH": f"{os.environ.get('PYTHONPATH') or ''}:{Path(__file__).parents[2] / 'daemon'}:{packages}"
        },
    ).await_facts()
    has_ended = watch(held.server_pid)

    assert uid_of(held.server_pid) == 65534
    assert query(held.dsn) == 1
    held.process.kill()
    assert has_ended()


@needs_root
def test_folder_of_another_user_is_served_as_that_user(shared_dir: Path, query: Query):
    executables_must_be_reachable()
    theirs = shared_dir / "postgres"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, 65534, 65534)

    with EmbeddedPostgres(shared_dir, durable=False) as server:
        assert uid_of(server.pid) == 65534
        assert query(server.dsn) == 1
    assert {path.lstat().st_uid for path in theirs.rglob("*")} == {65534}


@needs_root
def test_folder_that_is_closed_to_this_user_is_named(shared_dir: Path, owner: StartOwner):
    with EmbeddedPostgres(shared_dir, durable=False):
        intruder = owner(shared_dir, python=python_of_nobody(), prefix=NOBODY)
        _, complaint = intruder.process.communicate(timeout=20)

    assert "ConfigError" in complaint
    assert "start Retrato as the owner" in complaint


def test_missing_setpriv_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match="util-linux"):
        EmbeddedPostgres(tmp_path).start()


def test_program_whose_owner_ended_meanwhile_is_not_started(tmp_path: Path):
    postgres = next(iter(installed_binaries())).postgres
    command = choose_privileges(tmp_path, postgres=postgres).command("touch", tmp_path / "trace")

    # As the child of another process than the one that the command was made for.
    orphan = subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", *command], check=False)

    assert orphan.returncode == 1
    assert not (tmp_path / "trace").exists()
    assert subprocess.run(command, check=False).returncode == 0
