"""Reads listing pages over plain HTTP: one item a page, holding its entries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pincali_sync.config import load_config
from pincali_sync.crawl_job import (
    DONE,
    DRY_RUN_REPORT,
    PLANNED,
    JobRole,
    JobSpider,
    close_soon,
)
from pincali_sync.domain.coverage import too_many_lost
from pincali_sync.domain.listing_query import ListingQuery
from pincali_sync.domain.listing_walk import ListingWalk, PageFacts, WalkSummary
from pincali_sync.domain.tiers import ListingSource, Tier, TierPlan
from pincali_sync.exceptions import UsageError
from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.pages.page_facts import facts_of
from pincali_sync.services.runs.run_jobs import TOO_MANY_LOST_PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestArguments:
    """What `-a` says: which sources, how far, as which tier."""

    sources: tuple[ListingSource, ...]
    tier: Tier
    max_pages: int | None  # per source; 0: all; None: as the tier says

    @classmethod
    def parse(cls, arguments: Mapping[str, str]) -> ManifestArguments:
        """Raises: UsageError: names the argument and what it accepts."""
        source, pages = arguments.get("source"), arguments.get("max_pages")
        if pages is not None and not pages.isdigit():
            raise UsageError(f"max_pages={pages}: a whole number from 0 (all pages) is wanted")
        return cls(
            sources=(ListingSource.parse(source),) if source else tuple(ListingSource),
            tier=Tier.parse(arguments.get("tier", "1")),
            max_pages=None if pages is None else int(pages),
        )


class ManifestSpider(JobSpider):
    """`scrapy crawl manifest [-a tier=1] [-a max_pages=10] [-a source=sale]`

    A walk says which pages it wants; the spider fetches them and tells it what they are like.
    """

    name = "manifest"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.arguments = ManifestArguments.parse(arguments)
        self.max_pages = 0
        self._turns: asyncio.Queue[Request | asyncio.Future[WalkSummary]] = asyncio.Queue()
        self._planned = 0
        self._lost = 0

    @classmethod
    def check_arguments(cls, arguments: Mapping[str, str]) -> None:
        """Raises: UsageError: for arguments that the spider would refuse."""
        ManifestArguments.parse(arguments)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.max_pages = _max_pages(spider.arguments, crawler.settings["MANIFEST_MAX_PAGES"])
        return spider

    @property
    def role(self) -> JobRole:
        """A job of one source says which."""
        sources = self.arguments.sources
        return JobRole(
            spider=self.name,
            source=sources[0].value if len(sources) == 1 else None,
            reads_everything=self.max_pages == 0,
        )

    async def start(self) -> AsyncIterator[Request]:
        """The requests of all walks as they make them.

        What a walk came to is no item: Scrapy, when it closes meanwhile, waits for items of
        `start` for ever.
        """
        walks = [asyncio.ensure_future(self._walk(source)) for source in self.arguments.sources]
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
        walk = ListingWalk(
            source,
            _Reader(self, await self._read_before(source)).read,
            page_cap=self.settings.getint("SITE_PAGE_CAP"),
        )
        return await (walk.first_pages(self.max_pages) if self.max_pages else walk.everything())

    async def _read_before(self, source: ListingSource) -> dict[tuple[str, int], PageFacts]:
        if self.settings[DRY_RUN_REPORT]:
            return {}
        async with self.job.services.db.transaction() as tx:
            pages = await tx.manifest_pages.read_before(self.job.ticket.session_id, source.value)
        if pages:
            self.logger.info("%s: %s pages were read by an earlier attempt", source, len(pages))
            self.plan(len(pages))
        return pages

    def ask_for(self, query: ListingQuery, number: int, part: str) -> asyncio.Future[_Answer]:
        """Puts a page's request in line; the future has its facts, None when it is lost."""
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        request = Request(
            f"{self.settings['BASE_URL']}{query.target(number)}",
            callback=self.parse,
            errback=self.lost,
            meta={
                WANTED: Wanted(query=query, number=number, part=part, answer=answer),
                GAP: self.settings.getfloat("PAGE_DELAY_SECONDS"),
            },
            priority=-number,
            dont_filter=True,
        )
        self.plan(1)
        self._turns.put_nowait(request)
        return answer

    def parse(self, response: Response, **_: Any) -> Iterator[ManifestPage | LostPage | Request]:
        wanted = _wanted_by(response.request)
        try:
            yield from self._read_page(response, wanted)
        except Exception:
            wanted.tell(None)  # the walk must not wait for ever for what cannot be read
            raise

    def _read_page(
        self, response: Response, wanted: Wanted
    ) -> Iterator[ManifestPage | LostPage | Request]:
        page = parse_listing_page(response.body, response.url)
        if page.total_listings and not page.entries and not page.unreadable_cards:
            yield self._read_again(response, wanted)
            return
        self.count(DONE)
        facts = facts_of(page, wanted.query)
        yield ManifestPage(
            url=response.url,
            source=wanted.query.source.value,
            part=wanted.part,
            page_number=wanted.number,
            page=page,
            facts=facts,
        )
        wanted.tell(facts)

    def lost(self, failure: Failure) -> Iterator[LostPage]:
        """A page that failed for the last time."""
        if isinstance(failure.value, BlockedResponse):
            return  # no page was lost: the crawl ends here and is taken up again later
        request: Request = failure.request  # type: ignore[attr-defined]
        wanted = _wanted_by(request)
        if wanted.may_be_absent and _status_of(failure) == _NOT_FOUND:
            self.count(DONE)
            wanted.tell(PageFacts(total=None, pages=None, is_absent=True))
            return
        yield self._lose(request, wanted, _describe(failure))

    def _read_again(self, response: Response, wanted: Wanted) -> LostPage | Request:
        """A page without cards of a query that has some is not believed at once."""
        assert response.request is not None
        again = get_retry_request(response.request, spider=self, reason="no_cards")
        if again is not None:
            return again
        return self._lose(response.request, wanted, "no card, although listings are declared")

    def _lose(self, request: Request, wanted: Wanted, error: str) -> LostPage:
        self.count(DONE)
        self._lost += 1
        source = wanted.query.source
        self.logger.error("page %s of %s is lost: %s", wanted.number, wanted.label, error)
        if too_many_lost(self._planned - self._lost, self._lost):
            close_soon(self.crawler, TOO_MANY_LOST_PAGES)
        wanted.tell(None)
        return LostPage(
            url=request.url,
            source=source.value,
            part=wanted.part,
            page_number=wanted.number,
            error=error,
        )

    def plan(self, pages: int) -> None:
        """Counts pages that are wanted, for the progress line and the share of lost ones."""
        self._planned += pages
        self.count(PLANNED, pages)


