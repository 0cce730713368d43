"""Which addresses count as public, and what may be listed as an exception."""

import pytest
from yarl import URL

from retrato.domain.errors import ConfigError
from retrato.providers.addresses import ResultHosts, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_internet_addresses_are_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2130706433",
        "no address",
    ],
)
def test_everything_inside_a_house_is_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example/a.jpg",
        "ftp://cdn.example/a.jpg",
        "file:///etc/passwd",
        "https://127.0.0.1/a.jpg",
        "https://2130706433/a.jpg",
        "https://127.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://user:secret@cdn.example/a.jpg",
        "/a.jpg",
    ],
)
def test_urls_that_lead_inside_or_unguarded_are_objected_to(url: str):
    assert ResultHosts().objection(URL(url)) is not None


def test_public_https_is_not_objected_to():
    assert ResultHosts().objection(URL("https://v3.fal.media/files/a.jpg")) is None


def test_listed_host_is_exempt_on_its_port_only():
    hosts = ResultHosts(["minio:9000", "Localhost", "[::1]:81"])

    assert hosts.objection(URL("http://minio:9000/a.jpg")) is None
    assert hosts.objection(URL("http://minio:9001/a.jpg")) is not None
    assert hosts.objection(URL("http://localhost:1234/a.jpg")) is None
    assert hosts.objection(URL("http://[::1]:81/a.jpg")) is None


@pytest.mark.parametrize("entry", ["http://minio:9000", "minio:9000/path", "", "a:b", "user@host"])
def test_entry_that_is_no_host_is_named(entry: str):
    with pytest.raises(ConfigError, match="RETRATO_RESULT_HOSTS"):
        ResultHosts([entry])
