"""The sitemap is read as a stream, from hosts and shards that its index names."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from pincali_sync.exceptions import PageError
from pincali_sync.pages.sitemap import ShardLink, listing_urls, parse_index

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


def test_entities_are_not_expanded() -> None:
    bomb = (
        b"<!DOCTYPE urlset [<!ENTITY a 'https://www.pincali.com/inmueble/casa-12'>]>"
        b"<urlset><url><loc>&a;</loc></url></urlset>"
    )
    assert list(listing_urls(bomb, URL)) == []
