"""An owner in a process of its own, and the shapes of the fixtures."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Query = Callable[..., Any]
Watch = Callable[[int], Callable[[], bool]]
Spawn = Callable[..., subprocess.Popen[bytes]]
StartOwner = Callable[..., "Owner"]


@dataclass
class Owner:
    """A process of its own that holds a server; its facts are there once it has told them."""

    process: subprocess.Popen[str]
    facts: dict[str, Any] = field(default_factory=dict)

    def await_facts(self) -> "Owner":
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.facts = json.loads(line)
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
