"""The sitemap: an index of shards, and the listings' URLs in a shard.

Both are read as a stream that keeps nothing but the entry it is in, and end at their limits: what
the site sends may be anything.
"""

from __future__ import annotations

import html
import re
import zlib
from codecs import iterdecode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from pincali_sync.domain.headers import as_utc, whole_url
from pincali_sync.domain.identity import CANONICAL_ROOT, linked_listing
from pincali_sync.domain.limits import unpacked
from pincali_sync.exceptions import PageError

_GZIP = b"\x1f\x8b"
# Shards of listings; the others hold agents and searches.
_LISTING_SHARD = re.compile(r"/(?:propert|product_sitemap)[^/?#]*(?:[?#]|$)", re.I)
_XML_ERRORS = (etree.LxmlError, OSError, EOFError, zlib.error, LookupError, ValueError)
_AFTER_END = etree.ErrorTypes.ERR_DOCUMENT_END
# XML knows five entities; sites write those of HTML, twice over, and "&" as it is.
_BARE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)")
_LONGEST_XML_ENTITY = len("&quot;") - 1
_ENTITY = re.compile(r"&#?\w{1,40};")
_NO_SIGN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WIDE = {  # with a mark, or told by the first sign
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\x00": "utf-16-le",
    b"\x00<": "utf-16-be",
}
_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"  # a declaration must stand first; many sites' does not

