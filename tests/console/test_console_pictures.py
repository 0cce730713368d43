"""Pictures of a private bucket: handed through, or behind a redirect to a signed address."""

from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs
from tests.console.console_support import PICTURE, running_console
from tests.storage.conftest import opened
from tests.storage.s3_servers import unruly

from retrato.storage.location import open_store

KEY = "acme/ana/v1-7-0123456789abcdef.jpg"
LIVES_S = 600


@pytest.fixture
def store(moto, monkeypatch):
    """A private bucket instead of the folder of the other tests."""
    return opened(moto, monkeypatch)


@pytest.fixture
async def signing(database, connection, store):
    """A console that redirects."""
    async with running_console(database, connection, store, signed_url_s=LIVES_S) as running:
        yield running


async def test_picture_of_a_bucket_is_handed_through(console, store, http):
    await store.put(KEY, PICTURE)

    async with http.get(f"{console.url}/avatars/{KEY}", allow_redirects=False) as answer:
        body = await answer.read()

    assert (answer.status, body) == (200, PICTURE)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_redirect_leads_to_the_picture_and_dies_before_its_signature(signing, store, http, moto):
    await store.put(KEY, PICTURE)

    async with http.get(f"{signing.url}/avatars/{KEY}", allow_redirects=False) as answer:
        location = answer.headers["Location"]
    async with http.get(f"{signing.url}/avatars/{KEY}") as followed:
        body = await followed.read()

    assert (answer.status, body) == (302, PICTURE)
    assert answer.headers["Cache-Control"] == f"public, max-age={LIVES_S // 2}"
    assert location.startswith(f"{moto.endpoint}/")
    assert parse_qs(urlsplit(location).query)["X-Amz-Expires"] == [str(LIVES_S)]


async def test_each_redirect_is_signed_anew_for_its_method(signing, store, http):
    await store.put(KEY, PICTURE)

    signatures = set()
    for method in ("GET", "HEAD"):
        async with http.request(method, f"{signing.url}/avatars/{KEY}", allow_redirects=False) as answer:
            signatures.add(parse_qs(urlsplit(answer.headers["Location"]).query)["X-Amz-Signature"][0])

    assert len(signatures) == 2


@pytest.mark.parametrize(
    "path", ["backups/customers.sql", ".retrato-owner", "acme/ana/v1-7-0123456789abcdef.png", "a/../b"]
)
async def test_nothing_but_pictures_is_signed(path, signing, http):
    async with http.get(f"{signing.url}/avatars/{path}", allow_redirects=False) as answer:
        assert answer.status == 404
        assert "Location" not in answer.headers


async def test_folder_is_served_in_spite_of_the_setting(database, connection, http, tmp_path):
    store = open_store(tmp_path.as_uri(), public_url="")
    await store.put(KEY, PICTURE)
    async with (
        running_console(database, connection, store, signed_url_s=LIVES_S) as console,
        http.get(f"{console.url}/avatars/{KEY}", allow_redirects=False) as answer,
    ):
        assert (answer.status, await answer.read()) == (200, PICTURE)


async def test_store_that_is_away_is_said_in_short_and_not_kept(database, connection, moto, monkeypatch, http):
    async with unruly(moto) as proxy:
        store = opened(proxy.server, monkeypatch, timeout_s=0.5)
        async with running_console(database, connection, store) as console:
            await proxy.go_away()
            with capture_logs() as lines:
                async with http.get(f"{console.url}/avatars/{KEY}") as answer:
                    body = await answer.text()

    assert (answer.status, body) == (503, "the store does not answer now")
    assert answer.headers["Cache-Control"] == "no-store"
    assert [line["event"] for line in lines] == ["picture.unavailable"]


async def test_signed_addresses_are_in_no_log(signing, store, http):
    await store.put(KEY, PICTURE)

    with capture_logs() as lines:
        async with http.get(f"{signing.url}/avatars/{KEY}"):
            pass

    assert "X-Amz" not in str(lines)


async def test_pages_may_show_pictures_from_the_bucket_and_nowhere_else(signing, console, http, moto):
    policies = []
    for running in (signing, console):
        async with http.get(f"{running.url}/empresas") as answer:
            policies.append(answer.headers["Content-Security-Policy"])

    assert f"img-src 'self' https: {moto.endpoint};" in policies[0]
    assert "img-src 'self' https:;" in policies[1]
