"""What people would write instead: Scrapy as it comes, parsel, an item a card, no database.

It reads of each card what the manifest spider does, and trusts whatever comes: it finds no record,
compares nothing, looks for no refusal and stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.http import Request, Response

_SOURCES = (
    "properties/properties-for-sale",
    "properties/properties-for-rent",
    "properties/properties-for-foreclosure",
    "properties/under-construction",
)


class BareSpider(scrapy.Spider):
    """`scrapy runspider bench/bare_spider.py -a site=http://…`"""

    name = "bare"

    def __init__(self, site: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._site = site

    async def start(self) -> AsyncIterator[Request]:
        """The first page of each source."""
        for source in _SOURCES:
            yield Request(f"{self._site}/en/{source}", callback=self.parse_first)

    def parse_first(self, response: Response) -> Iterator[Any]:
        """All pages behind the first, and its cards."""
        pages = response.css(".pagination-summary::text").re_first(r"of ([\d,]+)")
        for number in range(2, int((pages or "1").replace(",", "")) + 1):
            yield Request(f"{response.url}?page={number}", callback=self.parse)
        yield from self.parse(response)

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        """The cards."""
        for card in response.css("[data-search-results] .property__component"):
            yield card_of(card, response.urljoin)


def card_of(card: Any, urljoin: Any) -> dict[str, Any]:
    """The fields of one card."""
    link = card.css("a.property__content::attr(href)").get()
    return {
        "url": urljoin(link),
        "public_id": card.attrib.get("data-id"),
        "title": card.css(".property__content .title::text").get("").strip(),
        "location": card.css(".location::text").get("").strip(),
        "latitude": float(card.attrib["data-lat"]),
        "longitude": float(card.attrib["data-long"]),
        "exact": card.attrib.get("data-exact-location") == "true",
        "chips": [chip.strip() for chip in card.css(".features > div::text").getall()],
        "prices": [price_of(price) for price in card.css(".price")],
        "image": card.css(".swiper-slide img::attr(data-src)").get(),
    }


def price_of(price: Any) -> dict[str, Any]:
    """A price's number, currency and operation."""
    text = " ".join(price.css("::text").getall())
    number = re.search(r"[\d,]+(?:\.\d+)?", text)
    return {
        "amount": float(number[0].replace(",", "")) if number else None,
        "currency": "USD" if "USD" in text else "MXN",
        "operation": "rent" if "Rent" in text else "sale",
    }
