"""Reads listing pages over plain HTTP: one item a page, holding its entries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pincali_sync.config import load_config
from pincali_sync.domain.coverage import too_many_lost
from pincali_sync.domain.tiers import ListingSource, Tier, TierPlan
from pincali_sync.exceptions import UsageError
from pincali_sync.extensions.progress import DONE, PLANNED
from pincali_sync.items import ManifestPage
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.services.manifest_scan_service import LostPage
from pincali_sync.services.run_jobs import TOO_MANY_LOST_PAGES


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


class ManifestSpider(Spider):
    """`scrapy crawl manifest [-a tier=1] [-a max_pages=10] [-a source=sale]`"""

    name = "manifest"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.arguments = ManifestArguments.parse(arguments)
        self.max_pages = 0
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
    def only_source(self) -> str | None:
        """The source of a job that reads just one."""
        sources = self.arguments.sources
        return sources[0].value if len(sources) == 1 else None

    async def start(self) -> AsyncIterator[Request]:
        for source in self.arguments.sources:
            yield self._request(source, 1)

    def parse(self, response: Response, **_: Any) -> Iterator[ManifestPage | Request]:
        source, number = self._place(response.request)
        page = parse_listing_page(response.body, response.url)
        self._count_done()
        yield ManifestPage(url=response.url, source=source.value, page_number=number, page=page)
        if page.total_pages is None:
            # No page count: follow the pager, one page after the other.
            if page.next_page and (self.max_pages == 0 or number < self.max_pages):
                yield self._request(source, number + 1)
        elif number == 1:
            last = min(self.max_pages or page.total_pages, page.total_pages)
            for following in range(2, last + 1):
                yield self._request(source, following)

    def lost(self, failure: Failure) -> Iterator[LostPage]:
        """A page that failed for the last time."""
        if isinstance(failure.value, BlockedResponse):
            return  # no page was lost: the crawl ends here and is taken up again later
        request: Request = failure.request  # type: ignore[attr-defined]
        source, number = self._place(request)
        self._count_done()
        self._lost += 1
        error = _describe(failure)
        self.logger.error("page %s of %s is lost: %s", number, source, error)
        yield LostPage(url=request.url, source=source.value, page_number=number, error=error)
        if too_many_lost(self._planned - self._lost, self._lost):
            raise CloseSpider(TOO_MANY_LOST_PAGES)

    def _request(self, source: ListingSource, number: int) -> Request:
        assert self.crawler.stats is not None
        self._planned += 1
        self.crawler.stats.set_value(PLANNED, self._planned)
        query = f"?page={number}" if number > 1 else ""
        return Request(
            f"{self.settings['BASE_URL']}{source.path}{query}",
            callback=self.parse,
            errback=self.lost,
            cb_kwargs={},
            meta={
                "source": source,
                "page_number": number,
                GAP: self.settings.getfloat("PAGE_DELAY_SECONDS"),
            },
            priority=-number,
            dont_filter=True,
        )

    def _place(self, request: Request | None) -> tuple[ListingSource, int]:
        assert request is not None
        return request.meta["source"], request.meta["page_number"]

    def _count_done(self) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(DONE)


def _max_pages(arguments: ManifestArguments, setting: Any) -> int:
    """The argument, else what the runner set, else the tier's plan."""
    if arguments.max_pages is not None:
        return arguments.max_pages
    if setting is not None:
        return int(setting)
    return TierPlan.of(arguments.tier, load_config()).max_pages


def _describe(failure: Failure) -> str:
    if isinstance(failure.value, HttpError):
        return f"HTTP {failure.value.response.status}"
    return f"{failure.type.__name__ if failure.type else 'error'}: {failure.getErrorMessage()}"
