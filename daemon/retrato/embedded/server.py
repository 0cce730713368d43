"""The embedded Postgres as its users see it: start or attach, a DSN, stop."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Self

from retrato.domain.errors import ConfigError, StoreUnavailableError
from retrato.embedded.binaries import Origin, choose_binaries
from retrato.embedded.child import Child
from retrato.embedded.cluster import create_cluster
from retrato.embedded.folder import Folder
from retrato.embedded.launch import Launcher, ServerSettings
from retrato.embedded.lock import FolderLock
from retrato.embedded.postmaster import Endpoint, answers, clear_remains, has_strange_server, read_endpoint
from retrato.embedded.privileges import choose_privileges
from retrato.embedded.sockets import create_socket_dir

_LOOK_AGAIN_S = 0.05


class EmbeddedPostgres:
    """
    A Postgres on 127.0.0.1 whose data lie under ``<data_dir>/postgres``.

    The first to come starts the server and owns it: it stops with `stop`, with the end of the ``with``
    block, and with the owner's process, however that ends. Who comes while it runs attaches to it, leaves its
    settings as they are, and loses it when the owner goes. `start` and `stop` block; from a coroutine call
    them through ``asyncio.to_thread``.

    Args:
        data_dir: made where it is missing. No rights of it or of its parents are changed.
        durable: False trades crash safety for speed, for tests.
        prefer: which executables to look for first; data once written ask for those of their version.
        max_connections: of the server.
        extra_settings: further parameters of postgresql.conf.
        start_timeout_s: how long to wait for the server, or for that of another owner; new data not included.
        stop_timeout_s: how long a fast shutdown may take before it becomes an immediate one.

    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        prefer: Origin = "bundled",
        max_connections: int = 100,
        extra_settings: Mapping[str, str] | None = None,
        start_timeout_s: float = 60.0,
        stop_timeout_s: float = 10.0,
    ) -> None:
        self._folder = Folder(data_dir.resolve() / "postgres")
        self._prefer: Origin = prefer
        self._settings = ServerSettings(
            durable=durable, max_connections=max_connections, extra=dict(extra_settings or {})
        )
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._child: Child | None = None
        self._endpoint: Endpoint | None = None

    @property
    def dsn(self) -> str:
        """Of the database ``retrato``, with the password: not for logs."""
        return self.dsn_for("retrato")

    def dsn_for(self, database: str) -> str:
        """Of another *database* of this server, with the password: not for logs."""
        return self._running().dsn(database)

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        return self._running().pid

    @property
    def port(self) -> int:
        """On 127.0.0.1."""
        return self._running().port

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket, 0700; the same password is asked there."""
        return self._running().socket_dir

    @property
    def owned(self) -> bool:
        """Did this object start the server, so that it stops it too? False when attached or not started."""
        return self._child is not None

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self._folder.log

    def start(self) -> Self:
        """
        Attach to the server of this folder, or else start it; with new data where there are none.

        Raises:
            ConfigError: no executables, none that fit the data, no way to run them as not root, or a folder
                that we may not use. The message says what to do.
            StoreUnavailableError: it did not start in time; with the end of its log. Nothing is left running.

        """
        if self._endpoint is not None:
            raise RuntimeError("this embedded Postgres is started already")
        deadline = time.monotonic() + self._start_timeout_s
        try:
            self._folder.create()
            while not self._own(deadline) and not self._attach():
                if time.monotonic() > deadline:
                    raise StoreUnavailableError(
                        f"another process holds {self._folder.lock}, but its Postgres does not answer"
                    )
                time.sleep(_LOOK_AGAIN_S)
        except OSError as exc:
            raise ConfigError(
                f"the embedded Postgres cannot use {exc.filename or self._folder.root} ({exc.strerror}): start "
                "Retrato as the owner of that folder, or set RETRATO_DATA_DIR to another one"
            ) from exc
        return self

    def stop(self) -> None:
        """Stop the server if it is ours, else only forget it. May be called more than once."""
        child, endpoint = self._child, self._endpoint
        self._child = self._endpoint = None
        if child is None or endpoint is None:
            return
        child.stop(patience_s=self._stop_timeout_s)
        if endpoint.socket_dir.parent != self._folder.root:
            self._remove(endpoint.socket_dir)

    def _own(self, deadline: float) -> bool:
        """Start the server, unless somebody holds the folder."""
        lock = FolderLock.take(self._folder.lock)
        if lock is None:
            return False
        with lock:
            if has_strange_server(self._folder):
                return False
            binaries = choose_binaries(prefer=self._prefer, major=self._folder.major())
            privileges = choose_privileges(self._folder.root, postgres=binaries.postgres)
            socket_dir = create_socket_dir(self._folder.root)
            clear_remains(self._folder, socket_dir)
            if self._folder.major() is None:
                create_cluster(self._folder, binaries, privileges, lock_fd=lock.fd, durable=self._settings.durable)
            launcher = Launcher(
                folder=self._folder,
                binaries=binaries,
                privileges=privileges,
                settings=self._settings,
                lock_fd=lock.fd,
            )
            self._child, self._endpoint = launcher.launch(socket_dir=socket_dir, deadline=deadline)
        return True

    def _attach(self) -> bool:
        """Take the server that another process started, if it lets us in."""
        endpoint = read_endpoint(self._folder)
        if endpoint is None:
            return False
        # Any version of psql can ask.
        binaries = choose_binaries(prefer=self._prefer, major=None)
        if not answers(endpoint, psql=binaries.psql):
            return False
        self._endpoint = endpoint
        return True

    def _remove(self, socket_dir: Path) -> None:
        """Remove the socket's folder from among the temporary files, unless the next owner is using it."""
        with suppress(OSError):
            lock = FolderLock.take(self._folder.lock)
            if lock is not None:
                with lock:
                    rmtree(socket_dir)

    def _running(self) -> Endpoint:
        if self._endpoint is None:
            raise RuntimeError("this embedded Postgres is not started")
        return self._endpoint

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        if self._endpoint is None:
            return f"<EmbeddedPostgres {self._folder.root} stopped>"
        way = "owned" if self.owned else "attached"
        return f"<EmbeddedPostgres {self._folder.root} {way} pid={self.pid} port={self.port}>"
