"""What a bucket's server can do to us: every call ends, says clearly why, and keeps secrets."""

import asyncio
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tests.storage.conftest import opened
from tests.storage.s3_servers import S3Server, Unruly, cut, hang, refuse, swallow, unruly

from retrato.domain.errors import NotFoundError, StorageError
from retrato.storage.keys import picture_keys
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore

KEY = picture_keys(empresa_id="acme", persona_id="ana", version=1, token=7, sha256="ab" * 32).image
JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 1000
SLOW_DOWN = refuse(503, "SlowDown", "Please reduce your request rate.")


async def login_page(*_: Any) -> web.Response:
    return web.Response(status=403, text=f"<html><title>Log in</title>{'x' * 5000}", content_type="text/html")


async def listed(store: PictureStore) -> list[str]:
    return [found.key async for found in store.list()]


EVERY_CALL = {
    "store": lambda store: store.put(KEY, JPEG),
    "read": lambda store: store.get(KEY),
    "look for": lambda store: store.exists(KEY),
    "delete": lambda store: store.delete(KEY),
    "list": listed,
}


@pytest.fixture
async def proxy(moto: S3Server):
    async with unruly(moto) as running:
        yield running


@pytest.fixture
def store(proxy: Unruly, monkeypatch: pytest.MonkeyPatch) -> PictureStore:
    return opened(proxy.server, monkeypatch)


@pytest.fixture
def hurried(proxy: Unruly, monkeypatch: pytest.MonkeyPatch) -> PictureStore:
    return opened(proxy.server, monkeypatch, timeout_s=0.5)


@pytest.mark.parametrize("doing", EVERY_CALL)
async def test_call_that_is_not_answered_ends_and_says_so(doing: str, proxy: Unruly, hurried: PictureStore):
    proxy.habit = hang

    with pytest.raises(StorageError, match=rf"could not {doing} .* within 0\.5 s"):
        await EVERY_CALL[doing](hurried)


@pytest.mark.parametrize("doing", EVERY_CALL)
async def test_call_to_a_server_that_is_away_ends_and_says_so(doing: str, proxy: Unruly, hurried: PictureStore):
    await proxy.go_away()

    with pytest.raises(StorageError, match=f"could not {doing}") as caught:
        await EVERY_CALL[doing](hurried)

    assert not isinstance(caught.value, NotFoundError)


@pytest.mark.parametrize("doing", EVERY_CALL)
async def test_bucket_that_is_not_there_is_no_missing_picture(doing: str, store: PictureStore, proxy: Unruly):
    elsewhere = open_store("s3://no-such-bucket/prefix", public_url="")

    with pytest.raises(StorageError, match="NoSuchBucket: The specified bucket does not exist"):
        await EVERY_CALL[doing](elsewhere)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
        (403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature."),
        (
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ),
        (403, "AccessDenied", "Access Denied"),
        (413, "EntityTooLarge", "The object exceeded the maximum allowed size"),
        (507, "InsufficientStorage", "The quota is used up."),
    ],
)
async def test_refusal_is_told_in_the_servers_words_and_no_more(
    status: int, code: str, message: str, store: PictureStore, proxy: Unruly
):
    proxy.habit = refuse(status, code, message)

    with pytest.raises(StorageError, match=f"{status} .*{code}: {message}") as caught:
        await store.put(KEY, JPEG)

    assert "canary" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_page_of_a_proxy_is_not_repeated(store: PictureStore, proxy: Unruly):
    proxy.habit = login_page

    with pytest.raises(StorageError) as caught:
        await store.get(KEY)

    assert "403" in str(caught.value)
    assert "html" not in str(caught.value)


async def test_throttled_call_is_made_again(store: PictureStore, proxy: Unruly):
    proxy.moods = [SLOW_DOWN, SLOW_DOWN]

    await store.put(KEY, JPEG)

    assert await store.get(KEY) == JPEG


async def test_lasting_throttling_is_an_error_that_names_it(proxy: Unruly, monkeypatch: pytest.MonkeyPatch):
    proxy.habit = SLOW_DOWN
    store = opened(proxy.server, monkeypatch)

    with pytest.raises(StorageError, match="SlowDown: Please reduce your request rate"):
        await store.get(KEY)


async def test_put_whose_answer_was_lost_is_stored_once(store: PictureStore, proxy: Unruly):
    proxy.moods = [swallow]

    await store.put(KEY, JPEG)

    assert await store.get(KEY) == JPEG
    assert await listed(store) == [KEY]


async def test_half_a_picture_is_never_given_out(store: PictureStore, proxy: Unruly):
    await store.put(KEY, JPEG)
    proxy.habit = cut

    with pytest.raises(StorageError, match="could not read"):
        await store.get(KEY)


async def test_answer_that_breaks_off_once_is_asked_for_again(store: PictureStore, proxy: Unruly):
    await store.put(KEY, JPEG)
    proxy.moods = [cut]

    assert await store.get(KEY) == JPEG


async def test_server_without_conditional_puts_takes_the_plain_one(store: PictureStore, proxy: Unruly):
    proxy.moods = [refuse(501, "NotImplemented", "A header you provided implies functionality that is not there.")]

    await store.put(KEY, JPEG)

    assert await store.get(KEY) == JPEG


async def test_server_that_comes_back_is_used_again(store: PictureStore, proxy: Unruly):
    await proxy.go_away()
    with pytest.raises(StorageError):
        await asyncio.wait_for(store.get(KEY), timeout=30)

    await proxy.listen()

    await store.put(KEY, JPEG)
    assert await store.get(KEY) == JPEG


async def test_wrong_key_is_refused_by_a_real_server(radosgw: S3Server, monkeypatch: pytest.MonkeyPatch):
    store = opened(replace(radosgw, secret="canary-wrong-secret"), monkeypatch)

    with pytest.raises(StorageError, match="403 Forbidden: SignatureDoesNotMatch") as caught:
        await store.put(KEY, JPEG)

    assert "canary" not in str(caught.value)


async def test_private_picture_opens_with_its_signed_address_alone(
    radosgw: S3Server, monkeypatch: pytest.MonkeyPatch
):
    store = opened(radosgw, monkeypatch)
    await store.put(KEY, JPEG)
    url = await store.signed_url(KEY, lives_s=1)
    assert url is not None
    plain = url.partition("?")[0]

    statuses = []
    async with aiohttp.ClientSession() as session:
        for address in (url, plain, url.replace(KEY, KEY.replace("ana", "bia"))):
            async with session.get(address) as answer:
                statuses.append(answer.status)
        await asyncio.sleep(2.1)  # a server's clock counts whole seconds
        async with session.get(url) as answer:
            statuses.append(answer.status)

    assert statuses == [200, 403, 403, 403]
