"""Reading the pages of one query while rows move between them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pincali_sync.domain.divisions import Atlas
from pincali_sync.domain.listing_query import ListingQuery, Measure, WantedPage
from pincali_sync.domain.page_facts import PageFacts, ReadPage
from pincali_sync.domain.page_sizes import PageSizes
from pincali_sync.domain.walk_summary import SHORT, UNREAD

_GROWTH = 0.05  # of the stock, during a scan

Pages = dict[int, PageFacts]


class PageReader:
    """Asks for the pages of one walk, and keeps account of them."""

    def __init__(self, read: ReadPage, *, page_cap: int) -> None:
        self._read_page = read
        self.cap = page_cap  # pages of a query that the site shows
        self.wanted: set[tuple[str, int]] = set()
        self._had: set[tuple[str, int]] = set()  # pages that were there once
        self.gaps: list[str] = []
        self.stock: int | None = None  # of the whole source, at the start
        self.atlas = Atlas()
        self.sizes = PageSizes()
        self.unpriced_in_ranges: set[str] = set()  # records without a price in ranges of prices
        self._firsts: dict[str, tuple[int, PageFacts | None]] = {}  # and when they were read

    async def first(self, query: ListingQuery, *, again: bool = False) -> PageFacts | None:
        """A query's first page, asked for once; None: lost."""
        key = query.partition
        if again or key not in self._firsts:
            facts = await self.read(query, again=again)
            self._firsts[key] = len(self.wanted), facts
            if facts is not None:
                self.atlas.learn(query, facts)
        return self._firsts[key][1]

    def age_of(self, query: ListingQuery) -> int:
        """How many pages were asked for since a query's first page was."""
        return len(self.wanted) - self._firsts[query.partition][0]

    async def read(
        self,
        query: ListingQuery,
        number: int = 1,
        *,
        partition: str = "",
        again: bool = False,
        may_be_beyond: bool = False,
    ) -> PageFacts | None:
        """A page; None when it is lost, or not what was asked for."""
        page = WantedPage(
            query=query,
            number=number,
            partition=partition or query.partition,
            again=again,
            may_be_beyond=may_be_beyond,
        )
        self.wanted.add(page.key)
        facts = await self._read_page(page)
        if facts is not None and self.sizes.is_short(facts):
            facts = await self._look_twice(page, facts)
        if facts is not None:
            self.sizes.learn(page.key, facts)
            if not facts.is_absent:
                self._had.add(page.key)
            if Measure.PRICE in dict(query.ranges):
                self.unpriced_in_ranges.update(facts.unpriced_ids)
        if facts is not None and facts.is_absent and page.may_be_absent and number == 1:
            self.is_no_loss(query, 1)  # nothing like that is on offer
        return facts

    async def _look_twice(self, page: WantedPage, short: PageFacts) -> PageFacts:
        """A page that lacks cards, as a second answer has it; it stands where that is lost.

        What is said twice is believed. Else the page count may be reckoned from too few cards.
        """
        facts = await self._read_page(replace(page, again=True))
        if facts is not None and (facts.cards == short.cards or not self.sizes.is_short(facts)):
            return facts
        return replace(facts or short, pages=None)

    def is_no_loss(self, query: ListingQuery, number: int) -> None:
        """A page that is not there need not be."""
        self.wanted.discard((query.partition, number))

    def is_kept(self, query: ListingQuery, facts: PageFacts) -> bool:
        """Whether a page shows what was asked for.

        A filtered query cannot find more than the plain one, but for what came meanwhile.
        """
        is_more_than_all = (
            not query.is_plain
            and self.stock is not None
            and (facts.total or 0) > self.stock * (1 + _GROWTH) + facts.cards
        )
        return facts.keeps_filters and not is_more_than_all

    async def rest(
        self,
        query: ListingQuery,
        first: PageFacts,
        *,
        limit: int | None = None,
        is_whole: bool | None = None,
        known: Pages | None = None,
    ) -> Pages:
        """The pages after the first one, with those that appear at the end meanwhile.

        Args:
            is_whole: what is not among them is read from the other end; None: if all are.
            known: pages that were read already.
        """
        if first.pages is None:
            known = await self._follow(query, first, limit)
            if is_whole and known[max(known)].has_next and max(known) >= self.cap:
                self.gap(query, f"more follows after page {self.cap}, and no page tells how much")
            return known
        earlier = frozenset(known or ())
        known = {**(known or {}), 1: first}
        tried = {*known}
        last = self._last_page(known.values(), limit)
        while wanted := [number for number in range(2, last + 1) if number not in tried]:
            tried.update(wanted)
            answers = await asyncio.gather(*(self.read(query, number) for number in wanted))
            known.update({n: facts for n, facts in zip(wanted, answers, strict=True) if facts})
            last = self._last_page(known.values(), limit)
        whole = (first.pages or 1) <= self.cap if is_whole is None else is_whole
        shaken = _to_be_read_again(known, whole) | (_moved_down(known, earlier) if whole else set())
        for number in sorted(shaken):
            await self.read_again(query, number, known)
        await self._look_into_absent(query, known)
        return known

    async def read_again(self, query: ListingQuery, number: int, known: Pages) -> None:
        """Reads a page once more; what was known stands where that is lost."""
        facts = await self.read(query, number, again=True)
        if facts is not None:
            known[number] = facts

    async def _follow(self, query: ListingQuery, first: PageFacts, limit: int | None) -> Pages:
        """No page count: one page after the other, as the pager leads."""
        known, number = {1: first}, 1
        while known[number].has_next and number < min(limit or self.cap, self.cap):
            facts = await self.read(query, number + 1)
            if facts is None:
                self.gap(query, f"page {number + 1} is lost, and with it the way on")
                break
            number += 1
            known[number] = facts
        return known

    def _last_page(self, known: Iterable[PageFacts], limit: int | None) -> int:
        declared = max((facts.pages or 1 for facts in known if not facts.is_absent), default=1)
        return min(declared, limit or self.cap, self.cap)

    async def _look_into_absent(self, query: ListingQuery, known: Pages) -> None:
        """A page that is not there is no loss if the one before it says that it is the last.

        Others are asked for once more. Where there is none from a page on, and there should be,
        the site shows fewer pages than it did.
        """
        for number in sorted(known):
            before = known.get(number - 1)
            if not known[number].is_absent or before is None:
                continue
            if before.is_absent or (before.pages or 0) < number:
                self.is_no_loss(query, number)
                continue
            await self.read_again(query, number, known)
            if known[number].is_absent and _ends_at(number, known):
                await self._believe_in_end(query, number, known)
                return

    async def _believe_in_end(self, query: ListingQuery, number: int, known: Pages) -> None:
        """Only if the page before is there and this one is not, once more: else all are away.

        Nor is the end of one query the end of all: what it declares may be old. Its pages stay
        wanted.
        """
        await self.read_again(query, number - 1, known)
        await self.read_again(query, number, known)
        before = known[number - 1]
        if not known[number].is_absent or before.is_absent:
            return
        if await self._is_beyond_in_all(query, number, before):
            self.cap = number - 1
            self.wanted -= {(query.partition, each) for each in known if each > self.cap}

    async def _is_beyond_in_all(self, query: ListingQuery, number: int, before: PageFacts) -> bool:
        """Whether a page is missing in the middle of the source as well, not the one before it."""
        if query.is_plain:
            return (before.pages or 0) > number
        plain = ListingQuery(source=query.source)
        first = await self.first(plain)
        if first is None or (first.pages or 0) <= number:
            return False
        there, missing = [
            await self.read(plain, each, again=True, may_be_beyond=True)
            for each in (number - 1, number)
        ]
        if there is None or there.is_absent or missing is None or not missing.is_absent:
            return False
        self.is_no_loss(plain, number)
        return True

    def gap(self, query: ListingQuery, what: str) -> None:
        """Writes down what a part of the source lacks."""
        self.gaps.append(f"{query.partition or 'plain'}: {what}")

    def told_gaps(self) -> list[str]:
        """What was written down, pages that lack cards, and those that were never there or lost."""
        short = [f"{part or 'plain'}: page {n} {SHORT}" for part, n in self.sizes.short_pages()]
        unread = [f"page {n} of {part or 'plain'}" for part, n in sorted(self.wanted - self._had)]
        return [
            *self.gaps,
            *short,
            *(f"{len(unread)} {UNREAD}, such as {each}" for each in unread[:1]),
        ]


