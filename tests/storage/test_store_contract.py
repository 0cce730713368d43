import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from tests.storage.conftest import Place

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


async def test_other_bytes_under_a_used_key_are_refused_and_the_first_stay(place: Place):
    if not place.creates_only:
        pytest.skip("this server ignores If-None-Match; keys are never used twice")
    await place.store.put(KEY, JPEG)

    with pytest.raises(StorageError, match="already exists"):
        await place.store.put(KEY, b"other")

    assert await place.store.get(KEY) == JPEG


async def test_of_racing_writers_exactly_one_wins(place: Place):
    if not place.creates_only:
        pytest.skip("this server ignores If-None-Match; keys are never used twice")
    pictures = [JPEG + bytes([number]) for number in range(8)]

    results = await asyncio.gather(*(place.store.put(KEY, one) for one in pictures), return_exceptions=True)

    assert [type(result) for result in results].count(StorageError) == 7
    assert await place.store.get(KEY) == pictures[results.index(None)]


async def test_browser_gets_type_and_lasting_cache_control_from_a_signed_address(place: Place):
    if not place.is_bucket:
        pytest.skip("only buckets have signed addresses")
    await place.store.put(KEY, JPEG)

    url = await place.store.signed_url(KEY, lives_s=60)

    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        body = await answer.read()
    assert (answer.status, body) == (200, JPEG)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_folder_and_memory_have_no_signed_addresses(place: Place):
    if place.is_bucket:
        pytest.skip("buckets have them")

    assert await place.store.signed_url(KEY, lives_s=60) is None
    assert await place.store.origin() is None


async def test_only_names_of_pictures_are_signed(place: Place):
    if not place.is_bucket:
        pytest.skip("only buckets have signed addresses")

    with pytest.raises(StorageError, match="no picture's name"):
        await place.store.signed_url("backups/customers.sql", lives_s=60)


async def test_origin_is_where_signed_addresses_lead(place: Place):
    if not place.is_bucket:
        pytest.skip("only buckets have signed addresses")
    url = await place.store.signed_url(KEY, lives_s=60)

    origin = await place.store.origin()

    assert origin is not None
    assert url.startswith(f"{origin}/")


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
    keys = {f"acme/p{number}/v1.jpg" for number in range(1050)}  # servers give 1000 at once
    await asyncio.gather(*(store.put(key, JPEG[:50]) for key in keys))

    assert {picture.key async for picture in store.list()} == keys


async def test_list_of_an_empty_store_is_empty(store: PictureStore):
    assert [picture async for picture in store.list("acme")] == []


async def test_probe_passes_tells_what_it_saw_and_leaves_nothing(place: Place):
    habits = await place.store.probe()

    assert [picture async for picture in place.store.list()] == []
    assert place.creates_only in {None, habits.creates_only}
    if place.is_bucket:
        assert habits.content_type == "image/jpeg"
        assert habits.cache_control == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("key", ["../outside", "acme/../../outside", "/etc/../../x", "a//b"])
async def test_keys_cannot_leave_the_store(store: PictureStore, key: str):
    with pytest.raises(StorageError):
        await store.put(key, JPEG)
