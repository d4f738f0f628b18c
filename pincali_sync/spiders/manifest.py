"""Reads listing pages over plain HTTP: one item a page, holding its entries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response
from twisted.python.failure import Failure

from pincali_sync.answers.listing import ListingAnswer, read_listing
from pincali_sync.config import load_config
from pincali_sync.crawl_job import (
    DONE,
    PLANNED,
    JobRole,
    JobSpider,
    close_soon,
    failed,
    fetched,
)
from pincali_sync.domain.coverage import too_many_lost
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.domain.listing_walk import ListingWalk
from pincali_sync.domain.numbers import whole_number
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.tiers import ListingSource, Tier, TierPlan
from pincali_sync.domain.walk_summary import WalkSummary
from pincali_sync.exceptions import UsageError
from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.services.ports import DRY_RUN_REPORT
from pincali_sync.services.runs.run_jobs import TOO_MANY_LOST_PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A page that was asked for, and the walk that waits for it."""

    page: WantedPage
    facts: asyncio.Future[PageFacts | None]

    def tell(self, facts: PageFacts | None) -> None:
        """Lets the walk go on."""
        if not self.facts.done():
            self.facts.set_result(facts)


class ManifestSpider(JobSpider):
    """`scrapy crawl manifest [-a tier=1] [-a max_pages=10] [-a source=sale]`

    A walk says which pages it wants; the spider fetches them and tells it what they are like.
    """

    name = "manifest"
    takes = "source, tier and max_pages"

    def __init__(
        self,
        /,
        source: str | None = None,
        tier: str = "1",
        max_pages: str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__(**unknown)
        self._sources = tuple(ListingSource) if source is None else (ListingSource.parse(source),)
        self._tier = Tier.parse(tier)
        self._max_pages = None if max_pages is None else whole_number(max_pages)
        if max_pages is not None and self._max_pages is None:
            raise UsageError(f"max_pages={max_pages}: a whole number from 0 (all pages) is wanted")
        if self._tier is Tier.MONTHLY_REFRESH and max_pages is None:
            raise UsageError(
                "tier 4 refreshes records and reads no listing pages, unless max_pages says how "
                "many: `pincali-sync tier4` runs it, `scrapy crawl detail` fetches what is queued"
            )
        self._turns: asyncio.Queue[Request | asyncio.Future[WalkSummary]] = asyncio.Queue()
        self._planned = 0
        self._lost = 0

    @cached_property
    def max_pages(self) -> int:
        """Of each source; 0: all. The argument, else what the runner set, else the tier's plan."""
        if self._max_pages is not None:
            return self._max_pages
        wanted = self.settings["MANIFEST_MAX_PAGES"]
        return TierPlan.of(self._tier, load_config()).max_pages if wanted is None else int(wanted)

    @property
    def role(self) -> JobRole:
        """A job of one source says which."""
        return JobRole(
            spider=self.name,
            source=self._sources[0].value if len(self._sources) == 1 else None,
            reads_everything=self.max_pages == 0,
        )

    async def start(self) -> AsyncIterator[Request]:
        """The requests of all walks as they make them.

        What a walk came to is no item: Scrapy, when it closes meanwhile, waits for items of
        `start` for ever.
        """
        walks = [asyncio.ensure_future(self._walk(source)) for source in self._sources]
        for walk in walks:
            walk.add_done_callback(self._turns.put_nowait)
        left = len(walks)
        try:
            while left:
                turn = await self._turns.get()
                if isinstance(turn, Request):
                    yield turn
                else:
                    left -= 1
                    self.job.ended_walks.append(turn.result())
        finally:
            for walk in walks:
                walk.cancel()

    async def _walk(self, source: ListingSource) -> WalkSummary:
        before = await self._read_before(source)

        async def read(page: WantedPage) -> PageFacts | None:
            known = None if page.again else before.get(page.key)
            return known or await self._ask_for(page)

        walk = ListingWalk(source, read, page_cap=await self.job.services.scans.page_cap())
        return await (walk.first_pages(self.max_pages) if self.max_pages else walk.everything())

    async def _read_before(self, source: ListingSource) -> dict[tuple[str, int], PageFacts]:
        if self.settings[DRY_RUN_REPORT]:
            return {}
        session_id = self.job.ticket.session_id
        pages = await self.job.services.db.run(
            lambda tx: tx.manifest_store.read_before(session_id, source.value)
        )
        if pages:
            self.logger.info("%s: %s pages were read by an earlier attempt", source, len(pages))
            self._plan(len(pages))
        return pages

    def _ask_for(self, page: WantedPage) -> asyncio.Future[PageFacts | None]:
        """Puts a page's request in line; the future has its facts, None when it is lost."""
        asked = Asked(page=page, facts=asyncio.get_running_loop().create_future())
        self._plan(1)
        self._turns.put_nowait(
            Request(
                f"{self.settings['BASE_URL']}{page.query.target(page.number)}",
                callback=self.parse,
                errback=self.lost,
                cb_kwargs={"asked": asked},
                meta={GAP: self.settings.getfloat("PAGE_DELAY_SECONDS")},
                priority=-page.number,
                dont_filter=True,
            )
        )
        return asked.facts

    def parse(
        self, response: Response, asked: Asked
    ) -> Iterator[ManifestPage | LostPage | Request]:
        """A page; or its request once more, where it is not to be believed at once."""
        assert response.request is not None
        try:
            answer = read_listing(asked.page, response.url, fetched(response))
        except Exception:
            asked.tell(None)  # the walk must not wait for ever for what cannot be read
            raise
        again = answer.is_doubtful and get_retry_request(
            response.request, spider=self, reason="no_cards"
        )
        if again:
            yield again
        else:
            yield from self._take(answer, asked)

    def lost(self, failure: Failure) -> Iterator[ManifestPage | LostPage]:
        """A page that failed for the last time."""
        if isinstance(failure.value, BlockedResponse) or self.lacks_database(failure.value):
            return  # no page was lost: the crawl ends here and is taken up again later
        request: Request = failure.request  # type: ignore[attr-defined]
        asked: Asked = request.cb_kwargs["asked"]
        yield from self._take(read_listing(asked.page, request.url, failed(failure.value)), asked)

    def _take(self, answer: ListingAnswer, asked: Asked) -> Iterator[ManifestPage | LostPage]:
        self.count(DONE)
        if isinstance(answer.item, LostPage):
            self.logger.error("%s is lost: %s", asked.page, answer.item.error)
            self._lost += 1
            if too_many_lost(self._planned - self._lost, self._lost):
                close_soon(self.crawler, TOO_MANY_LOST_PAGES)
        if answer.item is not None:
            yield answer.item
        asked.tell(answer.facts)

    def _plan(self, pages: int) -> None:
        """Counts pages that are wanted, for the progress line and the share of lost ones."""
        self._planned += pages
        self.count(PLANNED, pages)