MAX_UNPACKED_BYTES = 100_000_000
MAX_SHARDS = 1_000
# The whole stock is half a million; the protocol allows 50,000 a shard.
MAX_URLS = 500_000
_CHUNK_BYTES = 64 * 1024
_MAX_TEXT = 4_096  # of one element; longer than any URL
_MAX_OVERLONG = 1_000_000  # such text is read over, up to here
_MAX_DEPTH = 32
_MAX_ELEMENTS = 10 * MAX_URLS
_MAX_ENTITIES = 400_000
_KEPT = {"loc", "lastmod"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardLink:
    """A shard as the index names it."""

    url: str
    last_modified: datetime | None


def parse_index(body: bytes, url: str) -> list[ShardLink]:
    """The shards that hold listings, each once; what is no URL costs only itself.

    Raises:
        PageError: for what is no sitemap index, or names no such shard, or too many.
    """
    links: dict[str, ShardLink] = {}
    base = urljoin(CANONICAL_ROOT, url)
    try:
        for entry in _entries(body, root="sitemapindex", name="sitemap"):
            shard = whole_url(base, entry.get("loc", ""))
            if shard is not None and _LISTING_SHARD.search(shard):
                dated = _instant(entry.get("lastmod"))
                before = links[shard].last_modified if shard in links else None
                latest = max(filter(None, (dated, before)), default=None)
                links[shard] = ShardLink(url=shard, last_modified=latest)
            if len(links) > MAX_SHARDS:
                raise PageError(f"{url} is no sitemap index: more than {MAX_SHARDS:,} shards")
    except _XML_ERRORS as error:
        raise PageError(f"{url} is no sitemap index: {error}") from None
    if not links:
        raise PageError(f"{url} names no shard with listings")
    return [*links.values()]


@dataclass(slots=True)
class ShardUrls:
    """The canonical URLs in a shard, one by one; then, how many entries were a listing's."""

    body: bytes
    url: str
    base_url: str = CANONICAL_ROOT  # of the site
    listings: int = 0
    others: int = 0  # of other sites, of no listing, or beyond reading: passed over

    def __iter__(self) -> Iterator[str]:
        """Raises PageError at the place where the shard is broken, or beyond measure."""
        try:
            for entry in _entries(self.body, root="urlset", name="url"):
                if self.listings + self.others >= MAX_URLS:
                    raise ValueError(f"more than {MAX_URLS:,} URLs")
                try:
                    listing = linked_listing(entry.get("loc", ""), self.base_url)
                except PageError:
                    self.others += 1
                else:
                    self.listings += 1
                    yield listing
        except _XML_ERRORS as error:
            raise PageError(f"{self.url} cannot be read to its end: {error}") from None


def listing_urls(body: bytes, url: str) -> Iterator[str]:
    """The canonical URLs in a shard, one by one; other pages' and sites' are passed over.

    Raises:
        PageError: at the place where the shard turns out to be broken, or beyond measure.
    """
    return iter(ShardUrls(body, url))


def _entries(body: bytes, *, root: str, name: str) -> Iterator[dict[str, str]]:
    """The texts below each element of this name, by their own names."""
    found = _Entries(root=root, name=name)
    pieces, encoding = _decoded(_chunks(body))
    # It recovers from what is wrong within an entry: that costs the entry.
    parser = etree.XMLParser(
        target=found, recover=True, resolve_entities=False, no_network=True, encoding=encoding
    )
    for piece in _without_stumbling_blocks(pieces):
        parser.feed(piece)
        yield from found.take()
    parser.close()
    yield from found.take()
    if not found.is_whole or parser.feed_error_log.filter_from_errors().filter_types(_AFTER_END):
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


def _decoded(chunks: Iterator[bytes]) -> tuple[Iterator[bytes], str | None]:
    """Chunks whose signs are bytes, and their encoding where the file does not tell."""
    first = next(chunks, b"")
    every = chain([first], chunks)
    wide = next((name for mark, name in _WIDE.items() if first.startswith(mark)), None)
    if wide is None:
        return every, None
    return (text.encode("utf-8", "replace") for text in iterdecode(every, wide, "replace")), "utf-8"


def _without_stumbling_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A bare "&" as the sign it is meant for; what is no sign at all as one of no listing's URL.

    The parser would leave them out: the URL of another listing might be left.
    """
    rest, left = b"", _MAX_ENTITIES
    for piece in chain(pieces, [b""]):
        whole = rest + piece
        cut = whole.find(b"&", -_LONGEST_XML_ENTITY) if piece else -1
        rest, ready = (whole[cut:], whole[:cut]) if cut >= 0 else (b"", whole)
        left -= ready.count(b"&")
        if left < 0:
            raise ValueError("it holds more than any sitemap")
        yield _NO_SIGN.sub(b"%25", _BARE.sub(b"&amp;", ready))


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[at : at + _CHUNK_BYTES] for at in range(0, len(body), _CHUNK_BYTES))


@dataclass(slots=True, kw_only=True)
class _Entries:
    """Called by the XML parser, which builds no tree for it."""

    root: str
    name: str
    is_whole: bool = False  # the root was opened and closed
    _path: list[tuple[str, str]] = field(default_factory=list)  # namespaces and names
    _entry: dict[str, str] = field(default_factory=dict)
    _found: list[dict[str, str]] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _length: int = 0
    _elements: int = 0

    def doctype(self, *_: object) -> None:
        """No sitemap has one: its entities could be files of this machine, or a bomb."""
        raise ValueError("it declares a document type")

    def start(self, tag: Any, attributes: object) -> None:
        space, name = named = _named(tag)
        self._path.append(named)
        self._elements += 1
        depth = len(self._path)
        if depth == 1 and name != self.root:
            raise ValueError(f"it is a <{name[:40]}>, no <{self.root}>")
        # What stands in the place of an entry, such as an error, may stand for many.
        if depth == 2 and name != self.name and space == self._path[0][0]:
            raise ValueError(f"it holds a <{name[:40]}>")
        if depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise ValueError("it holds more than any sitemap")
        self._text.clear()
        self._length = 0

    def data(self, data: Any) -> None:
        self._length += len(data)
        if self._length <= _MAX_TEXT:
            self._text.append(data)
        elif self._length > _MAX_OVERLONG:
            raise ValueError("it holds more than any sitemap")

    def end(self, tag: Any) -> None:
        depth = len(self._path)
        if depth == 3 and self._path[1][1] == self.name:
            self._keep(*self._path[2])
        elif depth == 2 and self._path[1][1] == self.name:
            self._found.append(self._entry)
            self._entry = {}
        self._path.pop()
        self.is_whole = not self._path

    def _keep(self, space: str, name: str) -> None:
        if name not in _KEPT or space not in {self._path[0][0], self._path[1][0]}:
            return
        if name == "loc" and name in self._entry:  # two in one entry
            self._found.append(self._entry)
            self._entry = {}
        if self._length <= _MAX_TEXT:
            text = "".join(self._text)
            self._entry[name] = (_ENTITY.sub(_meant, text) if "&" in text else text).strip()

    def pi(self, target: str, _: object) -> None:
        """A second document after the first is not read by the parser, and may hold anything."""
        if self.is_whole and target.lower() == "xml":
            raise ValueError("it is more than one document")

    def comment(self, data: object) -> None:
        """Wanted by the parser."""

    def close(self) -> None:
        """Wanted by the parser."""

    def take(self) -> list[dict[str, str]]:
        """What was found since it was asked last."""
        found, self._found = self._found, []
        return found


@lru_cache(maxsize=64)
def _named(tag: str) -> tuple[str, str]:
    """Namespace and name, in lower case."""
    space, _, name = tag.rpartition("}")
    return space, name.lower()


def _meant(entity: re.Match[str]) -> str:
    """An entity of HTML; one that means nothing stays, as a sign of no listing's URL."""
    sign = html.unescape(entity[0])
    return sign if sign and sign != entity[0] else "%25"


def _instant(text: str | None) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat((text or "").strip()))
    except (ValueError, OverflowError):
        return None
