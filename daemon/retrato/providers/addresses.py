"""Which hosts and addresses result pictures may come from: public ones over https, and those that were listed."""

import ipaddress
import socket
from collections.abc import Iterable

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from retrato.domain.errors import ConfigError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses as seen through an IPv6-only network (RFC 6052): the embedded one decides."""


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
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        in_nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
        ip = in_nat64 or ip.ipv4_mapped or ip.sixtofour or ip
    return ip.is_global and not ip.is_multicast


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
