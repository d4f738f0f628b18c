"""A site of any size, made of one search page and one listing's page of the stand-in.

`python -m bench.endless_site ORIGIN PAGES`: so many pages for sale, 24 cards each, of which a query
shows a hundred. It heeds no filter but prices, and each page has cards of all prices asked for, so
that a scan divides by price until each part has a hundred pages at most.
"""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import AbstractContextManager
from math import ceil, floor
from urllib.parse import parse_qs, urlsplit

import httpx

from bench.little_server import running, serve
from pincali_sync.domain.identity import public_id_of

_CARDS = 24
_FIRST_ID = 5_000_000
_CHEAPEST = 1_000_000
_SHOWN = 100  # pages of a query
_SLUG, _ID, _PHOTOS = rb"/en/home/[a-z0-9-]+", rb'data-id="[0-9]+', rb"/property_images/[0-9]+"
_SLOTS = re.compile(
    rb"(%b|%b|%b|(?:US)?\$ ?[0-9][0-9,]*(?: USD)?|Page [0-9,]+ of [0-9,]+|[0-9,]+ results|"
    rb'data-total="[0-9]+)' % (_SLUG, _ID, _PHOTOS)
)


class _Endless:
    def __init__(self, origin: str, pages: int) -> None:
        with httpx.Client(base_url=origin, trust_env=False, timeout=60) as site:
            self._pieces = _SLOTS.split(site.get("/en/properties/properties-for-sale").content)
            slugs = [piece for piece in self._pieces[1::2] if re.fullmatch(_SLUG, piece)]
            self._detail = site.get(slugs[0].decode()).content
        self._slug = slugs[0]
        self._public_id = re.findall(rb"EB-[A-Z]+[0-9]{4}", self._detail)[0]
        self._numeric_id = re.findall(rb"/property_images/([0-9]+)", self._detail)[0]
        self._pages = pages

    def answer(self, target: str, _: str) -> bytes:
        """Any page of the site."""
        parts = urlsplit(target)
        if parts.path == "/robots.txt":
            return _whole(b"User-agent: *\nAllow: /\n", "text/plain")
        if parts.path.startswith("/en/home/casa-"):
            return _whole(self._listing(int(parts.path.rpartition("-")[2])))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        least = ceil(float(query.get("min_price", 0))) - _CHEAPEST
        most = floor(float(query.get("max_price", _CHEAPEST + self._pages))) - _CHEAPEST
        prices = range(max(least, 0), min(most + 1, self._pages))
        number = int(query.get("page", 1))
        if number > min(_SHOWN, len(prices)):
            return _whole(b"", status="404 Not Found")
        return _whole(self._search(number, prices))

    def _listing(self, number: int) -> bytes:
        page = self._detail.replace(self._slug, b"/en/home/casa-%d" % number)
        page = page.replace(self._numeric_id, b"%d" % number)
        return page.replace(self._public_id, public_id_of(number).encode())

    def _search(self, number: int, prices: range) -> bytes:
        """As many pages as prices; a card stands at another price on each."""
        pages, card = len(prices), -1
        pieces = [*self._pieces]
        for slot in range(1, len(pieces), 2):
            piece = pieces[slot]
            card += piece.startswith(b"data-id")  # with it each begins
            at = prices[(number - 1 + card * pages // _CARDS) % pages]
            listing = _FIRST_ID + at * _CARDS + card
            if piece.startswith(b"/en/home/"):
                pieces[slot] = b"/en/home/casa-%d" % listing
            elif piece.startswith((b"data-id", b"/property_images/")):
                pieces[slot] = re.sub(b"[0-9]+", b"%d" % listing, piece)
            elif b"$" in piece:
                pieces[slot] = b"$%d" % (_CHEAPEST + at)
            elif piece.startswith(b"Page"):
                pieces[slot] = b"Page %d of %d" % (number, pages)
            else:
                pieces[slot] = re.sub(b"[0-9,]+", b"%d" % (pages * _CARDS), piece)
        return b"".join(pieces)


def _whole(body: bytes, kind: str = "text/html; charset=utf-8", *, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def endless(origin: str, pages: int) -> AbstractContextManager[str]:
    """The base URL of such a site."""
    return running("bench.endless_site", origin, str(pages))


if __name__ == "__main__":
    asyncio.run(serve(_Endless(sys.argv[1], int(sys.argv[2])).answer))
