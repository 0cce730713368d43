"""
Releases of the code that can be run side by side: the one before from git, the working tree, and one to come.

Each lies in a folder of its own and is run by the same interpreter, so with the same libraries.
"""

import hashlib
import io
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

PREVIOUS = "f65fece"
"""The release before this one. Moved at each release, to the commit that was released."""

ROOT = Path(__file__).parents[2]
_PARTS = ("daemon", "sql")


@dataclass(frozen=True, slots=True)
class Release:
    """The code of one release: ``folder`` holds ``daemon/`` and ``sql/``."""

    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        """The environment in which ``python -m retrato`` is this release."""
        return {"PYTHONPATH": str(self.folder / "daemon")}

    @property
    def schema(self) -> int:
        """The number of its newest migration."""
        return max(int(path.name[:4]) for path in self._migrations.glob("[0-9]*.sql"))

    @property
    def functions_sha256(self) -> str:
        """Tells apart releases whose functions, triggers and views differ."""
        files = sorted((self.folder / "sql" / "triggers").glob("*.sql"))
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    def successor(self, folder: Path, migration: str) -> "Release":
        """The release that follows this one with one more migration, made in *folder*."""
        for part in _PARTS:
            shutil.copytree(self.folder / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        following = Release(folder)
        (following._migrations / f"{self.schema + 1:04}_next.sql").write_text(migration, encoding="utf-8")
        return following

    @property
    def _migrations(self) -> Path:
        return self.folder / "sql" / "migrations"


def current() -> Release:
    """The working tree."""
    return Release(ROOT)


def previous(folder: Path) -> Release:
    """The release before, unpacked into *folder*; skips the test where git does not have it."""
    command = ["git", "-C", str(ROOT), "archive", PREVIOUS, *_PARTS]
    try:
        packed = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        told = getattr(exc, "stderr", b"").decode().strip() or str(exc)
        pytest.skip(
            f"THE UPGRADE FROM {PREVIOUS} WAS NOT TESTED: a clone with its whole history is needed ({told})"
        )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Release(folder)
