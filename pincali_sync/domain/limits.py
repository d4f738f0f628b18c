"""What is asked for at all, and how much of an answer is taken: the site may send anything."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from pincali_sync.config import Config, is_loopback

MAX_PAGE_BYTES = 10_000_000  # on the way as well as unpacked; real pages have a thirtieth
MAX_HEAD_BYTES = 256 * 1024  # all headers of an answer; what servers send has a hundredth
MAX_SHARD_BYTES = 50 * 1024 * 1024  # on the way: as the sitemap protocol has it
MAX_ROBOTS_BYTES = 512 * 1024  # what stands behind is not read, as RFC 9309 allows
MAX_REDIRECTS = 5  # of robots.txt, as RFC 9309 has it, and of the sitemap
MAX_MOVES = 2  # of a listing's page: to a new slug, and to the address that the site wants for it
# IPv6 that may come to any address of IPv4: compatible ones (RFC 4291), and those of NAT64.
_TRANSLATED = [IPv6Network(each) for each in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48")]
_GZIP = zlib.MAX_WBITS | 16
_PACKED_BYTES = 1_024  # of which deflate makes a megabyte at most
_MAX_MEMBERS = 1_000
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """The site's host and those of its sitemap: whatever the site says, nobody else is asked."""

    base_url: str
    hosts: frozenset[str]  # host or host:port, the site's own among them

    @classmethod
    def of(cls, config: Config) -> Askable:
        """The configured hosts."""
        own = {_authority(config.pincali_base_url), _authority(config.sitemap_url)}
        return cls(base_url=config.pincali_base_url, hosts=frozenset(own | {*config.sitemap_hosts}))

    def is_site(self, url: str) -> bool:
        """Whether it is the site's own host that answers there."""
        return _authority(url) == _authority(self.base_url)

    def objection(self, url: str) -> str | None:
        """Why nothing is asked for at a URL, None where it may be. It takes any text."""
        try:
            parts, authority = urlsplit(url), _authority(url)
        except ValueError:
            return f"{url[:200]!r} is no URL"
        if authority not in self.hosts or "@" in parts.netloc:
            return f"{authority} is asked nothing: it is neither the site nor in SITEMAP_HOSTS"
        if parts.scheme != "https" and self.base_url.startswith("https:"):
            return f"{url[:200]} is asked nothing: https is not left"
        return None

    def objection_to_address(self, host: str, address: str) -> str | None:
        """Why a host is not connected to at the address that its name led to.

        Another name than these hosts' is an operator's proxy, which may be anywhere.
        """
        if is_loopback(self.base_url) or is_public(address) or not self._names(host):
            return None
        return f"{host} is asked nothing: its name leads to {address}, which is not public"

    def _names(self, host: str) -> bool:
        bare = host.lower().removesuffix(".")  # however it is written
        return any(bare in {each, each.rpartition(":")[0]} for each in self.hosts)


def unpacked(body: bytes) -> Iterator[bytes]:
    """A gzip file, a megabyte at most at a time.

    Python's own reader goes through names and padding byte by byte, and through empty members
    without end.

    Raises:
        zlib.error: for what is no gzip.
        EOFError: where it breaks off.
        ValueError: for more members than any file has.
    """
    unpacker, members = zlib.decompressobj(_GZIP), 1
    for at in range(0, len(body), _PACKED_BYTES):
        rest = body[at : at + _PACKED_BYTES]
        while rest := rest.lstrip(b"\0") if unpacker.eof else rest:
            if unpacker.eof:
                unpacker, members = zlib.decompressobj(_GZIP), members + 1
            if members > _MAX_MEMBERS:
                raise ValueError(f"it has more than {_MAX_MEMBERS:,} members")
            yield unpacker.decompress(rest)
            rest = unpacker.unused_data
    if not unpacker.eof:
        raise EOFError("it breaks off")


def _authority(url: str) -> str:
    """Raises: ValueError: for a URL without one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removesuffix(".")
    if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)}:
        return host
    return f"{host}:{parts.port}"


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        if parsed.is_site_local or any(parsed in each for each in _TRANSLATED):
            return False
        parsed = parsed.ipv4_mapped or parsed.sixtofour or parsed
    return parsed.is_global and not parsed.is_multicast
