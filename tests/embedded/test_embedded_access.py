"""As closed as a real one: password, modes, what others can see."""

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.embedded.support import Query

from retrato.embedded import EmbeddedPostgres


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def password(server: EmbeddedPostgres) -> str:
    return urlsplit(server.dsn).password


def test_role_and_database_are_called_retrato(server: EmbeddedPostgres, query: Query):
    assert query(server.dsn, "select current_user || '@' || current_database()") == "retrato@retrato"
    assert query(server.dsn, "select rolsuper from pg_roles where rolname = current_user") is True


def test_another_database_has_a_dsn_too(server: EmbeddedPostgres, query: Query):
    assert query(server.dsn_for("postgres"), "select current_database()") == "postgres"


def test_unix_socket_takes_the_same_password(server: EmbeddedPostgres, query: Query):
    target = {"host": str(server.socket_dir), "port": server.port, "user": "retrato", "database": "retrato"}

    assert query(None, "select inet_server_addr()", password=password(server), **target) is None


@pytest.mark.parametrize("way", ["tcp", "socket"])
def test_wrong_password_is_refused(server: EmbeddedPostgres, query: Query, way: str):
    host = "127.0.0.1" if way == "tcp" else str(server.socket_dir)

    with pytest.raises(asyncpg.InvalidPasswordError):
        query(
            None,
            host=host,
            port=server.port,
            user="retrato",
            database="retrato",
            password="wrong",
        )


def test_only_scram_is_accepted(server: EmbeddedPostgres, query: Query):
    methods = query(server.dsn, "select array_agg(distinct auth_method) from pg_hba_file_rules")

    assert methods == ["scram-sha-256"]


def test_listens_on_loopback_only(server: EmbeddedPostgres, query: Query):
    assert query(server.dsn, "select current_setting('listen_addresses')") == "127.0.0.1"


def test_files_and_folders_are_closed_to_others(server: EmbeddedPostgres):
    folder = server.log_path.parent

    assert mode(folder) == 0o700
    assert mode(server.socket_dir) == 0o700
    assert mode(folder / "data") == 0o700
    assert {name: mode(folder / name) for name in ("password", "port", "log", "lock")} == dict.fromkeys(
        ("password", "port", "log", "lock"), 0o600
    )


def test_password_is_shown_nowhere(server: EmbeddedPostgres):
    process = Path("/proc", str(server.pid))
    seen = repr(server) + repr(vars(server)) + (process / "cmdline").read_text() + server.log_path.read_text()

    assert password(server) not in seen
    assert len(password(server)) >= 32


def test_server_does_not_run_as_root_seen_from_inside(server: EmbeddedPostgres, query: Query):
    uid_map = Path("/proc", str(server.pid), "uid_map").read_text().split()
    status = Path("/proc", str(server.pid), "status").read_text()

    assert os.geteuid() != 0 or uid_map[:2] == ["65534", "0"] or "\nUid:\t0" not in status
    assert "CapEff:\t0000000000000000" in status


def test_settings_are_those_asked_for(server: EmbeddedPostgres, query: Query):
    async_settings = "current_setting('fsync') || ' ' || current_setting('synchronous_commit')"

    assert query(server.dsn, f"select {async_settings}") == "off off"
    assert query(server.dsn, "select current_setting('max_connections')") == "17"
    assert query(server.dsn, "select current_setting('timezone')") == "UTC"
    assert query(server.dsn, "select pg_encoding_to_char(encoding) from pg_database limit 1") == "UTF8"
