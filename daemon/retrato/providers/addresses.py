"""Which hosts and addresses result pictures may come from: public ones over https, and those that were listed."""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from retrato.domain.errors import ConfigError

# What is public is told here and not by ``ipaddress``, whose tables change between releases of Python. After
# IANA's special-purpose registries of IPv4 and IPv6 (2026-10); the few of these that are global serve no pictures.
_SPECIAL_IPV4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared, behind a carrier's NAT
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local, and the clouds' metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_GLOBAL_IPV6 = ip_network("2000::/3")
"""All that is given out. Outside: loopback, private, link- and site-local, multicast, local NAT64, ``::1.2.3.4``.
"""
_SPECIAL_IPV6 = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)
_WITH_IPV4 = tuple(
    (ip_network(prefix), shift)
    for prefix, shift in (
        ("::ffff:0:0/96", 0),  # IPv4-mapped
        ("64:ff9b::/96", 0),  # NAT64 (RFC 6052)
        ("2002::/16", 80),  # 6to4
    )
)
"""Networks whose addresses hold an IPv4 address, which decides; and how many bits stand behind it."""
_ISATAP = {0x00005EFE, 0x02005EFE}
"""Before the IPv4 address at the end of an address that is tunnelled to it, in any network (RFC 5214)."""


class PrivateAddressError(OSError):
    """A name leads only to addresses that are not public. An OSError: a resolver may raise no other."""


class ResultHosts:
    """
    The ``host`` or ``host:port`` entries that may be private or plain http.

    Raises:
        ConfigError: an entry is no host; the message names it.

    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._entries = frozenset(_host_and_port(entry) for entry in entries)

    def lists(self, host: str, port: int | None) -> bool:
        """Whether *host* is exempt, on every port or on this one."""
        name = host.lower().rstrip(".")
        return (name, None) in self._entries or (name, port) in self._entries

    def objection(self, url: URL) -> str | None:
        """
        Why *url* may not be fetched, as far as its text tells; None when it may.

        Names are checked when they are resolved, by `PublicResolver`.
        """
        host = url.host
        if url.scheme not in {"http", "https"} or not host:
            return "is no http address"
        if url.user is not None or url.password is not None:
            return "carries a user name or password"
        if self.lists(host, url.port):
            return None
        if url.scheme != "https":
            return "is not https"
        if _is_literal(host) and not is_public(host):
            return "is not a public address"
        return None


class PublicResolver(AbstractResolver):
    """
    Resolves names to public addresses only, so that what was checked is what is connected to.

    A second lookup between check and connection could be answered differently (DNS rebinding); here there
    is none: aiohttp connects to exactly the addresses that are returned.
    """

    def __init__(self, inner: AbstractResolver, hosts: ResultHosts) -> None:
        self._inner = inner
        self._hosts = hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """
        The addresses of *host* that may be connected to.

        Raises:
            PrivateAddressError: it has none.

        """
        found = await self._inner.resolve(host, port, family)
        if self._hosts.lists(host, port):
            return found
        public = [address for address in found if is_public(address["host"])]
        if not public:
            raise PrivateAddressError(f"{host} does not lead to a public address")
        return public

    async def close(self) -> None:
        """Close the resolver inside."""
        await self._inner.close()


def is_public(address: str) -> bool:
    """Whether *address* is an IP address of the public internet, also where it wraps an IPv4 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _SPECIAL_IPV4)
    if ip.scope_id is not None:  # of one interface of this machine
        return False
    for network, shift in _WITH_IPV4:
        if ip in network:
            return is_public(str(IPv4Address(int(ip) >> shift & 0xFFFFFFFF)))
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP and not is_public(str(IPv4Address(int(ip) & 0xFFFFFFFF))):
        return False
    return ip in _GLOBAL_IPV6 and not any(ip in network for network in _SPECIAL_IPV6)


def _is_literal(host: str) -> bool:
    # aiohttp (3.13) passes every host of digits and dots, or with a colon, to the socket unresolved, and the
    # socket takes "2130706433" for 127.0.0.1. So the same hosts count as literal here.
    return ":" in host or host.replace(".", "").isdigit()


def _host_and_port(entry: str) -> tuple[str, int | None]:
    text = entry.strip()
    bare_ipv6 = text.count(":") > 1 and not text.startswith("[")
    try:
        url = URL(f"//[{text}]" if bare_ipv6 else f"//{text}")
    except ValueError:
        url = URL()
    if not url.host or url.path not in {"", "/"} or url.user is not None:
        raise ConfigError(f"RETRATO_RESULT_HOSTS has {entry!r}; it should be host or host:port")
    return url.host.lower().rstrip("."), url.explicit_port
