"""The sitemap is read as a stream, within limits, from shards that its index names."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from pincali_sync.exceptions import PageError
from pincali_sync.pages import sitemap
from pincali_sync.pages.sitemap import ShardLink, listing_urls, parse_index
from tests.support.memory import peak_megabytes

URL = "https://www.pincali.com/sitemap.xml"
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def index(*entries: str) -> bytes:
    inner = "".join(f"<sitemap>{each}</sitemap>" for each in entries)
    return f"<?xml version='1.0'?><sitemapindex {XMLNS}>{inner}</sitemapindex>".encode()


def shard(*locations: str) -> bytes:
    inner = "".join(f"<url><loc>{each}</loc></url>" for each in locations)
    return f"<?xml version='1.0'?><urlset {XMLNS}>{inner}</urlset>".encode()


def test_the_index_names_the_shards_of_listings_on_whatever_host() -> None:
    body = index(
        "<loc> https://cdn.invalid/maps/properties.xml.gz </loc><lastmod>2026-11-20</lastmod>",
        "<loc>https://cdn.invalid/maps/properties1.xml.gz</loc>",
        "<loc>https://cdn.invalid/maps/agents.xml.gz</loc>",
        "<loc>ftp://cdn.invalid/maps/properties2.xml.gz</loc>",
        "<lastmod>2026-11-20</lastmod>",
    )
    assert parse_index(body, URL) == [
        ShardLink(
            url="https://cdn.invalid/maps/properties.xml.gz",
            last_modified=datetime(2026, 11, 20, tzinfo=UTC),
        ),
        ShardLink(url="https://cdn.invalid/maps/properties1.xml.gz", last_modified=None),
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>Human Verification", index("<loc>https://cdn.invalid/agents.xml</loc>")],
)
def test_what_is_no_index_of_listings_is_refused(body: bytes) -> None:
    with pytest.raises(PageError, match="sitemap"):
        parse_index(body, URL)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_urls_of_all_languages_are_one_listing_and_others_are_passed_over(pack: type) -> None:
    body = shard(
        "https://www.pincali.com/inmueble/casa-12",
        "https://www.pincali.com/en/home/casa-12",
        "https://www.pincali.com/inmuebles/casas-en-venta",
        "",
    )
    assert list(listing_urls(pack(body), URL)) == ["https://www.pincali.com/en/home/casa-12"] * 2


@pytest.mark.parametrize(
    "body",
    [
        shard("https://www.pincali.com/inmueble/casa-12")[:-20],
        gzip.compress(shard("https://www.pincali.com/inmueble/casa-12"))[:-9],
        b"\x1f\x8bnot gzip at all",
    ],
)
def test_a_shard_that_breaks_off_is_not_taken_for_a_whole_one(body: bytes) -> None:
    with pytest.raises(PageError, match="cannot be read to its end"):
        list(listing_urls(body, URL))


@pytest.mark.parametrize(
    "entity", ["'https://www.pincali.com/inmueble/casa-12'", "SYSTEM 'file:///etc/hostname'"]
)
def test_a_document_type_is_refused_with_its_entities(entity: str) -> None:
    bomb = f"<!DOCTYPE urlset [<!ENTITY a {entity}>]><urlset><url><loc>&a;</loc></url></urlset>"
    with pytest.raises(PageError, match="document type"):
        list(listing_urls(bomb.encode(), URL))


def test_one_bad_url_costs_that_url() -> None:
    good = "<loc>/maps/properties.xml.gz</loc>"
    for bad in ("http://[/properties.xml", "http://x:99999/properties.xml", "/prop" + "x" * 5_000):
        links = parse_index(index(f"<loc>{bad}</loc>", good), URL)
        assert [link.url for link in links] == ["https://www.pincali.com/maps/properties.xml.gz"]
    body = shard("http://[", "https://www.pincali.com/inmueble/a?x=1&y", "\x08", "/inmueble/b")
    assert [url.rpartition("/")[2] for url in listing_urls(body, URL)] == ["a", "b"]


@pytest.mark.parametrize("before", [b"\n ", b"\xef\xbb\xbf", b"<!-- first -->", b"<?first?>"])
def test_something_before_the_root_does_no_harm(before: bytes) -> None:
    whole = shard("https://www.pincali.com/inmueble/casa-12")
    body = before + (whole[whole.index(b"<urlset") :] if before[:1] == b"<" else whole)
    assert len(list(listing_urls(body, URL))) == 1
    with pytest.raises(PageError):
        list(listing_urls(before, URL))


def test_a_page_is_no_empty_shard_and_an_index_names_no_further_index() -> None:
    for body in (b"<html><body/></html>", index("<loc>https://cdn.invalid/properties.xml</loc>")):
        with pytest.raises(PageError, match="no <urlset>"):
            list(listing_urls(body, URL))
    with pytest.raises(PageError, match="no <sitemapindex>"):
        parse_index(shard("https://cdn.invalid/properties.xml"), URL)


def test_more_shards_or_urls_than_any_sitemap_has_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sitemap, "MAX_SHARDS", 3)
    monkeypatch.setattr(sitemap, "MAX_URLS", 3)
    with pytest.raises(PageError, match="more than 3 shards"):
        parse_index(index(*(f"<loc>/properties{n}.xml</loc>" for n in range(4))), URL)
    found = listing_urls(shard(*(f"/inmueble/casa-{n}" for n in range(4))), URL)
    assert [next(found), next(found), next(found)]
    with pytest.raises(PageError, match="more than 3 URLs"):
        next(found)


START = b"<urlset><url><loc>"
BOMBS = {
    "white space": (b"", b" ", 110),
    "text": (START, b"casa ", 110),
    "siblings": (b"<urlset>", b"<x/>", 9),
    "depth": (b"<urlset>", b"<a>", 30),
    "names": (b"<", b"x", 30),
    "attribute": (b"<urlset a='", b"x", 30),
    "comment": (b"<urlset><!--", b"x", 30),
    "ampersands": (START, b"&", 20),
}


def packed(bomb: str) -> bytes:
    """So many MB of it, in a few KB."""
    head, filling, megabytes = BOMBS[bomb]
    packer = zlib.compressobj(wbits=31)
    block = filling * (1_000_000 // len(filling))
    parts: Iterator[bytes] = (packer.compress(block) for _ in range(megabytes))
    return packer.compress(head) + b"".join(parts) + packer.flush()


def main() -> None:
    """Reads all bombs; prints the megabytes that the process took at most."""
    sitemap._MAX_ELEMENTS = 1_000_000  # in less time
    for bomb in BOMBS:
        with pytest.raises(PageError):
            list(listing_urls(packed(bomb), URL))
    print(peak_megabytes())


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"") * 500_000,
        gzip.compress(b"<urlset>") + b"\0" * 10_000_000 + gzip.compress(b"<"),
        b"\x1f\x8b\x08\x08\0\0\0\0\0\x03" + b"a" * 10_000_000,
    ],
)
def test_a_file_that_holds_next_to_nothing_takes_next_to_no_time(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises(PageError, match="cannot be read to its end"):
        list(listing_urls(body, URL))
    assert time.process_time() - began < 1


def test_a_file_may_be_made_of_several() -> None:
    whole = shard("https://www.pincali.com/inmueble/casa-12")
    body = b"".join(map(gzip.compress, (b"", whole[:50], b"", whole[50:]))) + b"\0" * 5_000
    assert list(listing_urls(body, URL)) == ["https://www.pincali.com/en/home/casa-12"]


def test_bombs_are_refused_in_little_memory() -> None:
    assert all(len(packed(bomb)) < 200_000 for bomb in BOMBS)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.unit.pages.test_sitemap_page"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert float(ended.stdout) < 150


if __name__ == "__main__":
    main()
