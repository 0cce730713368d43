"""The start of the server on existing data: its settings, its port, the wait until it is ready."""

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retrato.domain.errors import StoreUnavailableError
from retrato.embedded.binaries import Binaries
from retrato.embedded.child import Child
from retrato.embedded.folder import Folder
from retrato.embedded.postmaster import Endpoint, read_endpoint
from retrato.embedded.privileges import Privileges, server_environment
from retrato.embedded.sockets import free_port, to_setting

# Between the choice of a free port and its use, somebody else may take it.
_PORTS_TRIED = 5
_LOOK_AGAIN_S = 0.01
_PATIENCE_S = 5.0
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """
    What the server is told at its start.

    Attributes:
        durable: False gives up what was committed last, or everything, when the machine fails: for tests only.
        max_connections: how many may be connected at once.
        extra: further parameters of postgresql.conf; they win over ours, but for place, port and language.

    """

    durable: bool = True
    max_connections: int = 100
    extra: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, *, socket_dir: Path, port: int) -> list[str]:
        """As arguments of ``postgres``."""
        settings = {
            "cluster_name": "retrato",
            "shared_buffers": "32MB",
            "max_connections": str(self.max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Whoever looks for the reason of a failed start looks into the file that we opened.
            "logging_collector": "off",
            **({} if self.durable else _FOR_TESTS),
            **self.extra,
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": to_setting(socket_dir),
            "unix_socket_permissions": "0700",
            # The messages are read here, see _port_is_taken.
            "lc_messages": "C",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Starts *binaries* on the data of *folder*. Only for the holder of the lock behind *lock_fd*."""

    folder: Folder
    binaries: Binaries
    privileges: Privileges
    settings: ServerSettings
    lock_fd: int

    def launch(self, *, socket_dir: Path, deadline: float) -> tuple[Child, Endpoint]:
        """
        Start the server and wait until it takes connections; on the last port where that is free.

        Args:
            socket_dir: an existing folder for its socket.
            deadline: until when to wait, by ``time.monotonic``.

        Raises:
            StoreUnavailableError: it did not start; with the end of its log. Nothing is left running.

        """
        port = self.folder.last_port() or free_port()
        for _ in range(_PORTS_TRIED):
            child = self._spawn(socket_dir, port)
            try:
                endpoint = self._await_ready(child, deadline)
            except BaseException:
                child.stop(patience_s=_PATIENCE_S)
                raise
            if endpoint is not None:
                return child, endpoint
            if not self._port_is_taken():
                break
            port = free_port()
        raise StoreUnavailableError(f"the embedded Postgres did not start:\n{self.folder.log_tail()}")

    def _spawn(self, socket_dir: Path, port: int) -> Child:
        arguments = self.settings.arguments(socket_dir=socket_dir, port=port)
        command = self.privileges.command(self.binaries.postgres, "-D", self.folder.data, *arguments)
        self.folder.note_port(port)
        with self.folder.open_log() as log:
            self.privileges.give(self.folder.root, socket_dir)

            def spawn() -> subprocess.Popen[bytes]:
                return subprocess.Popen(  # noqa: S603
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(self.lock_fd,),
                    env=server_environment(),
                    cwd=self.folder.root,
                    # Ctrl-C goes to the whole foreground group; the daemon still needs its database to drain.
                    start_new_session=True,
                )

            return Child(spawn)

    def _await_ready(self, child: Child, deadline: float) -> Endpoint | None:
        """Where it is to be reached; None when it ended instead."""
        while not child.wait(_LOOK_AGAIN_S):
            if time.monotonic() > deadline:
                raise StoreUnavailableError(
                    f"the embedded Postgres was not ready in time; its log:\n{self.folder.log_tail()}"
                )
            endpoint = read_endpoint(self.folder)
            if endpoint is not None and endpoint.pid == child.pid:
                return endpoint
        return None

    def _port_is_taken(self) -> bool:
        return "Address already in use" in self.folder.log_tail()
