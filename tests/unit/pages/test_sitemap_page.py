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
from pincali_sync.pages.sitemap import ShardLink, ShardUrls, listing_urls, parse_index
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


def test_a_shard_that_is_named_twice_is_one_shard_of_the_later_date() -> None:
    named = "<loc>/maps/properties.xml.gz</loc>"
    body = index(
        named,
        f"{named}<lastmod>2026-11-20</lastmod>",
        "<loc>/maps/properties1.xml.gz</loc>",
        f"{named}<lastmod>2026-11-18</lastmod>",
        named,
    )
    first, other = parse_index(body, URL)
    assert first.url.endswith("/properties.xml.gz")
    assert first.last_modified == datetime(2026, 11, 20, tzinfo=UTC)
    assert other.url.endswith("/properties1.xml.gz")


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


SITE = "https://www.pincali.com/inmueble/"


def slugs(body: bytes) -> list[str]:
    return [url.rpartition("/")[2] for url in listing_urls(body, URL)]


@pytest.mark.parametrize(
    ("written", "slug"),
    [
        ("caf&eacute;-del-mar", "café-del-mar"),
        ("caf&amp;eacute;-del-mar", "café-del-mar"),
        ("casa-&#241;and&#xFA;", "casa-ñandú"),
        ("sol-&-mar", "sol-&-mar"),
        ("sol-&amp;-mar", "sol-&-mar"),
        ("sol-&amp;amp;-mar", "sol-&-mar"),
        ("sol&", "sol&"),
        ("<![CDATA[sol-&-mar]]>", "sol-&-mar"),
        ("casa-1?a=1&b=2&copy;=3", "casa-1"),
        ("casa-<!-- one -->1", "casa-1"),
        ("\n casa-1 \t", None),  # the white space is within the URL
        ("casa-\x08uno", None),
        ("casa-\0uno", None),
        ("casa-&nonsense;-uno", None),
        ("casa-&#1;uno", None),
        ("caf%E9-uno", None),
        ("casa-<b>uno</b>", None),
        ("casa uno", None),
    ],
)
def test_a_url_is_read_as_it_is_meant_or_not_at_all(written: str, slug: str | None) -> None:
    """Never shortened: that would be another listing's."""
    expected = [slug, "b"] if slug else ["b"]
    body = shard(SITE + written, SITE + "b")
    assert slugs(body) == expected
    plain = body.replace(b"<?xml version='1.0'?>", b"")
    for wide in ("utf-16", "utf-16-le", "utf-16-be"):
        assert slugs(plain.decode().encode(wide)) == expected


def test_bytes_of_another_encoding_than_declared_are_no_url() -> None:
    text = f"<urlset><url><loc>{SITE}españa</loc></url><url><loc>{SITE}b</loc></url></urlset>"
    assert slugs(text.encode("latin-1")) == ["b"]
    declared = f"<?xml version='1.0' encoding='ISO-8859-1'?>{text}"
    assert slugs(declared.encode("latin-1")) == ["españa", "b"]
    with pytest.raises(PageError):
        slugs(f"<?xml version='1.0' encoding='UTF-16'?>{text}".encode())


@pytest.mark.parametrize("at", range(sitemap._CHUNK_BYTES - 8, sitemap._CHUNK_BYTES + 2))
def test_an_entity_may_lie_across_two_pieces(at: int) -> None:
    begin = f"<urlset><url><loc>{SITE}a".encode()
    body = begin + b"</loc></url>" + b" " * (at - len(begin) * 2 - 3) + begin[8:]
    assert slugs(body + b"&amp;b</loc></url></urlset>") == ["a", "a&b"]
    assert slugs(body + b"&b</loc></url></urlset>") == ["a", "a&b"]


A, B = f"<loc>{SITE}a</loc>", f"<loc>{SITE}b</loc>"


@pytest.mark.parametrize(
    "text",
    [
        f"<URLSET><URL>{A.upper().lower()}</URL><Url>{B}</Url></URLSET>",
        f"<URLSET><URL><LOC>{SITE}a</LOC></URL><url><Loc>{SITE}b</Loc></url></URLSET>",
        f"<s:urlset><s:url><s:loc>{SITE}a</s:loc></s:url><s:url>{B}</s:url></s:urlset>",
        f"<s:urlset xmlns:s='x'><s:url><s:loc>{SITE}a</s:loc></s:url><s:url><s:loc>{SITE}b"
        "</s:loc></s:url></s:urlset>",
        f"<urlset><url xmlns='{XMLNS}'>{A}</url><url>{B}</url></urlset>",
        f"<urlset><url>{A}{B}</url></urlset>",
        f"<urlset xmlns:i='i'><url>{A}<i:loc>{SITE}c</i:loc></url><url>{B}</url></urlset>",
        f"<urlset><url><x><loc>{SITE}c</loc></x>{A}</url><url>{B}</url></urlset>",
        f"<urlset xmlns:i='i'><i:x><url>{B}</url></i:x><url>{A}</url><url>{B}</url></urlset>",
        f"<urlset><?x?><!-- <url>{B}</url> --><url>{A}</url><url>{B}</url></urlset>\n",
    ],
)
def test_other_spellings_of_xml_are_read(text: str) -> None:
    assert slugs(text.encode()) == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        f"<urlset><url>{A}</url><Error><Code>SlowDown</Code></Error></urlset>",
        f"<urlset><url>{A}</url></urlset><urlset><url>{B}</url></urlset>",
        f"<urlset><url>{A}</url></urlset><?xml version='1.0'?><urlset><url>{B}</url></urlset>",
        f"<urlset><url>{A}</url></urlset><br/><b>Fatal error</b>: out of memory",
        f"<br/><b>Warning</b>: slow<urlset><url>{A}</url></urlset>",
        f"<!doctype html><html><body><urlset><url>{A}</url></urlset></body></html>",
        f"<urlset><urls><url>{A}</url></urls><url>{B}</url></urlset>",
        f"<urlset>{A}{B}</urlset>",
        f"<urlset><sitemap>{A}</sitemap><url>{B}</url></urlset>",
        f"<urlset><url>{A}</url>",
        f"<urlset><url><loc>{SITE}a</url><url>{B}</url></urlset>",
        f"<urlset><url><loc>{SITE}a<b</loc></url></urlset>",
        f"{SITE}a\n{SITE}b\n",
        '{"urls": []}',
        "\ufeff",
    ],
)
def test_what_may_hide_listings_is_no_shard(text: str) -> None:
    with pytest.raises(PageError, match="cannot be read to its end"):
        slugs(text.encode())


def test_entries_of_other_sites_are_passed_over_and_counted() -> None:
    found = ShardUrls(
        shard(SITE + "a", "https://agencia.example/inmueble/c", "", "/inmueble/b"), URL
    )
    assert [url.rpartition("/")[2] for url in found] == ["a", "b"]
    assert (found.listings, found.others) == (2, 2)


@pytest.mark.parametrize("lastmod", ["", "yesterday", "0000-00-00", "9999-12-31T23:59:59-23:00"])
def test_a_date_that_is_none_is_none(lastmod: str) -> None:
    body = index(f"<loc>/properties.xml</loc><lastmod>{lastmod}</lastmod>")
    assert [link.last_modified for link in parse_index(body, URL)] == [None]


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
