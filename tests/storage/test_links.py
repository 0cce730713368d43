"""A picture folder is served to everybody: nothing in it that the store has not made is a picture."""

import os
import socket
from pathlib import Path

import pytest

from retrato.domain.errors import NotFoundError, StorageError
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore

KEY = "acme/ana/v1-7-0123456789abcdef.jpg"
SECRET = b"root:x:0:0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "acme" / "ana").mkdir(parents=True)
    (tmp_path / "outside" / "ana").mkdir(parents=True)
    (tmp_path / "outside" / "ana" / Path(KEY).name).write_bytes(SECRET)
    return folder


@pytest.fixture
def store(folder: Path) -> PictureStore:
    return open_store(folder.as_uri(), public_url="/avatars", timeout_s=5)


def link_to_a_file(folder: Path) -> None:
    (folder / KEY).symlink_to(folder.parent / "outside" / "ana" / Path(KEY).name)


def link_to_a_neighbour(folder: Path) -> None:
    (folder / "acme" / "ana" / "hidden").write_bytes(SECRET)
    (folder / KEY).symlink_to("hidden")


def link_to_nothing(folder: Path) -> None:
    (folder / KEY).symlink_to("nothing")


def link_to_itself(folder: Path) -> None:
    (folder / KEY).symlink_to(Path(KEY).name)


def linked_folder_of_the_persona(folder: Path) -> None:
    (folder / "acme" / "ana").rmdir()
    (folder / "acme" / "ana").symlink_to(folder.parent / "outside" / "ana")


def linked_folder_of_the_company(folder: Path) -> None:
    (folder / "acme" / "ana").rmdir()
    (folder / "acme").rmdir()
    (folder / "acme").symlink_to(folder.parent / "outside")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / KEY)


def listening_socket(folder: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(folder / "acme" / "ana")
    listening.bind(Path(KEY).name)
    os.chdir(here)
    listening.close()


def another_folder(folder: Path) -> None:
    (folder / KEY).mkdir()


STRANGE = [
    link_to_a_file,
    link_to_a_neighbour,
    link_to_nothing,
    link_to_itself,
    linked_folder_of_the_persona,
    linked_folder_of_the_company,
    pipe,
    listening_socket,
    another_folder,
]


@pytest.mark.parametrize("make", STRANGE)
async def test_what_the_store_has_not_made_is_no_picture(store: PictureStore, folder: Path, make):
    make(folder)

    with pytest.raises(NotFoundError):
        await store.get(KEY)
    assert not await store.exists(KEY)


@pytest.mark.parametrize("make", [one for one in STRANGE if one is not link_to_itself])
async def test_what_the_store_has_not_made_is_not_listed(store: PictureStore, folder: Path, make):
    """It could be collected otherwise, with what a linked folder leads to."""
    make(folder)

    assert [found.key async for found in store.list() if found.key == KEY] == []


@pytest.mark.parametrize("make", [linked_folder_of_the_persona, linked_folder_of_the_company])
async def test_nothing_is_written_through_a_link(store: PictureStore, folder: Path, make):
    make(folder)

    with pytest.raises(StorageError, match="symbolic link"):
        await store.put(KEY.replace("v1", "v2"), b"picture")

    assert [path.name for path in (folder.parent / "outside" / "ana").iterdir()] == [Path(KEY).name]


@pytest.mark.parametrize(
    "key", ["../outside/ana/v1-7-0123456789abcdef.jpg", "/etc/passwd", "acme//x", "a/./b", "", "a\0"]
)
async def test_key_that_leads_out_of_the_folder_reads_nothing(store: PictureStore, key: str):
    with pytest.raises((NotFoundError, StorageError)):
        await store.get(key)


async def test_picture_folder_itself_may_be_a_link(folder: Path):
    (folder.parent / "link").symlink_to(folder)
    store = open_store((folder.parent / "link").as_uri(), public_url="/avatars")

    await store.put(KEY, b"picture")

    assert await store.get(KEY) == b"picture"
    assert await store.exists(KEY)
    assert [found.key async for found in store.list()] == [KEY]


async def test_owner_is_not_read_through_a_link(store: PictureStore, folder: Path):
    (folder / ".retrato-owner").symlink_to(folder.parent / "outside" / "ana" / Path(KEY).name)

    assert await store.owner() is None
