"""Reading all of a source that shows only so many pages of a query, while it changes.

Price windows: sorted by price, the last price of the last page is the floor of the next window.
A price that fills a window, and listings without a price, are looked for by type and place. What
is read is told by the pages alone, so a walk that is repeated over pages already read asks for
nothing of them again: that is how a scan goes on after a crash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pincali_sync.domain.listing_query import ListingQuery, Order, WantedPage
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.walk_summary import SHORT, Hole, WalkSummary

END = "end"  # the partition under which page 1 is read once more when all else was
LEAST_PRICE = Decimal(1)  # the site's sellers type 0 and 1 for "on request"
_CENT = Decimal("0.01")
# Cells are divided until they hold nearly all of what they were divided from: a few listings move
# meanwhile, and a query for each empty place would cost a page.
_NEARLY_ALL = 0.999
_GROWTH = 0.05  # of the stock, during a scan
_NEARLY_FULL = 0.9  # of the cards on other pages: one or two may be wanting


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a walk needs to know of a page."""

    total: int | None  # listings of the whole query, as declared
    pages: int | None
    cards: int = 0
    has_next: bool = False
    last_price: Decimal | None = None  # of the last card priced in pesos
    unpriced: int = 0  # cards without a price
    starts_unpriced: bool = False
    cities: tuple[str, ...] = ()  # on its cards
    keeps_filters: bool = True  # its cards are what was asked for
    is_absent: bool = False  # the site has no such page
    was_read_before: bool = False  # by an earlier attempt at the same scan


# Fetches and records a page, or tells what an earlier attempt read; None when it is lost.
ReadPage = Callable[[WantedPage], Awaitable[PageFacts | None]]
Leaf = Callable[[ListingQuery, PageFacts], Awaitable[object]]


