"""How many pages of a query the site shows: looked for where a query declares more."""

from __future__ import annotations

from pincali_sync.domain.listing_query import ListingQuery
from pincali_sync.domain.page_facts import PageFacts, Sample
from pincali_sync.domain.page_reader import PageReader, Pages


class CapSearch:
    """Looks at the page that is believed to be the last one shown, at the next, and from there.

    A page beyond is not there, has no cards, or shows once more the last that there is.
    """

    def __init__(self, reader: PageReader, query: ListingQuery, pages: int) -> None:
        self._reader = reader
        self._query = query
        self._pages = pages  # as declared
        self._beyond = pages + 1  # the first page that was seen to be none
        self.pages: Pages = {}  # that are there
        self._repeated: Sample | None = None  # what pages beyond show

    async def find(self) -> int | None:
        """The last page that is shown; None if a page was lost on the way."""
        believed = min(self._reader.cap, self._pages)
        wanted = [number for number in (believed - 1, believed, believed + 1) if number > 1]
        for number in wanted:
            if number < self._beyond and not await self._look_at(number):
                return None
        while self._beyond - self._shown > 1:
            if not await self._look_at(self._next()):
                return None
        if self._shown != believed and not await self._confirm():
            return None
        return self._beyond if self._repeats(self._beyond) else self._shown

    def _next(self) -> int:
        if self._beyond > self._pages:  # none was seen yet
            return min(2 * self._shown, self._pages)
        return (self._shown + self._beyond) // 2

    async def _look_at(self, number: int, *, again: bool = False) -> bool:
        """Whether a page is there or not, noted; False when it is lost."""
        facts = await self._reader.read(self._query, number, may_be_beyond=True, again=again)
        if facts is None:
            return False
        if not self._is_shown(number, facts):
            self._reader.is_no_loss(self._query, number)
            self._beyond = min(self._beyond, number)
        return True

    @property
    def _shown(self) -> int:
        shown = (each for each in self.pages if each < self._beyond and not self._repeats(each))
        return max(shown, default=1)

    def _is_shown(self, number: int, facts: PageFacts) -> bool:
        if facts.is_absent or not facts.cards or facts.sample is None:
            return False
        self.pages[number] = facts
        for other, page in self.pages.items():
            if other != number and page.sample and page.sample.is_like(facts.sample):
                self._repeated = page.sample
                self._beyond = min(self._beyond, other, number)
        return not self._repeats(number)

    def _repeats(self, number: int) -> bool:
        page = self.pages.get(number)
        return bool(self._repeated and page and page.sample and page.sample.is_like(self._repeated))

    async def _confirm(self) -> bool:
        """A page may be away for a moment: it is looked at again, and the one before."""
        beyond, self._beyond = self._beyond, self._pages + 1
        if beyond > self._pages:
            return True
        before = await self._reader.read(self._query, beyond - 1, may_be_beyond=True, again=True)
        if before is None or before.is_absent:
            return False
        return await self._look_at(beyond, again=True) and self._beyond == beyond
