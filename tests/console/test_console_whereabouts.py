"""Under which address the console is found."""

import pytest

from retrato.console.whereabouts import url_of


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:3001"),
        ("0.0.0.0", "http://127.0.0.1:3001"),  # noqa: S104
        ("localhost", "http://localhost:3001"),
        ("::1", "http://[::1]:3001"),
        ("::", "http://[::1]:3001"),
    ],
)
def test_whatever_it_listens_on_can_be_asked_from_this_machine(host, url):
    assert url_of(host, 3001) == url
