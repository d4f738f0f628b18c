"""Fetches queued detail pages, in a real browser unless told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import VerboseCookie
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pincali_sync.config import load_config
from pincali_sync.crawl_job import DONE, PLANNED, JobRole, JobSpider
from pincali_sync.domain.identity import slug_of
from pincali_sync.exceptions import PageError, UsageError
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.services.data_sync_service import ScrapeResult
from pincali_sync.services.scrape_queue_service import QueuedProperty
from pincali_sync.spiders.browser_settings import browser_meta, browser_settings, load_cookies

# The answer of a listing that is not there: asking again would not help.
_GONE = {404, 410}
_HOPS, _MAX_HOPS = "redirects_followed", 2


class DetailSpider(JobSpider):
    """`scrapy crawl detail [-a max_items=100]`: claims pages until none is left to claim."""

    name = "detail"

    def __init__(self, max_items: str | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._left = _parse_max_items(max_items)
        self._cookies: list[VerboseCookie] = []

    @property
    def role(self) -> JobRole:
        """One worker of the queue."""
        return JobRole(spider=self.name, is_worker=True)

    @classmethod
    def check_arguments(cls, arguments: Mapping[str, str]) -> None:
        """Raises: UsageError: for arguments that the spider would refuse."""
        _parse_max_items(arguments.get("max_items"))

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        settings.set("CONCURRENT_REQUESTS", settings.getint("DETAIL_CONCURRENCY"), "spider")
        if settings["DETAIL_TRANSPORT"] == "playwright":
            for name, value in browser_settings(settings).items():
                settings.set(name, value, "spider")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider._cookies = load_cookies(load_config().cookies_file)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Claims the next batch whenever the last one has gone to the browser."""
        while batch := await self._claim():
            for queued in batch:
                yield self._request(queued)
            await self.crawler.signals.wait_for(signals.scheduler_empty)

    def parse(self, response: Response, queued: QueuedProperty) -> Iterator[ScrapeResult]:
        self.count(DONE)
        try:
            page = parse_detail_page(response.body, response.url)
        except PageError as error:
            yield ScrapeResult(queued=queued, scraped=None, error=str(error))
        except Exception as error:
            # A page that trips the parser must not be lost, nor come back for ever.
            self.logger.exception("parsing %s failed", response.url)
            yield ScrapeResult(queued=queued, scraped=None, error=f"parser: {error!r}")
        else:
            yield ScrapeResult(queued=queued, scraped=page)

    def failed(self, failure: Failure) -> Iterator[ScrapeResult | Request]:
        """A page that could not be fetched goes back to the queue with its error.

        A redirect to a listing's page is followed: the slug may be a new one. Whose page it is
        the EasyBroker id must show; what leads anywhere else is an answer, and no page.
        """
        if isinstance(failure.value, BlockedResponse):
            return  # its lease is released when the crawl ends: nothing is held against the page
        if (moved := self._moved_to(failure)) is not None:
            yield moved
            return
        self.count(DONE)
        queued: QueuedProperty = failure.request.cb_kwargs["queued"]  # type: ignore[attr-defined]
        if isinstance(failure.value, HttpError):
            status = failure.value.response.status
            yield ScrapeResult(
                queued=queued,
                scraped=None,
                error=f"HTTP {status}",
                error_type="detail_http_error",
                retry=status not in _GONE,
                is_gone=status in _GONE,
            )
        else:
            error = failure.getErrorMessage().splitlines()[0] or repr(failure.value)
            yield ScrapeResult(queued=queued, scraped=None, error=error)

    def _moved_to(self, failure: Failure) -> Request | None:
        if not isinstance(failure.value, HttpError):
            return None
        response, request = failure.value.response, failure.value.response.request
        location = (response.headers.get(b"Location") or b"").decode("latin-1")
        assert request is not None
        hops = request.meta.get(_HOPS, 0)
        if not location or hops >= _MAX_HOPS or request.cb_kwargs["queued"].public_id is None:
            return None
        try:
            return self._request(request.cb_kwargs["queued"], response.urljoin(location), hops + 1)
        except PageError:
            return None  # not a listing's

    async def _claim(self) -> list[QueuedProperty]:
        size = 2 * self.settings.getint("DETAIL_CONCURRENCY")
        if self._left is not None:
            size = min(size, self._left)
        if size == 0:
            return []
        batch = await self.job.claim(size)
        if self._left is not None:
            self._left -= len(batch)
        self.count(PLANNED, len(batch))
        return batch

    def _request(
        self, queued: QueuedProperty, source_url: str | None = None, hops: int = 0
    ) -> Request:
        meta = {
            _HOPS: hops,
            GAP: self.settings.getfloat("DETAIL_DELAY_SECONDS"),
            # A page that fails goes back to the queue, which is where it waits for its next try.
            "dont_retry": True,
        }
        if self.settings["DETAIL_TRANSPORT"] == "playwright":
            meta.update(browser_meta())
        return Request(
            f"{self.settings['BASE_URL']}/en/home/{slug_of(source_url or queued.source_url)}",
            callback=self.parse,
            errback=self.failed,
            cookies=self._cookies,
            cb_kwargs={"queued": queued},
            meta=meta,
            dont_filter=True,
        )


def _parse_max_items(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"max_items={text}: a whole number from 1 is wanted")
    return int(text)
