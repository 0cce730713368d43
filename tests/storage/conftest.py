"""
The stores that the contract is tested on.

A folder, memory, moto and a stand-in for Supabase Storage always; radosgw where it is. Another real server joins
in when it is named: RETRATO_TEST_S3_URL=s3://bucket/prefix together with the usual AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from tests.storage import s3_servers
from tests.storage.s3_servers import BUCKET, S3Server

from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore

S3_URL = os.environ.get("RETRATO_TEST_S3_URL")


@dataclass(frozen=True, slots=True)
class Place:
    """A store; ``is_bucket`` = it is on S3, ``creates_only`` = a used key is refused (None: nobody knows)."""

    store: PictureStore
    is_bucket: bool
    creates_only: bool | None


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    with s3_servers.moto() as server:
        yield server


@pytest.fixture(scope="session")
def radosgw() -> Iterator[S3Server]:
    if missing := s3_servers.radosgw_missing():
        pytest.skip(missing)
    with s3_servers.radosgw() as server:
        yield server


def opened(server: S3Server, monkeypatch: pytest.MonkeyPatch, *, timeout_s: float = 20) -> PictureStore:
    """A prefix of its own in the bucket of *server*."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://{BUCKET}/a/{uuid4().hex}", public_url="/avatars", timeout_s=timeout_s)


@pytest.fixture(params=["file", "memory", "moto", "radosgw", "supabase", *(["named"] if S3_URL else [])])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        match request.param:
            case "file":
                yield Place(open_store(f"file://{tmp_path}/pictures", public_url="/avatars"), False, True)
            case "memory":
                yield Place(open_store("memory://", public_url="/avatars"), False, True)
            case "named":
                yield Place(open_store(f"{S3_URL}/{uuid4().hex}", public_url="/avatars"), True, None)
            case "supabase":
                behind = request.getfixturevalue("moto")
                proxy = await stack.enter_async_context(
                    s3_servers.unruly(behind, habit=s3_servers.as_supabase, path="/storage/v1/s3")
                )
                yield Place(opened(proxy.server, monkeypatch), True, False)
            case name:
                server = request.getfixturevalue(name)
                yield Place(opened(server, monkeypatch), True, server.creates_only)


@pytest.fixture
def store(place: Place) -> PictureStore:
    return place.store
