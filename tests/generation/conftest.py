"""A fresh studio for each test."""

import pytest
from chain_fakes import Studio


@pytest.fixture
def studio() -> Studio:
    return Studio()
