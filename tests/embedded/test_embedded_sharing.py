"""Several processes and one folder; an owner that is killed."""

import os
import signal
import socket
from pathlib import Path

import pytest
from tests.embedded.support import Query, StartOwner, Watch

from retrato.domain.errors import StoreUnavailableError
from retrato.embedded import EmbeddedPostgres
from retrato.embedded.lock import FolderLock


def test_second_process_attaches_and_leaves_the_server_alone(data_dir: Path, owner: StartOwner, query: Query):
    with EmbeddedPostgres(data_dir, durable=False) as server:
        guest = owner(data_dir).await_facts()
        seen = guest.facts
        guest.end()

        assert seen["owned"] is False
        assert (seen["pid"], seen["dsn"]) == (server.pid, server.dsn)
        assert query(server.dsn) == 1


def test_second_object_in_the_same_process_attaches_too(data_dir: Path, query: Query):
    with EmbeddedPostgres(data_dir, durable=False) as server:
        with EmbeddedPostgres(data_dir, durable=False) as guest:
            assert not guest.owned
            assert (guest.dsn, guest.socket_dir) == (server.dsn, server.socket_dir)
        assert query(server.dsn) == 1


def test_racing_processes_end_up_with_one_server(tmp_path: Path, owner: StartOwner, query: Query):
    racers = [owner(tmp_path) for _ in range(3)]
    for racer in racers:
        racer.await_facts()

    assert len({(racer.server_pid, racer.dsn) for racer in racers}) == 1
    assert sorted(racer.facts["owned"] for racer in racers) == [False, False, True]
    assert [query(racer.dsn) for racer in racers] == [1, 1, 1]


def test_next_start_works_at_once_after_the_owner_was_killed(data_dir: Path, owner: StartOwner, query: Query):
    killed = owner(data_dir).await_facts()
    query(killed.dsn, "create table kept as select 7 as number")

    # The old server is perhaps still shutting down.
    killed.process.kill()
    with EmbeddedPostgres(data_dir, durable=False) as server:
        assert server.owned
        assert server.pid != killed.server_pid
        assert query(server.dsn, "select number from kept") == 7


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_server_ends_with_its_owner(data_dir: Path, owner: StartOwner, watch: Watch, number: signal.Signals):
    killed = owner(data_dir).await_facts()
    client = socket.create_connection(("127.0.0.1", killed.facts["port"]))
    has_ended = watch(killed.server_pid)

    killed.process.send_signal(number)

    assert has_ended()
    client.close()


def test_folder_is_locked_for_as_long_as_the_server_lives(data_dir: Path, owner: StartOwner, watch: Watch):
    killed = owner(data_dir).await_facts()
    has_ended = watch(killed.server_pid)
    lock = data_dir / "postgres" / "lock"

    os.kill(killed.server_pid, signal.SIGSTOP)
    killed.process.kill()
    killed.process.wait()
    taken_from_the_living = FolderLock.take(lock)
    os.kill(killed.server_pid, signal.SIGCONT)

    assert taken_from_the_living is None
    assert has_ended()
    with FolderLock.take(lock) as taken:
        assert taken is not None


def test_owner_killed_while_it_makes_the_data_leaves_a_usable_folder(
    tmp_path: Path, owner: StartOwner, query: Query
):
    killed = owner(tmp_path)
    while not (tmp_path / "postgres" / "data.new" / "global").exists():
        assert killed.process.poll() is None
    killed.process.kill()

    with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert server.owned
        assert query(server.dsn) == 1


def test_holder_whose_server_does_not_answer_is_reported(tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    lock = FolderLock.take(tmp_path / "postgres" / "lock")

    with (
        lock,
        pytest.raises(StoreUnavailableError, match="does not answer"),
    ):
        EmbeddedPostgres(tmp_path, start_timeout_s=0.1).start()
