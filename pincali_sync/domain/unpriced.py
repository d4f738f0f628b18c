"""Listings on request: no range of prices holds them, but sorted by price they stand together."""

from __future__ import annotations

from dataclasses import replace

from pincali_sync.domain.divisions import BY_PRICE, DIVISIONS, Division
from pincali_sync.domain.listing_query import ListingQuery, Order
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.page_reader import PageReader
from pincali_sync.domain.parts import KnownDivisions, Parts


class Unpriced:
    """Looks for listings on request: before all prices, or behind them."""

    def __init__(self, reader: PageReader, divisions: KnownDivisions) -> None:
        self._reader = reader
        self._divisions = divisions
        self._front: Order | None = None
        self._is_front_known = False

    async def find(self, parts: Parts, first: PageFacts) -> int:
        """Reads the pages that show what ranges of prices lack; how many of it they showed.

        Args:
            parts: the ranges, read before.
            first: of the pages of the whole.
        """
        query, found = parts.query, set[str]()
        order = await self._order_with_front(query)
        if order is not None:
            await self._read_front(replace(query, order=order), found)
        # Stand-ins may make a front of their own, with the others behind all prices.
        if order is None or parts.is_real(parts.lacking - len(found)):
            await self._find_behind(query, first, found, parts.lacking)
        return len(found)

    def _new(self, facts: PageFacts) -> set[str]:
        """The listings on request among those without a price.

        Not those that a range of prices showed: they have one, but the card tells it as none.
        """
        return {*facts.unpriced_ids} - self._reader.unpriced_in_ranges

    async def _order_with_front(self, query: ListingQuery) -> Order | None:
        """The order by price in which they come first; None where they come last in both."""
        if not self._is_front_known:
            self._is_front_known = True
            for order in (Order.DEAREST, Order.CHEAPEST):
                first = await self._reader.read(replace(query, order=order))
                if first is not None and first.starts_unpriced and self._new(first):
                    self._front = order
                    break
        return self._front

    async def _read_front(self, query: ListingQuery, found: set[str]) -> None:
        """From the first page on to the first that shows a price."""
        for number in range(1, self._reader.cap + 1):
            facts = await self._page(query, number)
            if facts is None:
                break
            found |= self._new(facts)
            if facts.unpriced < facts.cards:
                break

    async def _find_behind(
        self, query: ListingQuery, first: PageFacts, found: set[str], wanted: int
    ) -> None:
        """At the end of parts that are small enough to be read from there."""
        if (first.pages or 1) <= self._reader.cap:
            await self._read_tail(replace(query, order=Order.DEAREST), first.pages or 1, found)
            return
        for division in self._ways(query):
            queries = division.parts(query, first, self._reader.atlas, 2)
            for part in queries:
                inner = await self._reader.first(part)
                if inner is not None and inner.total and self._reader.is_kept(part, inner):
                    await self._find_behind(part, inner, found, wanted)
                if len(found) >= wanted:
                    break
            if queries:
                break

    def _ways(self, query: ListingQuery) -> list[Division]:
        """Those that leave out least first."""
        useful = [
            each
            for each in DIVISIONS
            if each is not BY_PRICE and not self._divisions.is_useless(each, query)
        ]
        return sorted(useful, key=lambda each: self._divisions.lacking(each, query) or 0.0)

    async def _read_tail(self, query: ListingQuery, pages: int, found: set[str]) -> None:
        """From the last page back to the first one that starts with a price."""
        for number in range(pages, 0, -1):
            facts = await self._page(query, number)
            if facts is None:
                continue
            found |= self._new(facts)
            if not facts.starts_unpriced:
                break

    async def _page(self, query: ListingQuery, number: int) -> PageFacts | None:
        """None: it is lost, or went with its last row."""
        facts = await self._reader.read(query, number)
        if facts is not None and facts.is_absent:
            self._reader.is_no_loss(query, number)
            return None
        return facts
