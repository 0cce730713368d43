import asyncio
import stat
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore

from retrato.domain.errors import NotFoundError, StorageError
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore

JPEG = b"\xff\xd8\xff picture"


def store_in(folder: Path) -> PictureStore:
    return open_store(f"file://{folder}", public_url="/avatars")


def what_is_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize(
    ("public_url", "key", "url"),
    [
        ("/avatars", "a/b/v1-7-ab.jpg", "/avatars/a/b/v1-7-ab.jpg"),
        ("https://cdn.example/x/", "a/b/v1-7-ab.jpg", "https://cdn.example/x/a/b/v1-7-ab.jpg"),
        ("/avatars", 'a b/ç"<?#%', "/avatars/a%20b/%C3%A7%22%3C%3F%23%25"),
    ],
)
def test_url_is_the_public_prefix_and_the_encoded_key(public_url: str, key: str, url: str):
    assert open_store("memory://", public_url=public_url).url(key) == url


async def test_attributes_tell_browsers_type_and_that_nothing_changes():
    backend = MemoryStore()
    store = PictureStore(backend, public_url="", timeout_s=5)

    await store.put("a/b/c.jpg", JPEG)

    attributes = (await obstore.get_async(backend, "a/b/c.jpg")).attributes
    assert attributes["Content-Type"] == "image/jpeg"
    assert "immutable" in attributes["Cache-Control"]


async def test_file_store_keeps_the_key_as_path(tmp_path: Path):
    await store_in(tmp_path).put("acme/ana/v1.jpg", JPEG)

    path = tmp_path / "acme" / "ana" / "v1.jpg"
    assert path.read_bytes() == JPEG
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR


async def test_picture_and_its_folders_are_flushed_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    flushed = []
    monkeypatch.setattr(
        "os.fsync", lambda descriptor: flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink())
    )

    await store_in(tmp_path).put("acme/ana/v1.jpg", JPEG)

    folder = tmp_path / "acme" / "ana"
    assert flushed == [folder / "v1.jpg", folder, tmp_path / "acme", tmp_path]


async def test_folder_that_becomes_empty_goes_and_takes_no_picture_along(tmp_path: Path):
    store = store_in(tmp_path)

    async def put_and_delete(writer: int) -> None:
        for number in range(50):
            await store.put(f"acme/ana/v{writer}-{number}.jpg", JPEG)
            await store.delete(f"acme/ana/v{writer}-{number}.jpg")

    await asyncio.gather(*(put_and_delete(writer) for writer in range(4)))

    assert what_is_in(tmp_path) == []


async def test_unwritable_folder_is_a_storage_error_that_says_why(tmp_path: Path):
    store = store_in(tmp_path / "pictures")
    (tmp_path / "pictures").rmdir()
    (tmp_path / "pictures").write_text("in the way")

    with pytest.raises(StorageError, match=r"could not store 'a/b/c\.jpg': .*Not a directory"):
        await store.put("a/b/c.jpg", JPEG)


async def test_error_message_is_one_line_without_debug_output(tmp_path: Path):
    with pytest.raises(StorageError) as caught:
        await store_in(tmp_path).put("a/../b", JPEG)

    assert "\n" not in str(caught.value)


async def test_back_end_that_cannot_create_only_takes_the_plain_put(monkeypatch: pytest.MonkeyPatch):
    put = obstore.put_async

    def put_without_conditions(*args: Any, mode: str, **options: Any) -> Any:
        if mode == "create":
            raise NotImplementedError("501 Not Implemented")
        return put(*args, mode=mode, **options)

    monkeypatch.setattr(obstore, "put_async", put_without_conditions)
    store = open_store("memory://", public_url="")

    await store.put("a/b/c.jpg", JPEG)

    assert await store.get("a/b/c.jpg") == JPEG


@pytest.mark.parametrize("operation", ["get", "exists", "delete"])
async def test_silent_back_end_ends_in_a_storage_error(operation: str, monkeypatch: pytest.MonkeyPatch):
    async def never(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    for name in ("get_async", "get_range_async", "delete_async"):
        monkeypatch.setattr(obstore, name, never)
    store = PictureStore(MemoryStore(), public_url="", timeout_s=0.01)

    with pytest.raises(StorageError, match=r"within 0\.01 s"):
        await getattr(store, operation)("a/b/c.jpg")


async def test_probe_names_a_store_that_forgets(monkeypatch: pytest.MonkeyPatch):
    async def forget(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(obstore, "get_async", forget)

    with pytest.raises(StorageError, match="just taken"):
        await open_store("memory://", public_url="").probe()


async def test_unreachable_s3_is_a_storage_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    store = open_store("s3://bucket/avatars", public_url="", timeout_s=0.5)

    with pytest.raises(StorageError) as caught:
        await store.get("a/b/c.jpg")

    assert not isinstance(caught.value, NotFoundError)
    assert "canary-secret" not in str(caught.value)
