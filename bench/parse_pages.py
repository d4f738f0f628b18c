"""CPU of reading a page, beside what three libraries take to find the same fields as plain text.

Theirs are what a page that is never odd would need: no number is understood, nothing refused, no
limit kept, and nobody asks whether what was found is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

import httpx
from bs4 import BeautifulSoup
from parsel import Selector
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from selectolax.lexbor import LexborHTMLParser

from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page

_ROUNDS = 40
_PAGES = 8  # of each kind, so that no library meets the same bytes again at once
_CARDS = "[data-search-results] .property__component"
# Of a card and of a listing's page: elements whose text is wanted, and attributes.
_CARD_TEXTS = (".property__content .title", ".location", ".features > div", ".price")
_CARD_ATTRIBUTES = (
    ("a.property__content", "href"),
    (".favorite-button", "data-id"),
    (".swiper-slide img", "data-src"),
)
_OF_CARD = ("data-id", "data-lat", "data-long", "data-exact-location")
_PAGE_TEXTS = (
    "h1.property-title",
    ".listing__description .text-description",
    ".listing-id",
    ".listing__price .price",
    ".listing__features .feature-icon",
    "li.listing__data-row",
    ".listing__amenities .amenities-list li",
    ".eb-breadcrumbs a",
    ".publisher-name",
)
_PAGE_ATTRIBUTES = (
    ('link[rel="canonical"]', "href"),
    ("[data-track-custom-properties]", "data-track-custom-properties"),
    ("[data-publication-date]", "data-publication-date"),
    ("[data-lazy-iframe-url]", "data-lazy-iframe-url"),
    (".slideshow img", "data-src"),
    ("form[data-property-messages-form]", "action"),
)


@dataclass(frozen=True, slots=True)
class _Library:
    tree: Callable[[bytes], Any]
    find: Callable[[Any, str], list[Any]]
    text: Callable[[Any], str]
    attribute: Callable[[Any, str], Any]

    def listing_page(self, markup: bytes) -> list[Any]:
        return [self._card(card) for card in self.find(self.tree(markup), _CARDS)]

    def _card(self, card: Any) -> list[Any]:
        own = [self.attribute(card, name) for name in _OF_CARD]
        return [own, *self._fields(card, _CARD_TEXTS, _CARD_ATTRIBUTES)]

    def detail_page(self, markup: bytes) -> list[Any]:
        return self._fields(self.tree(markup), _PAGE_TEXTS, _PAGE_ATTRIBUTES)

    def _fields(self, node: Any, texts: Any, attributes: Any) -> list[Any]:
        found: list[Any] = [[self.text(each) for each in self.find(node, css)] for css in texts]
        for css, name in attributes:
            found.append([self.attribute(each, name) for each in self.find(node, css)])
        return found


_LIBRARIES = {
    "beautifulsoup": _Library(
        tree=lambda markup: BeautifulSoup(markup, "lxml"),
        find=lambda node, css: list(node.select(css)),
        text=lambda node: str(node.get_text(" ", strip=True)),
        attribute=lambda node, name: node.get(name),
    ),
    "parsel": _Library(
        tree=lambda markup: Selector(body=markup, type="html"),
        find=lambda node, css: list(node.css(css)),
        text=lambda node: " ".join(node.css("::text").getall()).strip(),
        attribute=lambda node, name: node.attrib.get(name),
    ),
    "lexbor": _Library(
        tree=LexborHTMLParser,
        find=lambda node, css: list(node.css(css)),
        text=lambda node: str(node.text(separator=" ", strip=True)),
        attribute=lambda node, name: node.attributes.get(name),
    ),
}


def measure() -> dict[str, float]:
    """Milliseconds of CPU (medians), and each library's as a multiple of ours in the same run."""
    with StandinProcess(StandinOptions(listings=400, form="2025")) as site:
        listings = [f"/en/properties/properties-for-sale?page={n + 1}" for n in range(_PAGES)]
        details = [f"/en/home/{each['slug']}" for each in site.truth()["listings"][:_PAGES]]
        with httpx.Client(base_url=site.base_url, trust_env=False, timeout=60) as client:
            listing_pages = [_page(client, path) for path in listings]
            detail_pages = [_page(client, path) for path in details]
    return _figures("listing", listing_pages, parse_listing_page) | _figures(
        "detail", detail_pages, parse_detail_page
    )


def _page(client: httpx.Client, path: str) -> tuple[bytes, str]:
    answer = client.get(path).raise_for_status()
    return answer.content, str(answer.url)


def _figures(
    kind: str, pages: list[tuple[bytes, str]], parse: Callable[[bytes, str], object]
) -> dict[str, float]:
    works: dict[str, Callable[[bytes, str], object]] = {"ours": parse}
    for name, library in _LIBRARIES.items():
        read = library.listing_page if kind == "listing" else library.detail_page
        works[name] = lambda markup, _, read=read: read(markup)  # type: ignore[misc]
    times = _cpu_ms(works, pages)
    return {
        f"{kind}_page_kilobytes": sum(len(markup) for markup, _ in pages) / len(pages) / 1000,
        f"{kind}_page_cpu_ms": times["ours"],
        **{f"{kind}_page_cpu_ms_{name}": times[name] for name in _LIBRARIES},
        **{f"{kind}_page_{name}_to_ours": times[name] / times["ours"] for name in _LIBRARIES},
    }


def _cpu_ms(
    works: dict[str, Callable[[bytes, str], object]], pages: list[tuple[bytes, str]]
) -> dict[str, float]:
    """Medians; the works take turns, so that whatever else is running weighs on all of them."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(_ROUNDS):
        markup, url = pages[turn % len(pages)]
        for name, work in works.items():
            start = process_time()
            work(markup, url)
            spent[name].append(process_time() - start)
    return {name: median(times) * 1000 for name, times in spent.items()}
