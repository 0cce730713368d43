"""A fresh studio for each test; for those that need them a database with its application, and a bucket."""

import pytest
from chain_fakes import Studio
from tests.storage.conftest import moto
from tests.store.support import app, avatars, garbage, jobs

__all__ = ["app", "avatars", "garbage", "jobs", "moto"]


@pytest.fixture
def studio() -> Studio:
    return Studio()
