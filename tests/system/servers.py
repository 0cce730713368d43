"""Real servers that can be shot and started again: Postgres of two origins, and PgBouncer in front of it."""

import asyncio
import itertools
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from tests.tools import found

from retrato.embedded.binaries import Origin
from retrato.embedded.server import EmbeddedPostgres
from retrato.store import migrations, sample

_TEMPLATE = "retrato_template"
_GONE_WITHIN_S = 10.0


class PostgresServer:
    """
    A Postgres with durable data, so that what it said yes to is there after an immediate stop.

    ``dsn_for`` stays the same over restarts: same port, same password.
    """

    def __init__(self, folder: Path, *, prefer: Origin = "bundled") -> None:
        self._folder = folder
        self._prefer: Origin = prefer
        self._running = self._started()
        self._numbers = itertools.count(1)
        self._has_template = False

    def _started(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self._folder, prefer=self._prefer, max_connections=200).start()

    def dsn_for(self, database: str) -> str:
        """Address of a database of this server, with the password."""
        return self._running.dsn_for(database)

    @property
    def port(self) -> int:
        """On 127.0.0.1."""
        return self._running.port

    def stop_immediately(self) -> None:
        """What ``pg_ctl stop -m immediate`` does: no farewell, no checkpoint; the next start recovers."""
        pid = self._running.pid
        os.kill(pid, signal.SIGQUIT)
        gone_by = time.monotonic() + _GONE_WITHIN_S
        while Path(f"/proc/{pid}").exists() and time.monotonic() < gone_by:
            time.sleep(0.01)
        self._running.stop()

    def start(self) -> None:
        """Start again on the same data and port; returns when it answers."""
        self._running = self._started()

    def close(self) -> None:
        """Stop for good; nobody needs the data any more."""
        self.stop_immediately()

    async def new_database(self) -> str:
        """The name of a database with the sample host's tables and Retrato's schema, and nobody in it."""
        if not self._has_template:
            await self.run("postgres", f"create database {_TEMPLATE}")
            await sample.create_host_tables(self.dsn_for(_TEMPLATE))
            await migrations.apply(self.dsn_for(_TEMPLATE))
            self._has_template = True
        name = f"system_{next(self._numbers)}"
        await self.run("postgres", f"create database {name} template {_TEMPLATE}")
        return name

    async def run(self, database: str, statements: str) -> None:
        """Run *statements*, one or more, in *database*."""
        connection = await asyncpg.connect(self.dsn_for(database))
        try:
            await connection.execute(statements)
        finally:
            await connection.close()


@contextmanager
def pgbouncer(folder: Path, server: PostgresServer, **settings: object) -> Iterator[int]:
    """PgBouncer in front of *server*, in transaction mode where *settings* say nothing else; gives its port."""
    user = urlsplit(server.dsn_for("postgres"))
    port = free_port()
    (folder / "users.txt").write_text(f'"{user.username}" "{user.password}"\n')
    written = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "trust",
        "auth_file": folder / "users.txt",
        "pool_mode": "transaction",
        "max_client_conn": 200,
        "default_pool_size": 20,
        # After a failed login it would refuse for 15 s to try again.
        "server_login_retry": 0.5,
        **settings,
    }
    lines = [f"{name} = {value}" for name, value in written.items()]
    databases = ["[databases]", f"* = host=127.0.0.1 port={server.port}"]
    (folder / "pgbouncer.ini").write_text("\n".join([*databases, "[pgbouncer]", *lines, ""]))
    command = [*_as_ordinary_user(folder), found("pgbouncer"), str(folder / "pgbouncer.ini")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            await_port(port)
            yield port
        finally:
            process.kill()


def _as_ordinary_user(folder: Path) -> list[str]:
    """The command to put before a program that refuses root; *folder* is given to that user."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--"]


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int) -> None:
    """Return when somebody listens on *port* of 127.0.0.1."""
    deadline = time.monotonic() + _GONE_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


async def outage(server: PostgresServer, *, down_s: float) -> None:
    """Stop *server* immediately, keep it down for *down_s* seconds, start it; returns when it answers."""
    await asyncio.to_thread(server.stop_immediately)
    await asyncio.sleep(down_s)
    await asyncio.to_thread(server.start)
    while True:
        try:
            await server.run("postgres", "select 1")
        except (OSError, asyncpg.PostgresError):  # refused, or still starting up
            await asyncio.sleep(0.01)
        else:
            return
