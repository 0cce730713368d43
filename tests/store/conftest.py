"""A database, the application, the bell and one replica, for all tests of the store."""

from tests.store.support import app, attempts, avatars, bell, dsn, garbage, jobs, other_app, reused_dsn

__all__ = ["app", "attempts", "avatars", "bell", "dsn", "garbage", "jobs", "other_app", "reused_dsn"]
