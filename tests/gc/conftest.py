"""A database, the application and one replica, as the tests of the store have them; pictures in a folder."""

from pathlib import Path

import pytest
from tests.store.support import app, avatars, garbage, jobs

from retrato.services.collector import Collector
from retrato.storage.location import open_store
from retrato.storage.picture_store import PictureStore
from retrato.store.garbage import Garbage

__all__ = ["app", "avatars", "garbage", "jobs"]


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return open_store((tmp_path / "pictures").as_uri(), public_url="/avatars", timeout_s=10)


@pytest.fixture
def collector(garbage: Garbage, store: PictureStore) -> Collector:
    return Collector(garbage, store, grace_s=7 * 86400)
