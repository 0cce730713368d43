"""A database, the application, the bell and one replica, for all tests of the store."""

from collections.abc import Awaitable, Callable

import pytest
from tests.store.support import (
    Application,
    app,
    attempts,
    avatars,
    bell,
    dsn,
    jobs,
    new_replica,
    other_app,
    reused_dsn,
)

from retrato.store.database import Database
from retrato.store.jobs import Jobs

__all__ = ["app", "attempts", "avatars", "bell", "dsn", "jobs", "other_app", "reused_dsn"]


@pytest.fixture
def empresa(app: Application) -> str:
    """The application's company."""
    return app.empresa_id


@pytest.fixture
def insert(app: Application) -> Callable[..., Awaitable[str]]:
    """Inserts a persona, as the application does."""
    return app.insert


@pytest.fixture
def new_jobs(database: Database) -> Callable[[], Jobs]:
    """The queue as a replica of its own sees it."""
    return lambda: new_replica(database)
