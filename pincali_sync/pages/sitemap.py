"""The sitemap: an index of shards, and the listings' URLs in a shard.

Both are read as a stream that keeps nothing but the entry it is in, and end at their limits: what
the site sends may be anything.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from pincali_sync.domain.headers import as_utc, whole_url
from pincali_sync.domain.identity import canonical_url
from pincali_sync.domain.limits import unpacked
from pincali_sync.exceptions import PageError

_GZIP = b"\x1f\x8b"
# Shards of listings; the others hold agents and searches.
_LISTING_SHARD = re.compile(r"/(?:propert|product_sitemap)[^/?#]*(?:[?#]|$)", re.I)
_XML_ERRORS = (etree.LxmlError, OSError, EOFError, zlib.error, LookupError, ValueError)
_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"  # a declaration must stand first; many sites' does not

MAX_UNPACKED_BYTES = 100_000_000
MAX_SHARDS = 1_000
# The whole stock is half a million; the protocol allows 50,000 a shard.
MAX_URLS = 500_000
_CHUNK_BYTES = 64 * 1024
_MAX_TEXT = 4_096  # of one element; longer than any URL
_MAX_DEPTH = 32
_MAX_ELEMENTS = 10 * MAX_URLS
_KEPT = {"loc", "lastmod"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardLink:
    """A shard as the index names it."""

    url: str
    last_modified: datetime | None


def parse_index(body: bytes, url: str) -> list[ShardLink]:
    """The shards that hold listings; what is no URL costs only itself.

    Raises:
        PageError: for what is no sitemap index, or names no such shard, or too many.
    """
    links: list[ShardLink] = []
    try:
        for entry in _entries(body, root="sitemapindex", name="sitemap"):
            shard = whole_url(url, entry.get("loc", ""))
            if shard is not None and _LISTING_SHARD.search(shard):
                links.append(ShardLink(url=shard, last_modified=_instant(entry.get("lastmod"))))
            if len(links) > MAX_SHARDS:
                raise PageError(f"{url} is no sitemap index: more than {MAX_SHARDS:,} shards")
    except _XML_ERRORS as error:
        raise PageError(f"{url} is no sitemap index: {error}") from None
    if not links:
        raise PageError(f"{url} names no shard with listings")
    return links


def listing_urls(body: bytes, url: str) -> Iterator[str]:
    """The canonical URLs in a shard, one by one; other pages' URLs are passed over.

    Raises:
        PageError: at the place where the shard turns out to be broken, or beyond measure.
    """
    try:
        for number, entry in enumerate(_entries(body, root="urlset", name="url"), start=1):
            if number > MAX_URLS:
                raise PageError(f"{url} cannot be read to its end: more than {MAX_URLS:,} URLs")
            try:
                yield canonical_url(entry.get("loc", ""))
            except PageError:
                continue
    except _XML_ERRORS as error:
        raise PageError(f"{url} cannot be read to its end: {error}") from None


def _entries(body: bytes, *, root: str, name: str) -> Iterator[dict[str, str]]:
    """The texts below each element of this name, by their own names."""
    found = _Entries(root=root, name=name)
    # It recovers from a bare "&" and from control signs: one bad URL costs that URL.
    parser = etree.XMLParser(target=found, recover=True, resolve_entities=False, no_network=True)
    for chunk in _chunks(body):
        parser.feed(chunk)
        yield from found.take()
    parser.close()
    yield from found.take()
    if not found.is_whole:
        raise ValueError(f"it is no whole <{root}>")


def _chunks(body: bytes) -> Iterator[bytes]:
    pieces = unpacked(body) if body.startswith(_GZIP) else _pieces(body)
    left = MAX_UNPACKED_BYTES
    has_begun = False
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise ValueError(f"it unpacks to more than {MAX_UNPACKED_BYTES:,} bytes")
        if chunk := piece if has_begun else piece.lstrip(_BEFORE_XML):
            yield chunk
            has_begun = True


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[at : at + _CHUNK_BYTES] for at in range(0, len(body), _CHUNK_BYTES))


@dataclass(slots=True, kw_only=True)
class _Entries:
    """Called by the XML parser, which builds no tree for it."""

    root: str
    name: str
    is_whole: bool = False  # the root was opened and closed
    _path: list[str] = field(default_factory=list)
    _entry: dict[str, str] = field(default_factory=dict)
    _found: list[dict[str, str]] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _length: int = 0
    _elements: int = 0

    def doctype(self, *_: object) -> None:
        """No sitemap has one: its entities could be files of this machine, or a bomb."""
        raise ValueError("it declares a document type")

    def start(self, tag: Any, attributes: object) -> None:
        self._path.append(tag.rpartition("}")[2])
        self._elements += 1
        if len(self._path) == 1 and self._path[0] != self.root:
            raise ValueError(f"it is a <{self._path[0][:40]}>, no <{self.root}>")
        if len(self._path) > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise ValueError("it holds more than any sitemap")
        self._text.clear()
        self._length = 0

    def data(self, data: Any) -> None:
        self._length += len(data)
        if self._length <= _MAX_TEXT:
            self._text.append(data)

    def end(self, tag: Any) -> None:
        depth = len(self._path)
        if depth == 3 and self._path[1] == self.name:
            if self._path[2] in _KEPT and self._length <= _MAX_TEXT:
                self._entry[self._path[2]] = "".join(self._text).strip()
        elif depth == 2 and self._path[1] == self.name:
            self._found.append(self._entry)
            self._entry = {}
        self._path.pop()
        self.is_whole = not self._path

    def comment(self, data: object) -> None:
        """Wanted by the parser."""

    def close(self) -> None:
        """Wanted by the parser."""

    def take(self) -> list[dict[str, str]]:
        """What was found since it was asked last."""
        found, self._found = self._found, []
        return found


def _instant(text: str | None) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat((text or "").strip()))
    except (ValueError, OverflowError):
        return None
