"""Every parser of what the site sends, as a function of bytes: any bytes at all."""

from __future__ import annotations

from collections.abc import Callable

from pincali_sync.domain.headers import http_date, redirect_target
from pincali_sync.domain.identity import slug_of
from pincali_sync.domain.numbers import decimal_of, integer_of
from pincali_sync.domain.prices import parse_offer
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedPage
from pincali_sync.pages.answer import read_answer
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.facts import Chip, read_facts
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.pages.own_page import what_is_missing
from pincali_sync.pages.places import coordinates_in_url, coordinates_of, place_of, property_type_of
from pincali_sync.pages.sitemap import listing_urls, parse_index
from pincali_sync.pages.stub import returns_to_itself
from pincali_sync.pages.text import clean, one_line

SITE = "https://www.pincali.com"
LISTING_URL = f"{SITE}/en/properties/properties-for-sale?page=2"
DETAIL_URL = f"{SITE}/en/home/casa-en-venta-o-renta-el-mirador"
SITEMAP_URL = f"{SITE}/sitemap.xml"

_PAGES: dict[str, Callable[[bytes], object]] = {
    "listing page": lambda body: parse_listing_page(body, LISTING_URL),
    "detail page": lambda body: parse_detail_page(body, DETAIL_URL),
    "answer": lambda body: read_answer(DETAIL_URL, 200, {}, body),
    "challenge": lambda body: challenge_kind(200, {}, body),
    "fault or wall": lambda body: challenge_kind(503, {}, body),
    "stub": lambda body: returns_to_itself(FetchedPage(status=200, body=body), DETAIL_URL),
    "what is missing": lambda body: what_is_missing(FetchedPage(status=200, body=body)),
    "sitemap index": lambda body: parse_index(body, SITEMAP_URL),
    "sitemap shard": lambda body: list(listing_urls(body, SITEMAP_URL)),
}
_TEXTS: dict[str, Callable[[str], object]] = {
    "offer": parse_offer,
    "facts": lambda text: read_facts([Chip(text, text)]),
    "place": place_of,
    "type": property_type_of,
    "point": lambda text: coordinates_of(text, text),
    "point in a URL": coordinates_in_url,
    "slug": slug_of,
    "slug in a URL": lambda text: slug_of(f"/en/home/{text}"),
    "redirect": lambda text: redirect_target(DETAIL_URL, 301, text),
    "date": http_date,
    "number": decimal_of,
    "whole number": integer_of,
    "text": clean,
    "line": one_line,
}


def _of_text(parser: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda body: parser(body.decode("utf-8", "replace"))


PARSERS = _PAGES | {name: _of_text(parser) for name, parser in _TEXTS.items()}


def parsed(parser: Callable[[bytes], object], body: bytes) -> object:
    """What a parser makes of this; None for the one error that it may raise."""
    try:
        return parser(body)
    except PageError:
        return None
