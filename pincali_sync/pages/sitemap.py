"""The sitemap: an index of shards, and the listings' URLs in a shard."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import urlsplit

from lxml import etree

from pincali_sync.domain.identity import canonical_url
from pincali_sync.exceptions import PageError

_GZIP = b"\x1f\x8b"
# Shards of listings; the others hold agents and searches.
_LISTING_SHARD = re.compile(r"/(?:propert|product_sitemap)[^/]*$", re.I)
_XML_ERRORS = (etree.XMLSyntaxError, OSError, EOFError, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardLink:
    """A shard as the index names it."""

    url: str
    last_modified: datetime | None


def parse_index(body: bytes, url: str) -> list[ShardLink]:
    """The shards that hold listings.

    Raises:
        PageError: for what is no sitemap index, or names no such shard.
    """
    links: list[ShardLink] = []
    try:
        for entry in _elements(body, "sitemap"):
            location = (entry.findtext("{*}loc") or "").strip()
            parts = urlsplit(location)
            if parts.scheme in {"http", "https"} and _LISTING_SHARD.search(parts.path):
                modified = _instant(entry.findtext("{*}lastmod"))
                links.append(ShardLink(url=location, last_modified=modified))
    except _XML_ERRORS as error:
        raise PageError(f"{url} is no sitemap index: {error}") from None
    if not links:
        raise PageError(f"{url} names no shard with listings")
    return links


def listing_urls(body: bytes, url: str) -> Iterator[str]:
    """The canonical URLs in a shard, one by one; other pages' URLs are passed over.

    Raises:
        PageError: at the place where the shard turns out to be broken.
    """
    try:
        for entry in _elements(body, "url"):
            try:
                yield canonical_url(entry.findtext("{*}loc") or "")
            except PageError:
                continue
    except _XML_ERRORS as error:
        raise PageError(f"{url} cannot be read to its end: {error}") from None


def _elements(body: bytes, name: str) -> Iterator[etree._Element]:
    """The elements of this name, each forgotten after use: a shard may hold a million."""
    is_packed = body.startswith(_GZIP)
    file = gzip.GzipFile(fileobj=BytesIO(body)) if is_packed else BytesIO(body)
    for _, element in etree.iterparse(
        file, tag=f"{{*}}{name}", resolve_entities=False, no_network=True, load_dtd=False
    ):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _instant(text: str | None) -> datetime | None:
    try:
        instant = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
