"""An owner in a process of its own, and the shapes of the fixtures."""

import json
import os
import select
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MoveData = Callable[[Path], Path]
Query = Callable[..., Any]
Watch = Callable[[int], Callable[[], bool]]
Spawn = Callable[..., subprocess.Popen[bytes]]
StartOwner = Callable[..., "Owner"]


@dataclass
class Owner:
    """A process of its own that holds a server; its facts are there once it has told them."""

    process: subprocess.Popen[str]
    facts: dict[str, Any] = field(default_factory=dict)
    server: int | None = None

    def await_facts(self) -> "Owner":
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.facts = json.loads(line)
        self.server = os.pidfd_open(self.server_pid)
        return self

    @property
    def dsn(self) -> str:
        return self.facts["dsn"]

    @property
    def server_pid(self) -> int:
        return self.facts["pid"]

    def end(self) -> None:
        """Let it leave its ``with`` block."""
        self.process.communicate(timeout=20)

    def kill(self) -> None:
        """End it, and wait for the end of the server that ends with it."""
        self.process.kill()
        self.process.communicate()
        if self.server is not None:
            has_ended(self.server)
            os.close(self.server)


def has_ended(pidfd: int) -> bool:
    """Does the process end within five seconds?"""
    return bool(select.select([pidfd], [], [], 5)[0])
