"""Listings on request: no range of prices holds them, but sorted by price they stand together."""

from __future__ import annotations

from dataclasses import replace

from pincali_sync.domain.divisions import BY_PRICE, DIVISIONS, Division
from pincali_sync.domain.listing_query import ListingQuery, Order
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.page_reader import PageReader
from pincali_sync.domain.parts import Judgement


class Unpriced:
    """Looks for listings on request: before all prices, or behind them."""

    def __init__(self, reader: PageReader, judgement: Judgement) -> None:
        self._reader = reader
        self._judgement = judgement
        self._front: Order | None = None
        self._is_front_known = False

    async def find(self, query: ListingQuery, first: PageFacts, wanted: int) -> int:
        """Reads the pages that show them; how many they showed.

        Args:
            wanted: so many are looked for.
        """
        order = await self._order_with_front(query)
        if order is not None:
            return await self._read_front(replace(query, order=order))
        return await self._find_behind(query, first, wanted)

    async def _order_with_front(self, query: ListingQuery) -> Order | None:
        """The order by price in which they come first; None where they come last in both."""
        if not self._is_front_known:
            self._is_front_known = True
            for order in (Order.DEAREST, Order.CHEAPEST):
                first = await self._reader.read(replace(query, order=order))
                if first is not None and first.starts_unpriced:
                    self._front = order
                    break
        return self._front

    async def _read_front(self, query: ListingQuery) -> int:
        """From the first page on to the first that shows a price."""
        found = 0
        for number in range(1, self._reader.cap + 1):
            facts = await self._page(query, number)
            if facts is None:
                break
            found += facts.unpriced
            if facts.unpriced < facts.cards:
                break
        return found

    async def _find_behind(self, query: ListingQuery, first: PageFacts, wanted: int) -> int:
        """At the end of parts that are small enough to be read from there."""
        if (first.pages or 1) <= self._reader.cap:
            return await self._read_tail(replace(query, order=Order.DEAREST), first.pages or 1)
        for division in self._ways(query):
            queries = division.parts(query, first, self._reader.atlas, 2)
            found = 0
            for part in queries:
                inner = await self._reader.first(part)
                if inner is not None and inner.total and self._reader.is_kept(part, inner):
                    found += await self._find_behind(part, inner, wanted - found)
                if found >= wanted:
                    break
            if queries:
                return found
        return 0

    def _ways(self, query: ListingQuery) -> list[Division]:
        """Those that leave out least first."""
        useful = [
            each
            for each in DIVISIONS
            if each is not BY_PRICE and not self._judgement.is_useless(each, query)
        ]
        return sorted(useful, key=lambda each: self._judgement.lacking(each, query) or 0.0)

    async def _read_tail(self, query: ListingQuery, pages: int) -> int:
        """From the last page back to the first one that starts with a price."""
        found = 0
        for number in range(pages, 0, -1):
            facts = await self._page(query, number)
            if facts is None:
                continue
            found += facts.unpriced
            if not facts.starts_unpriced:
                break
        return found

    async def _page(self, query: ListingQuery, number: int) -> PageFacts | None:
        """None: it is lost, or went with its last row."""
        facts = await self._reader.read(query, number)
        if facts is not None and facts.is_absent:
            self._reader.is_no_loss(query, number)
            return None
        return facts
