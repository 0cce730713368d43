"""What the doctor says of one real database and of settings that a test chooses."""

import pytest
from tests.storage.conftest import moto

from retrato.app.doctor.checks import examine
from retrato.settings import load

__all__ = ["moto"]


@pytest.fixture
def look(dsn, tmp_path, monkeypatch):
    """Make some checks; settings are keyword arguments. Returns the findings, those of all checks in one list."""
    monkeypatch.chdir(tmp_path)

    async def look(*names, environ=None, **settings):
        settings = {"database_url": dsn, "console_port": 0, **settings}
        examined = examine(load(**settings), environ or {}, names)
        return [finding async for _, findings in examined for finding in findings]

    return look
