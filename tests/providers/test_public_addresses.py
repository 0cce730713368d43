"""Which addresses count as public, and what may be listed as an exception."""

import pytest
from yarl import URL

from retrato.domain.errors import ConfigError
from retrato.providers.addresses import ResultHosts, is_public


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "192.0.1.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "2606:4700::5efe:808:808",
    ],
)
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
        "::ffff:10.0.0.1",
        "::ffff:100.64.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::6440:1",
        "64:ff9b:1::808:808",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:ffff::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2002:a9fe:a9fe::1",
        "2002:6440:1::",
        "2606:4700::5efe:a00:1",
        "2606:4700::200:5efe:a9fe:a9fe",
        "100.64.0.0",
        "100.127.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "239.255.255.255",
        "240.0.0.1",
        "0.1.2.3",
        "fec0::1",
        "feff::1",
        "febf::1",
        "fe80::1",
        "fc00::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::10.0.0.1",
        "::ffff:0:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:30::1",
        "2001:db8::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "8000::1",
        "ff0e::1",
        "2606:4700::1111%eth0",
        "fe80::1%25eth0",
        "010.8.8.8",
        "8.8.8.8%eth0",
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
