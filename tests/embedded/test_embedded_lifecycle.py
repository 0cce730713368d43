"""Start, stop, and what a crash leaves behind."""

import os
import signal
import socket
import threading
from pathlib import Path

import pytest
from tests.embedded.support import Query, Spawn, Watch

from retrato.domain.errors import ConfigError, StoreUnavailableError
from retrato.embedded import EmbeddedPostgres


def test_restart_keeps_data_password_and_port(data_dir: Path, query: Query):
    with EmbeddedPostgres(data_dir) as first:
        dsn = first.dsn
        query(dsn, "create table greeting as select 'olá' as word")

    with EmbeddedPostgres(data_dir) as second:
        assert second.dsn == dsn
        assert query(second.dsn, "select word from greeting") == "olá"
        assert query(second.dsn, "select current_setting('fsync')") == "on"


def test_stop_ends_the_server_with_clients_connected(data_dir: Path, watch: Watch):
    server = EmbeddedPostgres(data_dir, durable=False).start()
    client = socket.create_connection(("127.0.0.1", server.port))
    has_ended = watch(server.pid)

    server.stop()

    client.close()
    assert has_ended()
    assert not server.owned
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.dsn


def test_stopped_server_can_be_stopped_and_started_again(data_dir: Path, query: Query):
    server = EmbeddedPostgres(data_dir, durable=False)
    server.start()
    server.stop()
    server.stop()

    with server:
        assert query(server.dsn) == 1
        with pytest.raises(RuntimeError, match="started already"):
            server.start()


def test_server_outlives_the_thread_that_started_it(data_dir: Path, query: Query):
    server = EmbeddedPostgres(data_dir, durable=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()

    assert query(server.dsn) == 1
    server.stop()


def test_ctrl_c_does_not_reach_the_server(data_dir: Path):
    with EmbeddedPostgres(data_dir, durable=False) as server:
        assert os.getpgid(server.pid) != os.getpgid(0)
        assert os.getsid(server.pid) != os.getsid(0)


def test_pid_that_another_process_got_meanwhile_does_not_confuse(
    data_dir: Path, query: Query, watch: Watch, spawn: Spawn
):
    with EmbeddedPostgres(data_dir, durable=False) as crashed:
        has_ended = watch(crashed.pid)
        query(crashed.dsn, "create table survivor as select 7 as number")
        query(crashed.dsn, "checkpoint")
        remains = crashed.log_path.parent / "data" / "postmaster.pid"
        lock_file = crashed.socket_dir / f".s.PGSQL.{crashed.port}.lock"
        os.kill(crashed.pid, signal.SIGKILL)
        assert has_ended()
    bystander = spawn("sleep", "60")
    for path in (remains, lock_file):
        path.write_text(f"{bystander.pid}\n" + path.read_text().split("\n", 1)[1])

    with EmbeddedPostgres(data_dir, durable=False) as server:
        assert server.owned
        assert query(server.dsn, "select number from survivor") == 7


def test_server_started_by_hand_is_joined(data_dir: Path, query: Query, spawn: Spawn):
    with EmbeddedPostgres(data_dir, durable=False) as server:
        data = server.log_path.parent / "data"
        postgres = Path("/proc", str(server.pid), "exe").readlink()
        settings = ["-c", f"port={server.port}", "-c", f"unix_socket_directories={server.socket_dir}"]
    not_root = ["unshare", "--user", "--map-user=65534", "--"] if os.geteuid() == 0 else []
    by_hand = spawn(*not_root, postgres, "-D", data, *settings)
    assert any(b"ready to accept connections" in line for line in by_hand.stderr)

    with EmbeddedPostgres(data_dir, durable=False) as server:
        assert not server.owned
        assert server.pid == by_hand.pid
        assert query(server.dsn) == 1


def test_half_made_data_are_made_anew(tmp_path: Path, query: Query):
    unfinished = tmp_path / "postgres" / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert query(server.dsn) == 1
    assert not unfinished.exists()


def test_taken_port_is_replaced_by_another(data_dir: Path, query: Query):
    with EmbeddedPostgres(data_dir, durable=False) as server:
        port = server.port

    with (
        socket.create_server(("127.0.0.1", port)),
        EmbeddedPostgres(data_dir, durable=False) as server,
    ):
        assert server.port != port
        assert (data_dir / "postgres" / "port").read_text() == f"{server.port}\n"
        assert query(server.dsn) == 1


def test_failed_start_tells_what_postgres_said_and_leaves_nothing_behind(data_dir: Path, query: Query):
    wrong = EmbeddedPostgres(data_dir, durable=False, extra_settings={"work_mem": "plenty"})

    with pytest.raises(StoreUnavailableError, match='invalid value for parameter "work_mem": "plenty"'):
        wrong.start()

    with EmbeddedPostgres(data_dir, durable=False) as server:
        assert server.owned
        assert query(server.dsn) == 1


def test_server_that_does_not_become_ready_is_stopped(data_dir: Path):
    with pytest.raises(StoreUnavailableError, match="not ready in time"):
        EmbeddedPostgres(data_dir, durable=False, start_timeout_s=0).start()

    with EmbeddedPostgres(data_dir, durable=False) as server:
        assert server.owned


def test_lost_password_file_is_named(data_dir: Path):
    password = data_dir / "postgres" / "password"
    kept = password.rename(data_dir / "elsewhere")

    with pytest.raises(ConfigError, match=r"postgres/password is missing"):
        EmbeddedPostgres(data_dir, durable=False).start()

    kept.rename(password)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="RETRATO_DATA_DIR"):
        EmbeddedPostgres(tmp_path / "file").start()


def test_keys_of_the_environment_do_not_reach_the_server(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUGGINGFACE_API_KEY", "canary")
    monkeypatch.setenv("PGPORT", "1")

    with EmbeddedPostgres(data_dir, durable=False) as server:
        seen = Path("/proc", str(server.pid), "environ").read_text()

    assert "canary" not in seen
    assert "PGPORT" not in seen


def test_extra_settings_win(data_dir: Path, query: Query):
    with EmbeddedPostgres(data_dir, durable=False, extra_settings={"shared_buffers": "16MB"}) as server:
        assert query(server.dsn, "select current_setting('shared_buffers')") == "16MB"
