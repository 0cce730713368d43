"""The image, built by deploy/image/build.sh, and containers of it, run by podman as an operator should do it."""

import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy/image"
UID = 10001
_PATIENCE_S = 60
_Answer = TypeVar("_Answer")
_HARDENED = (
    *("--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp"),
    *("--cap-drop=ALL", "--security-opt=no-new-privileges"),
    "--network=host",
    # podman's own limits cannot be set where CAP_SYS_RESOURCE is missing
    *("--ulimit=nofile=20000:20000", "--ulimit=nproc=20000:20000"),
)


@dataclass(slots=True)
class Shown:
    """What was seen and how long it took, printed when the session ends."""

    lines: list[str] = field(default_factory=list)

    def note(self, what: str, took_s: float | None = None) -> None:
        self.lines.append(what if took_s is None else f"{what}: {took_s:.1f} s")

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.note(what, time.monotonic() - began)


def build(tag: str, context: Path = ROOT) -> None:
    """Build the image, on a base of Debian's packages unless PYTHON_IMAGE says otherwise."""
    environment = {"PYTHON_IMAGE": "debian", **os.environ}
    _checked(SCRIPTS / "build.sh", tag, context, environment=environment, timeout_s=540)


def podman(*args: str | Path) -> str:
    """What a podman command prints; it must succeed."""
    return _checked(SCRIPTS / "podman.sh", *args)


class Container:
    """A container that runs in the background; has a name of its own, so that nothing else is touched."""

    def __init__(self, name: str) -> None:
        self.name = name

    def inside(self, command: str) -> str:
        """What a shell command prints in there; it must succeed."""
        return podman("exec", self.name, "sh", "-c", command).strip()

    def is_healthy(self) -> bool:
        """What the image's HEALTHCHECK finds now."""
        return _done(SCRIPTS / "podman.sh", "healthcheck", "run", self.name).returncode == 0

    def said(self, word: str) -> str:
        """All that it has printed, once *word* is part of it."""
        return _patiently(lambda: self._printed(word))

    def answer(self, url: str) -> bytes:
        """The body of the first answer with 200."""
        return _patiently(lambda: _body(url))

    def stop(self) -> int:
        """SIGTERM, and SIGKILL only after 150 s; returns the exit code."""
        podman("stop", "--time", "150", self.name)
        return int(podman("inspect", "--format", "{{.State.ExitCode}}", self.name))

    def _printed(self, word: str) -> str:
        done = _done(SCRIPTS / "podman.sh", "logs", self.name)
        printed = done.stdout + done.stderr
        if word not in printed:
            raise LookupError(f"{word} is not in what {self.name} has printed:\n{printed}")
        return printed


class Runner:
    """
    Runs the image *tag* with nothing but *folder*/data writable.

    *settings* are its environment, read from a file: no secret is in an argument.
    """

    def __init__(self, tag: str, settings: Mapping[str, str], folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        os.chown(self.data, UID, UID)
        environment = folder / "retrato.env"
        environment.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self._image = (*_HARDENED, f"--env-file={environment}", f"--volume={self.data}:/var/lib/retrato", tag)

    def once(self, *command: str, entrypoint: str = "retrato") -> str:
        """What a command prints; it must succeed."""
        return podman("run", "--rm", f"--entrypoint={entrypoint}", *self._image, *command)

    @contextmanager
    def running(self, *command: str) -> Iterator[Container]:
        """A container for the length of the block."""
        container = Container(f"retrato-test-{uuid.uuid4().hex[:12]}")
        podman("run", "--detach", f"--name={container.name}", *self._image, *command)
        try:
            yield container
        finally:
            podman("rm", "--force", "--time=0", container.name)


def _body(url: str) -> bytes:
    with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
        body: bytes = answer.read()
    return body


def _patiently(ask: Callable[[], _Answer]) -> _Answer:
    """What *ask* returns as soon as it does not fail."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return ask()
        except (LookupError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _done(
    *command: str | Path, environment: Mapping[str, str] | None = None, timeout_s: float = _PATIENCE_S
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False, env=environment)


def _checked(
    *command: str | Path, environment: Mapping[str, str] | None = None, timeout_s: float = _PATIENCE_S
) -> str:
    done = _done(*command, environment=environment, timeout_s=timeout_s)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout
