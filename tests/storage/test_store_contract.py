import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from retrato.domain.errors import NotFoundError, StorageError
from retrato.storage.keys import picture_keys
from retrato.storage.picture_store import PictureStore

KEYS = picture_keys(empresa_id="acme", persona_id="ana", version=1, token=7, sha256="ab" * 32)
KEY = KEYS.image
JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 1000


async def test_what_was_put_comes_back(store: PictureStore):
    await store.put(KEY, JPEG)

    assert await store.get(KEY) == JPEG


async def test_putting_the_same_bytes_again_is_fine(store: PictureStore):
    await store.put(KEY, JPEG)

    await store.put(KEY, JPEG)

    assert await store.get(KEY) == JPEG


async def test_other_bytes_under_a_used_key_are_refused_and_the_first_stay(store: PictureStore):
    await store.put(KEY, JPEG)

    with pytest.raises(StorageError, match="already exists"):
        await store.put(KEY, b"other")

    assert await store.get(KEY) == JPEG


async def test_of_racing_writers_exactly_one_wins(store: PictureStore):
    results = await asyncio.gather(*(store.put(KEY, JPEG + bytes([n])) for n in range(8)), return_exceptions=True)

    assert [type(result) for result in results].count(StorageError) == 7


async def test_missing_picture_is_not_found(store: PictureStore):
    with pytest.raises(NotFoundError, match=KEY):
        await store.get(KEY)


async def test_exists_tells_what_is_there(store: PictureStore):
    await store.put(KEY, JPEG)

    assert await store.exists(KEY)
    assert not await store.exists(KEYS.thumbnail)


async def test_deleted_picture_is_gone_and_deleting_again_is_fine(store: PictureStore):
    await store.put(KEY, JPEG)

    await store.delete(KEY)
    await store.delete(KEY)

    assert not await store.exists(KEY)


async def test_list_gives_key_size_and_time_of_what_lies_in_the_folder(store: PictureStore):
    await store.put(KEY, JPEG)
    await store.put("acme2/ana/v1.jpg", JPEG)

    found = [picture async for picture in store.list("acme")]

    assert [(picture.key, picture.image_bytes) for picture in found] == [(KEY, len(JPEG))]
    assert abs(found[0].last_modified - datetime.now(UTC)) < timedelta(minutes=1)


async def test_list_without_prefix_gives_everything_over_several_pages(store: PictureStore):
    keys = {f"acme/p{n}/v1.jpg" for n in range(120)}
    await asyncio.gather(*(store.put(key, JPEG[:50]) for key in keys))

    assert {picture.key async for picture in store.list()} == keys


async def test_list_of_an_empty_store_is_empty(store: PictureStore):
    assert [picture async for picture in store.list("acme")] == []


async def test_probe_passes_and_leaves_nothing(store: PictureStore):
    await store.probe()

    assert [picture async for picture in store.list()] == []


@pytest.mark.parametrize("key", ["../outside", "acme/../../outside", "/etc/../../x", "a//b"])
async def test_keys_cannot_leave_the_store(store: PictureStore, key: str):
    with pytest.raises(StorageError):
        await store.put(key, JPEG)