class _Reader:
    """What a walk reads with: pages of earlier attempts first, else requests."""

    def __init__(self, spider: ManifestSpider, before: Mapping[tuple[str, int], PageFacts]) -> None:
        self._spider = spider
        self._before = before

    async def read(
        self, query: ListingQuery, number: int, *, part: str, again: bool
    ) -> PageFacts | None:
        known = None if again else self._before.get((part, number))
        return known or await self._spider.ask_for(query, number, part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page that a walk waits for."""

    query: ListingQuery
    number: int
    part: str
    answer: asyncio.Future[_Answer]

    @property
    def label(self) -> str:
        return f"{self.query.source} {self.part}".rstrip()

    @property
    def may_be_absent(self) -> bool:
        """A filter that finds nothing, or a last page that went with its last row."""
        return self.number > 1 or not self.query.is_plain

    def tell(self, facts: _Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(facts)


_Answer = PageFacts | None
WANTED = "wanted_page"  # request.meta
_NOT_FOUND = 404


def _wanted_by(request: Request | None) -> Wanted:
    assert request is not None
    wanted: Wanted = request.meta[WANTED]
    return wanted


def _max_pages(arguments: ManifestArguments, setting: Any) -> int:
    """The argument, else what the runner set, else the tier's plan."""
    if arguments.max_pages is not None:
        return arguments.max_pages
    if setting is not None:
        return int(setting)
    return TierPlan.of(arguments.tier, load_config()).max_pages


def _status_of(failure: Failure) -> int | None:
    return failure.value.response.status if isinstance(failure.value, HttpError) else None


def _describe(failure: Failure) -> str:
    status = _status_of(failure)
    if status is not None:
        return f"HTTP {status}"
    return f"{failure.type.__name__ if failure.type else 'error'}: {failure.getErrorMessage()}"
