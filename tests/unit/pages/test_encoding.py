"""A page's text is read in the encoding that it was written in."""

from __future__ import annotations

import codecs
import time

import pytest
from scrapy.http import Response

from pincali_sync.crawl_job import fetched
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.encoding import as_utf8, by_header

URL = "https://www.pincali.com/en/home/casa-en-penon"
TITLE = "Casa en Peñón – “Querétaro” a 5 €"
PLAIN = "Casa en Peñón, São Paulo"


def page(head: str = "", title: str = TITLE) -> str:
    return (
        f'<!doctype html><html lang="es"><head>{head}<title>x</title></head><body>'
        f'<div class="listing__intro"><h1 class="property-title">{title}</h1></div>'
        '<div class="listing-id"><span>ID: EB-VH1001</span></div></body></html>'
    )


def title_of(body: bytes, content_type: str | None = None) -> str | None:
    return parse_detail_page(by_header(body, content_type), URL).title


METAS = [
    '<meta charset="{}">',
    "<META CHARSET={}>",
    '<meta http-equiv="Content-Type" content="text/html; charset={}">',
    "<meta content='text/html;charset={}' http-equiv=content-type />",
]


@pytest.mark.parametrize("meta", METAS)
@pytest.mark.parametrize("name", ["windows-1252", "Windows-1252", "cp1252", "x-cp1252"])
def test_a_meta_element_counts(meta: str, name: str) -> None:
    assert title_of(page(meta.format(name)).encode("cp1252")) == TITLE


@pytest.mark.parametrize("name", ["iso-8859-1", "ISO-8859-1", "latin1", "iso8859-15", "us-ascii"])
def test_latin_letters_are_read_whatever_they_are_called(name: str) -> None:
    body = page(f'<meta charset="{name}">', PLAIN).encode("latin-1")
    assert title_of(body) == PLAIN
    undeclared = page("", PLAIN).encode("latin-1")
    assert title_of(undeclared, f"text/html; charset={name}") == PLAIN


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/html; charset=windows-1252", 'text/html;charset="windows-1252"'),
        *("TEXT/HTML; CHARSET=CP1252", "application/xhtml+xml; charset=windows-1252"),
        *("text/html; boundary=x; charset = windows-1252", None, "text/html", ""),
        "text/html; charset=none-such",
    ],
)
def test_a_header_counts_and_without_any_word_it_is_western(content_type: str | None) -> None:
    assert title_of(page().encode("cp1252"), content_type) == TITLE


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("content_type", [None, "text/html; charset=iso-8859-1"])
def test_a_byte_order_mark_counts_most(
    mark: bytes, encoding: str, content_type: str | None
) -> None:
    assert title_of(mark + page().encode(encoding), content_type) == TITLE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_signs_without_a_mark_are_told_by_the_header(encoding: str) -> None:
    assert title_of(page().encode(encoding), f"text/html; charset={encoding}") == TITLE


@pytest.mark.parametrize(
    "name", ["windows-1252", "iso-8859-1", "utf-8", "utf-16", "utf-16le", "shift_jis", "nonsense"]
)
def test_what_reads_as_utf_8_is_that_whatever_is_declared(name: str) -> None:
    body = page(f'<meta charset="{name}">').encode()
    assert title_of(body) == TITLE
    assert title_of(body, f"text/html; charset={name}") == TITLE


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "punycode", "unicode_escape", "rot13", "zip"])
def test_a_declaration_that_cannot_be_meant_does_no_harm(name: str) -> None:
    body = page(f'<meta charset="{name}">').encode("cp1252")
    assert title_of(body) == TITLE
    began = time.process_time()
    as_utf8(body + b"\xe9" * 1_000_000 + b"-x", f"text/html; charset={name}")
    assert time.process_time() - began < 1


def test_a_sign_that_is_broken_costs_that_sign() -> None:
    body = page('<meta charset="windows-1252">').encode().replace(b"Casa", b"Ca\xffsa")
    assert title_of(body.replace(b"windows-1252", b"utf-8")) == TITLE.replace("Casa", "Ca\ufffdsa")


ACCENTS = "Río Verde, San Luis Potosí, Peñón, Querétaro, Mérida, Cancún"
CUT = b"Mir\xc3"  # within a letter
BROKEN = f"{ACCENTS} Mir\ufffd"


def broken(head: str = "") -> bytes:
    return page(head, f"{ACCENTS} Mir#").encode().replace(b"Mir#", CUT)


@pytest.mark.parametrize("head", ["", "<style>" + " " * 5_000 + '</style><meta charset="utf-8">'])
@pytest.mark.parametrize(
    "content_type", ["text/html; charset=utf-8", 'TEXT/HTML;charset="UTF8"', "text/html", None, ""]
)
def test_a_broken_sign_garbles_no_page_of_utf_8(head: str, content_type: str | None) -> None:
    assert title_of(broken(head), content_type) == BROKEN
    many = page(head, f"{ACCENTS} Mir#").encode().replace(b"Mir#", CUT * 3)
    if content_type and "8" in content_type:
        assert title_of(many, content_type) == ACCENTS + " " + "Mir\ufffd" * 3


def test_what_a_crawl_fetched_is_utf_8_where_its_header_says_so() -> None:
    answer = fetched(
        Response(URL, headers={"Content-Type": "text/html; charset=utf-8"}, body=broken())
    )
    assert f">{BROKEN}<" in answer.body.decode()


def test_two_western_signs_that_read_as_one_make_no_page_of_utf_8() -> None:
    title = "Peñón, Querétaro, Ã³"
    assert title_of(page("", title).encode("cp1252")) == title


def test_many_broken_signs_take_no_time() -> None:
    for body in (b"\xe9" * 3_000_000, b"\xc3\xa9\xff" * 1_000_000, b"\xf0\x9f\x98" * 1_000_000):
        for content_type in ("text/html; charset=utf-8", None):
            began = time.process_time()
            as_utf8(body, content_type)
            assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\x1f\x8b\x08\xe9", "text/html; charset=windows-1252"),
        (b"\x89PNG\xe9", "image/png; charset=windows-1252"),
        (b"<urlset>\xe9", "text/xml; charset=windows-1252"),
    ],
)
def test_what_is_no_page_is_left_as_it_came(body: bytes, content_type: str) -> None:
    assert by_header(body, content_type) == body


def test_what_a_crawl_fetched_is_read_by_its_header() -> None:
    headers = {"Content-Type": "text/html; charset=windows-1252"}
    answer = fetched(Response(URL, headers=headers, body=page().encode("cp1252")))
    assert answer.body.decode() == page()


@pytest.mark.parametrize("piece", ["html ", "html;", "charset=utf-8 ", "charset =", " ", "="])
def test_a_long_header_takes_no_time(piece: str) -> None:
    began = time.process_time()
    for start in ("text/html; ", "text/html; charset", ""):
        by_header(b"<p>\xe9", start + piece * 20_000)
    assert time.process_time() - began < 0.1
