"""Reading all of a source that shows only so many pages of a query, while it changes.

A query that finds more is divided until its parts can be read whole. What is read is told by the
pages alone, so a walk that is repeated over pages already read asks for nothing of them again:
that is how a scan goes on after a crash.
"""

from __future__ import annotations

from dataclasses import replace

from pincali_sync.domain.divisions import BY_PRICE, DIVISIONS, Division
from pincali_sync.domain.listing_query import ListingQuery, Order
from pincali_sync.domain.page_cap import CapSearch
from pincali_sync.domain.page_facts import PageFacts, ReadPage
from pincali_sync.domain.page_reader import PageReader, Pages
from pincali_sync.domain.parts import A_FEW, KnownDivisions, Parts
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.unpriced import Unpriced
from pincali_sync.domain.walk_summary import Hole, WalkSummary

END = "end"  # the partition under which page 1 is read once more when all else was
_FULL = 0.85  # of what can be read: parts that are meant to be larger are too often too large
_SURELY_SHOWN = 10  # pages of a query
_DOUBTFUL = 0.05  # of the whole: more than that does not go meanwhile
_GROWN = 1.1  # of the pages that the first one declared: they are smaller now, it is no growth
_STALE = 300  # pages asked for since: rows may have moved to the front, and totals on


class ListingWalk:
    """One walk through one source.

    Args:
        page_cap: pages of a query that the site is believed to show.
    """

    def __init__(self, source: ListingSource, read: ReadPage, *, page_cap: int) -> None:
        self._plain = ListingQuery(source=source)
        self._reader = PageReader(read, page_cap=page_cap)
        self._believed = page_cap
        self._has_two_ends = False
        self._probed: Pages = {}  # of the plain query
        self._divisions = KnownDivisions()
        self._on_request = Unpriced(self._reader, self._divisions)
        self._holes: list[Hole] = []
        self._start: int | None = None
        self._end: int | None = None
        self._unpriced_wanted = 0
        self._unpriced_found = 0

    async def first_pages(self, count: int) -> WalkSummary:
        """The newest pages."""
        first = await self._reader.first(self._plain)
        if first is not None:
            self._start = first.total
            await self._look_deepest_first(count, first.pages or 1)
            await self._reader.rest(self._plain, first, limit=count, known=self._probed)
        return self._summary()

    async def _look_deepest_first(self, count: int, declared: int) -> None:
        """Whether the site shows so many pages, seen on the last ones of them."""
        depth, reader = min(count, declared), self._reader
        if depth <= _SURELY_SHOWN:
            return
        search = CapSearch(reader, self._plain, depth)
        found = await search.find()
        self._probed = search.pages
        if found is None:
            return
        # Where only the last page is missing, what is declared may be old.
        if found > reader.cap or (found < depth and found + 1 < declared):
            reader.cap = found

    async def everything(self) -> WalkSummary:
        """All pages: of the plain query, or of parts where it has more than the site shows."""
        first = await self._reader.first(self._plain)
        if first is None:
            self._reader.gaps.append("the first page could not be read")
            return self._summary()
        self._start = self._reader.stock = first.total
        if self._pages_of(first) > self._reader.cap:
            await self._learn_reach(first)
        await self._cover(self._plain, first)
        # What was activated meanwhile went to the front, out of pages still to be read.
        last = await self._reader.read(self._plain, partition=END)
        self._end = last.total if last else None
        return self._summary()

    async def _learn_reach(self, first: PageFacts) -> None:
        """How many pages the site shows, and whether from both ends."""
        search = CapSearch(self._reader, self._plain, self._pages_of(first))
        self._reader.cap = await search.find() or self._reader.cap
        self._probed = search.pages
        oldest = await self._reader.first(replace(self._plain, order=Order.OLDEST))
        if oldest is not None and not oldest.is_absent and oldest.sample and first.sample:
            self._has_two_ends = not oldest.sample.is_like(first.sample)

    @property
    def _reach(self) -> int:
        """Pages of a query that can be read: from both ends nearly twice as many as from one."""
        cap = self._reader.cap
        return max(2 * cap - 2, cap) if self._has_two_ends else cap

    async def _cover(self, query: ListingQuery, first: PageFacts) -> None:
        """Reads a query whole, by its parts where it must be; what cannot be read is told."""
        if self._pages_of(first) <= self._reach and await self._read_whole(query, first):
            return
        first = await self._fresh(query, first)
        for division in DIVISIONS:
            if await self._cover_by(division, query, first):
                return
        await self._cover_what_can_be(query, first)

    async def _fresh(self, query: ListingQuery, first: PageFacts) -> PageFacts:
        """The first page as it is now, where it was read long ago."""
        if first.was_read_before or self._reader.age_of(query) < _STALE:
            return first
        return await self._reader.first(query, again=True) or first

    async def _read_whole(self, query: ListingQuery, first: PageFacts) -> bool:
        """From the newest on, and the rest from the oldest; False: the site shows less by now."""
        cap, first = self._reader.cap, await self._fresh(query, first)
        known = self._probed if query.is_plain else None
        pages = await self._reader.rest(query, first, limit=cap, is_whole=True, known=known)
        told = [facts for _, facts in sorted(pages.items()) if facts.total is not None] or [first]
        cards = self._cards_of_a_page(first)
        # The last page's pager may stop at what the site shows, and its count with it.
        declared = max(self._pages_of(first), self._pages_of(told[-1]))
        left = (told[-1].total or 0) - cap * cards
        if declared > cap and left > 0:
            await self._read_from_other_end(query, -(-(left + A_FEW) // max(cards, 1)))
        if self._reader.cap < cap:
            return declared <= self._reader.cap
        return declared <= max(self._reach, _GROWN * self._pages_of(first))

    def _pages_of(self, facts: PageFacts) -> int:
        """As a page says; without a count, as many as its total fills: its own cards may be few."""
        if facts.pages is not None or not facts.has_next or not facts.total:
            return facts.pages or 1
        return -(-facts.total // max(facts.cards, self._reader.sizes.full, 1))

    def _cards_of_a_page(self, first: PageFacts) -> int:
        """Of a query's pages: the first one may have promoted listings beside its own."""
        return min(first.cards, self._reader.sizes.full or first.cards)

    async def _read_from_other_end(self, query: ListingQuery, pages: int) -> None:
        oldest = replace(query, order=Order.OLDEST)
        first = await self._reader.first(oldest) if self._has_two_ends else None
        if first is not None:
            await self._reader.rest(oldest, first, limit=pages, is_whole=True)

    async def _cover_by(
        self, division: Division, query: ListingQuery, first: PageFacts, *, at_best: bool = False
    ) -> bool:
        """Divides a query and covers its parts; False: this way leads nowhere here.

        Args:
            at_best: although some listings are in no part.
        """
        divisions = self._divisions
        if divisions.distrusts(division, query) and not at_best:
            return False
        goes_on = divisions.trusts(division, query)
        queries = division.parts(query, first, self._reader.atlas, self._parts_for(first))
        parts = Parts(division, query, first.total or 0)
        for each in queries:
            found = await self._reader.first(each)
            parts.add(each, found, is_kept=found is None or self._reader.is_kept(each, found))
            if not parts.is_kept:
                break
            if goes_on and found is not None and found.total:
                await self._cover(each, found)
            if parts.is_enough:
                break
        await self._doubt(parts, first)
        if not queries or (not divisions.learn(parts) and not (at_best and parts.is_kept)):
            return False
        for each, found in parts.found:
            if not goes_on:
                await self._cover(each, found)
        await self._account_for(parts, first)
        return True

    def _parts_for(self, first: PageFacts) -> int:
        return max(2, -(-self._pages_of(first) // max(1, int(_FULL * self._reach))))

    async def _account_for(self, parts: Parts, first: PageFacts) -> None:
        """What is in no part: listings on request are looked for, others are out of reach."""
        lacking = parts.lacking
        if parts.division is BY_PRICE and lacking > A_FEW:
            self._unpriced_wanted += lacking
            found = await self._on_request.find(parts, first)
            self._unpriced_found += found
            lacking = max(0, lacking - found)
        if parts.is_real(lacking):
            whole = parts.whole
            await self._doubt(parts, first)
            lacking -= whole - parts.whole
        if parts.is_real(lacking):
            is_unpriced = parts.division is BY_PRICE
            self._hole(parts.query, lacking, of=parts.whole, unpriced_only=is_unpriced)

    async def _doubt(self, parts: Parts, first: PageFacts) -> None:
        """Where parts lack some of a whole that was read long ago, it may be less by now."""
        is_old = first.was_read_before or self._reader.age_of(parts.query) >= _STALE
        if is_old and parts.is_real(parts.lacking) and parts.lacking <= _DOUBTFUL * parts.whole:
            now = await self._reader.first(parts.query, again=True)
            if now is not None and now.total is not None:
                parts.whole = min(parts.whole, now.total)

    async def _cover_what_can_be(self, query: ListingQuery, first: PageFacts) -> None:
        """By the division that leaves out least; without any, from both ends."""
        divisions = self._divisions
        useful = [each for each in DIVISIONS if not divisions.is_useless(each, query)]
        for division in sorted(useful, key=lambda each: divisions.lacking(each, query) or 0.0):
            if await self._cover_by(division, query, first, at_best=True):
                return
        await self._read_whole(query, first)
        pages = self._reader.cap * (2 if self._has_two_ends else 1)
        shown = pages * self._cards_of_a_page(first)
        self._hole(query, max(0, (first.total or 0) - shown), of=first.total or 0)

    def _hole(
        self, query: ListingQuery, missing: int, *, of: int, unpriced_only: bool = False
    ) -> None:
        hole = Hole(
            out_of_reach=missing,
            listings=of,
            property_type=query.property_type,
            place=query.place.slug if query.place else None,
            unpriced_only=unpriced_only,
        )
        self._holes.append(hole)
        self._reader.gaps.append(hole.in_words(of=of))

    def _summary(self) -> WalkSummary:
        reader = self._reader
        cap = reader.cap if reader.cap != self._believed else None
        return WalkSummary(
            source=self._plain.source,
            parts=len({partition for partition, _ in reader.wanted}),
            pages_wanted=len(reader.wanted),
            total_at_start=self._start,
            total_at_end=self._end,
            unpriced_wanted=self._unpriced_wanted,
            unpriced_found=self._unpriced_found,
            gaps=(
                *reader.told_gaps(),
                *([] if cap is None else [f"the site shows {cap} pages of a query"]),
            ),
            holes=tuple(self._holes),
            page_cap=cap,
        )