def _ends_at(number: int, known: Mapping[int, PageFacts]) -> bool:
    return all(facts.is_absent for each, facts in known.items() if each >= number)


def _to_be_read_again(known: Pages, is_whole: bool) -> set[int]:
    """Pages onto which rows may have moved up since they were read.

    The following page was read by a later attempt, or is gone, or declared fewer listings. The
    last sign is looked for only where the query is read whole: elsewhere it is about listings
    that other parts show.
    """
    shaken = set()
    for number, facts in known.items():
        following = known.get(number + 1)
        if following is None or facts.is_absent:
            continue
        sank = is_whole and following.total is not None and following.total < (facts.total or 0)
        resumed = facts.was_read_before and not following.was_read_before
        if resumed or following.is_absent or sank:
            shaken.add(number)
    return shaken


def _moved_down(known: Pages, earlier: frozenset[int]) -> set[int]:
    """Pages onto which rows moved down after they were read: those before them declare more.

    Args:
        earlier: pages that were read before all others but the first.
    """
    moved = set()
    for number, facts in known.items():
        following = known.get(number + 1)
        if following is None or facts.is_absent or number in earlier:
            continue
        resumed = following.was_read_before and not facts.was_read_before
        came = (facts.total or 0) - (following.total or facts.total or 0)
        if (resumed or number + 1 in earlier) and came > 0:
            pages = -(-came // max(facts.cards, 1))
            moved |= {number + each for each in range(1, pages + 1)} & known.keys()
    return moved