class ListingWalk:
    """One walk through one source."""

    def __init__(self, source: ListingSource, read: ReadPage, *, page_cap: int) -> None:
        self._plain = ListingQuery(source=source)
        self._read_page = read
        self._cap = page_cap
        self._wanted: set[tuple[str, int]] = set()
        self._gaps: list[str] = []
        self._holes: list[Hole] = []
        self._most_cards = 0
        self._start: int | None = None
        self._end: int | None = None
        self._unpriced_wanted = 0
        self._unpriced_found = 0

    async def first_pages(self, count: int) -> WalkSummary:
        """The newest pages."""
        first = await self._read(self._plain, 1)
        if first is not None:
            self._start = first.total
            await self._rest(self._plain, first, limit=count)
        return self._summary()

    async def everything(self) -> WalkSummary:
        """All pages, of windows and cells where the plain query has more than the site shows."""
        first = await self._read(self._plain, 1)
        if first is None:
            self._gaps.append("the first page could not be read")
            return self._summary()
        self._start = first.total
        if (first.pages or 1) <= self._cap:
            await self._rest(self._plain, first)
        else:
            priced = await self._price_windows()
            if priced is not None and first.total is not None:
                await self._unpriced(first.total - priced)
        # What was activated meanwhile went to the front, out of pages still to be read.
        last = await self._read(self._plain, 1, partition=END)
        self._end = last.total if last else None
        return self._summary()

    async def _read(
        self, query: ListingQuery, number: int, *, partition: str = "", again: bool = False
    ) -> PageFacts | None:
        page = WantedPage(
            query=query, number=number, partition=partition or query.partition, again=again
        )
        self._wanted.add(page.key)
        facts = await self._read_page(page)
        if self._is_short(facts):
            facts = await self._read_page(replace(page, again=True))
        if facts is not None and self._is_short(facts):
            self._gap(query, f"page {number} {SHORT}")
            facts = replace(facts, pages=None)  # reckoned from its cards
        if facts is not None and (not facts.keeps_filters or self._is_more_than_all(query, facts)):
            self._gap(query, "the site did not keep to the filters")
            return None
        return facts

    def _is_short(self, facts: PageFacts | None) -> bool:
        """Whether more pages follow, and others that were read so far have more cards."""
        if facts is None or not facts.has_next:
            return False
        self._most_cards = max(self._most_cards, facts.cards)
        return facts.cards < _NEARLY_FULL * self._most_cards

    def _is_more_than_all(self, query: ListingQuery, facts: PageFacts) -> bool:
        """A filtered query cannot find more than the plain one, but for what came meanwhile."""
        if query.is_plain or self._start is None or facts.total is None:
            return False
        return facts.total > self._start * (1 + _GROWTH) + facts.cards

    async def _rest(
        self, query: ListingQuery, first: PageFacts, *, limit: int | None = None
    ) -> dict[int, PageFacts]:
        """The pages after the first one, with those that appear at the end meanwhile."""
        if first.pages is None:
            return await self._follow(query, first, limit)
        known = {1: first}
        tried = {1}
        last = self._last_page(known.values(), limit)
        while wanted := [number for number in range(2, last + 1) if number not in tried]:
            tried.update(wanted)
            answers = await asyncio.gather(*(self._read(query, number) for number in wanted))
            known.update({n: facts for n, facts in zip(wanted, answers, strict=True) if facts})
            last = self._last_page(known.values(), limit)
        for number in sorted(_to_be_read_again(known, within=self._cap)):
            facts = await self._read(query, number, again=True)
            if facts is not None:
                known[number] = facts
        self._forgive_absent(query, known)
        return known

    async def _follow(
        self, query: ListingQuery, first: PageFacts, limit: int | None
    ) -> dict[int, PageFacts]:
        """No page count: one page after the other, as the pager leads."""
        known, number = {1: first}, 1
        while known[number].has_next and number < min(limit or self._cap, self._cap):
            facts = await self._read(query, number + 1)
            if facts is None:
                self._gap(query, f"page {number + 1} is lost, and with it the way on")
                break
            number += 1
            known[number] = facts
        return known

    def _last_page(self, known: Iterable[PageFacts], limit: int | None) -> int:
        declared = max((facts.pages or 1 for facts in known if not facts.is_absent), default=1)
        return min(declared, limit or self._cap, self._cap)

    def _forgive_absent(self, query: ListingQuery, known: Mapping[int, PageFacts]) -> None:
        """A page that is not there is no loss if the one before it says that it is the last."""
        for number, facts in known.items():
            before = known.get(number - 1)
            if facts.is_absent and before and (before.is_absent or (before.pages or 0) < number):
                self._wanted.discard((query.partition, number))

    async def _price_windows(self) -> int | None:
        """Reads window after window; returns how many listings have a price."""
        floor, priced = LEAST_PRICE, None
        while True:
            query = replace(self._plain, order=Order.CHEAPEST, min_price=floor)
            first = await self._read(query, 1)
            if first is not None and first.is_absent:
                self._wanted.discard((query.partition, 1))
                return priced or 0
            if first is None or first.total is None:
                self._gap(query, "the window's first page could not be read")
                return None
            priced = first.total if priced is None else priced
            pages = await self._rest(query, first)
            if max(facts.pages or 1 for facts in pages.values()) <= self._cap:
                return priced
            # Where the highest page ends; rows in other currencies tell nothing.
            ends = (pages[number].last_price for number in sorted(pages, reverse=True))
            top = next((price for price in ends if price is not None), None)
            if top is None or top < floor:
                self._gap(query, "no price leads on to the next window")
                return priced
            if top == floor:
                await self._divide(replace(query, max_price=floor), self._rest)
            floor = top if top > floor else floor + _CENT

    async def _unpriced(self, wanted: int) -> None:
        """Listings on request: behind the priced ones in any order by price, or before them."""
        if wanted <= 0:
            return
        self._unpriced_wanted = wanted
        query = replace(self._plain, order=Order.DEAREST)
        first = await self._read(query, 1)
        if first is not None and first.starts_unpriced:
            await self._front(query, first)
        else:
            await self._divide_from(query, first, self._tail)

    async def _divide(self, query: ListingQuery, leaf: Leaf) -> int:
        """Looks through a query in partitions that the site shows whole; returns its listings."""
        return await self._divide_from(query, await self._read(query, 1), leaf)

    async def _divide_from(self, query: ListingQuery, first: PageFacts | None, leaf: Leaf) -> int:
        if first is not None and first.is_absent:
            self._wanted.discard((query.partition, 1))  # nothing like that is on offer
            return 0
        if first is None or not first.total:
            return 0
        if (first.pages or 1) <= self._cap:
            await leaf(query, first)
            return first.total
        reached = 0
        for finer in query.finer(first.cities):
            reached += await self._divide(finer, leaf)
            if reached >= _NEARLY_ALL * first.total:
                return first.total
        self._hole(query, first.total - reached, of=first.total)
        return first.total

    async def _tail(self, query: ListingQuery, first: PageFacts) -> None:
        """From the last page back to the first one that starts with a price."""
        for number in range(first.pages or 1, 0, -1):
            facts = first if number == 1 else await self._read(query, number)
            if facts is None or facts.is_absent:
                continue
            self._unpriced_found += facts.unpriced
            if not facts.starts_unpriced:
                return

    async def _front(self, query: ListingQuery, first: PageFacts) -> None:
        facts: PageFacts | None = first
        number = 1
        while facts is not None:
            self._unpriced_found += facts.unpriced
            if facts.unpriced < facts.cards:
                return
            number += 1
            if number > min(first.pages or 1, self._cap):
                self._gap(query, "there are more listings without a price than the site shows")
                return
            facts = await self._read(query, number)

    def _gap(self, query: ListingQuery, what: str) -> None:
        self._gaps.append(f"{query.partition or 'plain'}: {what}")

    def _hole(self, query: ListingQuery, missing: int, *, of: int) -> None:
        self._gap(query, f"{missing} of {of} listings are out of reach")
        self._holes.append(
            Hole(
                out_of_reach=missing,
                property_type=query.property_type,
                place=query.place,
                unpriced_only=query.order is Order.DEAREST,
            )
        )

    def _summary(self) -> WalkSummary:
        return WalkSummary(
            source=self._plain.source,
            parts=len({partition for partition, _ in self._wanted}),
            pages_wanted=len(self._wanted),
            total_at_start=self._start,
            total_at_end=self._end,
            unpriced_wanted=self._unpriced_wanted,
            unpriced_found=self._unpriced_found,
            gaps=tuple(self._gaps),
            holes=tuple(self._holes),
        )


def _to_be_read_again(known: Mapping[int, PageFacts], *, within: int) -> set[int]:
    """Pages onto which rows may have moved up since they were read.

    The following page was read by a later attempt, or is gone, or declared fewer listings. The
    last sign is looked for only where the query is read whole: elsewhere it is about listings
    that other windows show.
    """
    shaken = set()
    for number, facts in known.items():
        following = known.get(number + 1)
        if following is None or facts.is_absent:
            continue
        is_whole = (facts.pages or 1) <= within
        sank = is_whole and following.total is not None and following.total < (facts.total or 0)
        resumed = facts.was_read_before and not following.was_read_before
        if resumed or following.is_absent or sank:
            shaken.add(number)
    return shaken
