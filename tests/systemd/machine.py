"""A real systemd, booted in a container of its own: Debian's packages, a Postgres, our wheel, our unit."""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/systemd"
PYTHON_OF = {"bookworm": "3.11", "trixie": "3.13"}
"""Debian's releases: the oldest systemd that is supported (252), and one with Type=notify-reload (257)."""

_PACKAGES = "systemd,systemd-sysv,dbus,procps,ca-certificates,python3,python3-venv,postgresql"
_BOOTED_WITHIN_S = 60
_PATIENCE_S = 120
_LOOK_AGAIN_S = 0.1


def what_is_missing() -> list[str]:
    """What this machine lacks to boot another one, with the way to get it."""
    tools = {"systemd-nspawn": "systemd-container", "mmdebstrap": "mmdebstrap", "nsenter": "util-linux"}
    missing = [f"{tool}: apt install {package}" for tool, package in tools.items() if not shutil.which(tool)]
    if os.geteuid() != 0:
        missing.append("root")
    return missing


def tree_of(release: str) -> Path:
    """Debian *release* with what the tests need; made once and kept, since that takes a minute or two."""
    tree = BUILD / release
    if not tree.exists():
        half = BUILD / f"{release}.half"
        shutil.rmtree(half, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        _call("mmdebstrap", "--quiet", "--variant=minbase", f"--include={_PACKAGES}", release, half)
        half.rename(tree)
    return tree


def wheels_of(release: str) -> Path:
    """Our own wheel and those of the lock file, for the Python of *release*."""
    wheels = BUILD / f"{release}-wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    _call(sys.executable, "-m", "build", "--quiet", "--wheel", "--outdir", wheels, ROOT)
    manylinux = [f"--platform=manylinux{tag}_{platform.machine()}" for tag in ("_2_28", "_2_17", "2014")]
    _call(
        *(sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--require-hashes"),
        *("-r", ROOT / "requirements/runtime.lock", "--only-binary=:all:", "--dest", wheels),
        *(f"--python-version={PYTHON_OF[release]}", *manylinux),
    )
    return wheels


class Machine:
    """
    The container: booted at the beginning of the block, without a network; what is written is gone at its end.

    *binds* are folders that are seen inside under the same path, read-only.
    """

    def __init__(self, tree: Path, *, binds: Sequence[Path]) -> None:
        self._binds = [f"--bind-ro={path}" for path in binds]
        self._tree = tree
        self._log = BUILD / f"{tree.name}.log"
        self._leader = 0

    def __enter__(self) -> Self:
        began_at = time.monotonic()
        with self._log.open("wb") as log:
            self._nspawn = subprocess.Popen(
                [
                    *("systemd-nspawn", "--quiet", f"--directory={self._tree}", "--machine=retrato"),
                    # The host need not run systemd itself.
                    *("--register=no", "--keep-unit", "--private-network", "--volatile=overlay", "--console=pipe"),
                    *(*self._binds, "--boot", "systemd.unit=multi-user.target"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            )
        try:
            self._leader = self._find_leader(began_at + _BOOTED_WITHIN_S)
            self.until("systemctl is-system-running | grep -E 'running|degraded'")
        except BaseException:
            self._nspawn.terminate()
            raise
        self.booted_in_s = time.monotonic() - began_at
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.run("systemctl poweroff", check=False)
        try:
            self._nspawn.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()

    def _find_leader(self, deadline: float) -> int:
        """The container's first process, as seen from here."""
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        while time.monotonic() < deadline and self._nspawn.poll() is None:
            for pid in children.read_text().split():
                if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                    return int(pid)
            time.sleep(_LOOK_AGAIN_S)
        raise RuntimeError(f"no systemd came up; see {self._log}")

    def run(self, command: str, *, check: bool = True, timeout_s: float = _PATIENCE_S) -> str:
        """What *command* says on stdout inside; with *check*, only where it ends well."""
        done = subprocess.run(
            ["nsenter", "--target", str(self._leader), "--all", "--", "/bin/sh", "-c", command],
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{command!r} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def until(self, command: str, *, timeout_s: float = _PATIENCE_S) -> float:
        """Return when *command* ends well inside; after how many seconds that was."""
        began_at = time.monotonic()
        while True:
            try:
                self.run(command)
            except RuntimeError:
                if time.monotonic() - began_at > timeout_s:
                    raise
                time.sleep(_LOOK_AGAIN_S)
            else:
                return time.monotonic() - began_at

    def write(self, path: str, text: str, *, mode: str = "0644") -> None:
        """Write a file inside."""
        target = Path(f"/proc/{self._leader}/root{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(int(mode, 8))


def _call(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True)
