"""The console's own token: made once, kept where nobody else reads it, and the link that bears it."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import unquote, urlsplit

import pytest
from tests.console.console_support import TOKEN

from retrato.app.console_token import console_token
from retrato.cli.console import open_in_browser
from retrato.console.gate import House
from retrato.console.keyring import is_weak
from retrato.console.server import Console
from retrato.console.token_file import NAME, keep_token, read_token
from retrato.console.whereabouts import login_link
from retrato.domain.errors import ConfigError
from retrato.settings import Settings

OURS = 0o600


def test_token_is_made_once_and_for_its_owner_alone(tmp_path):
    folder = tmp_path / "not/there/yet"
    before = os.umask(0)
    try:
        token = keep_token(folder)
    finally:
        os.umask(before)

    assert keep_token(folder) == read_token(folder) == token
    assert len(token) >= 40
    assert not is_weak(token)
    assert [path.name for path in folder.iterdir()] == [NAME]
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == OURS


def test_daemons_that_start_together_have_one_token(tmp_path):
    together = Barrier(16)

    def start(_number):
        together.wait()
        return keep_token(tmp_path)

    with ThreadPoolExecutor(16) as pool:
        tokens = set(pool.map(start, range(16)))

    assert tokens == {read_token(tmp_path)}
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def _link(path):
    target = path.with_name("elsewhere")
    target.write_text(f"{TOKEN}\n")
    target.chmod(OURS)
    path.symlink_to(target)


def _dangling_link(path):
    path.symlink_to(path.with_name("not-there"))


def _readable(path):
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o640)


def _writable(path):
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o602)


def _written(text):
    def write(path):
        path.write_bytes(text)
        path.chmod(OURS)

    return write


UNTRUSTED = {
    "link": _link,
    "dangling link": _dangling_link,
    "readable": _readable,
    "writable": _writable,
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "empty": _written(b""),
    "short": _written(b"short\n"),
    "huge": _written(b"x" * 100_000),
    "binary": _written(b"\xff\x00" * 20),
    "two lines": _written(b"x" * 20 + b"\n" + b"y" * 20),
}


@pytest.mark.parametrize("kind", UNTRUSTED)
def test_file_that_others_could_have_made_or_read_opens_nothing_and_is_left_alone(tmp_path, kind):
    UNTRUSTED[kind](tmp_path / NAME)
    before = os.lstat(tmp_path / NAME)

    with pytest.raises(ConfigError, match="RETRATO_CONSOLE_TOKEN") as refused:
        keep_token(tmp_path)
    told = console_token(Settings(data_dir=tmp_path, _env_file=None), {})

    assert TOKEN not in str(refused.value)
    assert (told.value, told.reason) == (None, str(refused.value))
    assert os.lstat(tmp_path / NAME) == before
    assert not (tmp_path / "not-there").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_administrator_who_asks_first_leaves_a_token_that_the_daemon_can_read(tmp_path):
    os.chown(tmp_path, 10001, 10001)

    keep_token(tmp_path)

    kept = (tmp_path / NAME).stat()
    assert (kept.st_uid, stat.S_IMODE(kept.st_mode)) == (10001, OURS)


def test_folder_that_cannot_be_written_is_no_reason_not_to_draw(tmp_path):
    (tmp_path / "file").write_text("")

    told = console_token(Settings(data_dir=tmp_path / "file/below", _env_file=None), {})

    assert told.value is None
    assert "file/below" in told.reason


def test_token_that_is_set_goes_before_and_none_is_made(tmp_path):
    settings = Settings(data_dir=tmp_path, console_token=TOKEN, _env_file=None)

    told = console_token(settings, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"})

    assert (told.value, told.is_generated) == (TOKEN, False)
    assert list(tmp_path.iterdir()) == []
    assert TOKEN not in repr(told)


def test_pods_of_kubernetes_do_not_each_make_a_token_of_their_own(tmp_path):
    told = console_token(Settings(data_dir=tmp_path, _env_file=None), {"KUBERNETES_SERVICE_HOST": "10.0.0.1"})

    assert told.value is None
    assert "every pod would have another one" in told.reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("token", [TOKEN, "#/?&% +\"'<>ä€\\;=" + "x" * 16])
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:3001", "localhost:3001"),
        ("http://[::1]:3001", "localhost:3001"),
        ("http://192.0.2.1:80", "192.0.2.1:80"),
    ],
)
def test_link_bears_the_token_where_no_server_sees_it(token, url, host):
    link = urlsplit(login_link(url, token, page="/empresas/a%2Fb"))

    assert (link.netloc, link.path, link.query) == (host, "/login", "back=/empresas/a%252Fb")
    assert unquote(link.fragment) == token
    assert token not in link.path + link.query


async def test_console_without_pages_or_token_has_no_link():
    links = []
    for house, pages in ((House("127.0.0.1", token=TOKEN), False), (House("127.0.0.1"), True)):
        console = Console(house, 0, with_pages=pages)
        await console.listen()
        links.append(console.login_link())
        await console.close()

    assert links == [None, None]


def test_browser_is_opened_without_the_token_among_its_arguments(tmp_path, monkeypatch):
    link = f"http://localhost:3001/login#{TOKEN}"
    seen = []

    def browser(address):
        page = Path(urlsplit(address).path)
        seen.append((address, page.read_text(), stat.S_IMODE(page.stat().st_mode)))
        return True

    monkeypatch.setattr("webbrowser.open", browser)
    open_in_browser(link, tmp_path, wait_s=0)

    [(address, text, mode)] = seen
    assert TOKEN not in address
    assert link in text
    assert mode == OURS
    assert list(tmp_path.iterdir()) == []
