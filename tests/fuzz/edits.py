"""Hostile edits of a page, drawn by a seeded generator."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Sequence
from random import Random

Edit = Callable[[Random, bytes], bytes]

_MAX_BYTES = 1_000_000
_TEXT = re.compile(rb">([^<>]+)<")
_VALUE = re.compile(rb'="([^"]*)"')
_NUMBER = re.compile(rb"[0-9][0-9,.]*")
_TAG = re.compile(rb"<[^<>]*>")

_TEXTS: list[str | bytes] = [
    *(b"", b" ", b"\0", b"\x1b]0;x\x07", b"\x9b31m", b"\xff\xfe", b"\xed\xa0\x80", b"\xc2"),
    *("\u202emoc.live", "\u2066x\u2069", "\u200b", "\u0661\u0662", "²", "½ baño", "ﷺ" * 40),
    *("$9,999,999,999,999", "$1 MXN", "-$5,000", "$1e99", "US$ 1.000.000,00", "R$ 5", "$0.0001"),
    *("US$ 900 – 1,200", "$5 mdp", "$" + "9" * 500, "$ 1 2 3 4 5", "$1,2,3,4", "€€€", "$1 por m²"),
    *("999 bedrooms", "3.5 baños", "-3 recámaras", "1e5 m²", "0 m²", "99999999999 m²", "NaN"),
    *("Piso 12345", "Year Built: 0000", "Age: 999", "3 bedrooms 4 bathrooms 5 m² 6 ha", "Infinity"),
    *("House in in in in, , ,", "in , en", "casa in " * 200, ",,,,,", "C.P. 99999", "House in"),
    *("EB-AAAA9999", "EB-A0000", "EB-ZZZZZ0000", "10000", "999999999999", "0010000", "١٢٣٤٥٦"),
    *("/en/home/..", "/en/home/a\\b", "/en/home/%2e%2e", "/inmueble/a%00b", "//evil.invalid/x"),
    *("http://[", "http://[::1]:99999/", "javascript:alert(1)", "data:text/html,x"),
    *("?q=19.4,-99.1", "https://evil.invalid/property_images/5901002/1/a.jpg"),
    *("?q=1e309,nan", "?q=91,181", "#"),
    *("tel:call me", "tel:" + "5" * 60, "=cmd|' /C calc'!A0", "[/x]", "a" * 600, "\n" * 50, "&#0;"),
    *("&#x110000;", "&#xD800;", "&amp" * 50, "2026-13-45", "9999-12-31T23:59:59+23:59"),
    *("0001-01-01", "true", "null", "[]", "{}", '{"@type":["House",1,null]}', "[" * 2_000),
    *('{"a":' * 300, "1" * 5_000),
]
TEXTS = [text if isinstance(text, bytes) else text.encode() for text in _TEXTS]
_FRAGMENTS = [
    *(b"<div>", b"</div>", b"<p>", b"</p>", b"<table>", b"<td>", b"</table>", b"<b a=1>", b"</b>"),
    *(b"<a href=/en/home/x>", b"<!--", b"-->", b"<![CDATA[", b"<script>", b"</script>", b"<svg>"),
    *(b"<title", b"<input type=password", b'"', b"'", b">", b"<", b"&", b"<template>", b"<select>"),
    *(b"<plaintext>", b"<frameset>", b"<textarea>", b"<base href=//evil.invalid>", b"<?xml?>"),
    *(b'<div data-search-results data-total="99999999999">', b"<div class=property__component>"),
    *(b"<h1 class=property-title>", b"<div class=price>$5 For Sale</div>"),
    *(b"<!DOCTYPE x [<!ENTITY", b'<script type="application/ld+json">', b"<html>", b"<body>"),
    *(b"<loc>", b"<url>", b"<sitemap>"),
]


def edited(random: Random, pages: Sequence[bytes]) -> bytes:
    """A page after one to six edits."""
    page = random.choice(pages)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        page = random.choice(EDITS)(random, page)[:_MAX_BYTES]
    if random.random() < 0.05:
        page = _cut_in(random, page, random.choice(pages))
    return page


def _span(random: Random, page: bytes, longest: int = 5_000) -> tuple[int, int]:
    start = random.randint(0, len(page))
    return start, min(len(page), start + random.randint(0, longest))


def _remove(random: Random, page: bytes) -> bytes:
    start, end = _span(random, page)
    return page[:start] + page[end:]


def _break_off(random: Random, page: bytes) -> bytes:
    return page[: random.randint(0, len(page))]


def _repeat(random: Random, page: bytes) -> bytes:
    start, end = _span(random, page, random.choice((20, 200, 2_000)))
    times = random.choice((2, 10, 100, 1_000, 10_000))
    return page[:start] + page[start:end] * min(times, _MAX_BYTES // (end - start + 1)) + page[end:]


def _insert(random: Random, page: bytes) -> bytes:
    place = random.randint(0, len(page))
    piece = random.choice(_FRAGMENTS) * random.choice((1, 1, 3, 50, 5_000))
    return page[:place] + piece + page[place:]


def _flip(random: Random, page: bytes) -> bytes:
    changed = bytearray(page)
    for _ in range(random.randint(1, 20)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut_in(random: Random, page: bytes, other: bytes) -> bytes:
    start, end = _span(random, other, 20_000)
    place = random.randint(0, len(page))
    return page[:place] + other[start:end] + page[place:]


def _pack(random: Random, page: bytes) -> bytes:
    packed = gzip.compress(page, compresslevel=1)
    return packed if random.random() < 0.5 else _flip(random, packed)


def _replacing(pattern: re.Pattern[bytes], pieces: Sequence[bytes], most: int) -> Edit:
    """Some of what matches, replaced by one piece."""

    def replace(random: Random, page: bytes) -> bytes:
        found = [match.span(match.lastindex or 0) for match in pattern.finditer(page)]
        chosen = random.sample(found, min(len(found), random.randint(1, most)))
        for start, end in sorted(chosen, reverse=True):
            page = page[:start] + random.choice(pieces) + page[end:]
        return page

    return replace


EDITS: tuple[Edit, ...] = (
    *(_remove, _break_off, _repeat, _insert, _flip, _pack),
    *(_replacing(_TEXT, TEXTS, 40),) * 4,
    *(_replacing(_VALUE, TEXTS, 40),) * 3,
    *(_replacing(_NUMBER, TEXTS, 20),) * 2,
    _replacing(_TAG, _FRAGMENTS, 10),
    _replacing(_TAG, [b""], 30),
)
