"""Where the peers are installed, and what the figures were measured on."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from systems import PEERS

FOLDER = Path(__file__).resolve().parent
_VENV = FOLDER / ".venv"
_REQUIREMENTS = FOLDER / "requirements.txt"
_STAMP = _VENV / "requirements.installed"
PEERS_PYTHON = _VENV / "bin" / "python"


def install_peers() -> None:
    """Make the virtual environment, or bring it up to date; nothing is done when it is."""
    wanted = _REQUIREMENTS.read_text(encoding="utf-8")
    if _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == wanted:
        return
    print(f"installing the peers into {_VENV}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", _VENV], check=True)
    pip = (PEERS_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, "-r", _REQUIREMENTS], check=True)
    _STAMP.write_text(wanted, encoding="utf-8")


def peers_packages() -> Path:
    """The folder in which the peers' packages lie."""
    lib = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return _VENV / "lib" / lib / "site-packages"


def machine(postgres: str) -> dict[str, Any]:
    """What a reader must know to compare; *postgres* is the server's version."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "postgres": postgres,
        "versions": {"retrato": version("retrato"), **_pinned([peer.name for peer in PEERS])},
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _pinned(packages: list[str]) -> dict[str, str]:
    pins = dict(
        line.split("==") for line in _REQUIREMENTS.read_text(encoding="utf-8").splitlines() if "==" in line
    )
    return {package: pins[package] for package in packages}
