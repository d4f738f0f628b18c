"""Fetches queued detail pages, in a real browser unless told otherwise."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request, signals
from scrapy.downloadermiddlewares.cookies import CookiesMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from pincali_sync.answers.detail import Moved, detail_url, read_detail
from pincali_sync.browser.chromium import launch_options
from pincali_sync.config import load_config
from pincali_sync.cookies import read_cookies
from pincali_sync.crawl_job import DONE, PLANNED, JobSpider, close_soon, failed, fetched
from pincali_sync.domain.numbers import whole_number
from pincali_sync.exceptions import BrowserEndedError, BrowserMissingError, UsageError
from pincali_sync.items import Ending, FetchedPage, QueuedProperty, ScrapeResult
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.browser import IN_BROWSER
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.middlewares.robots import ForbiddenRequest
from pincali_sync.services.runs.run_jobs import NO_BROWSER


class DetailSpider(JobSpider):
    """`scrapy crawl detail [-a max_items=100]`: claims pages until none is left to claim."""

    name = "detail"
    is_worker = True
    takes = "max_items"

    def __init__(self, /, max_items: str | None = None, **unknown: Any) -> None:
        super().__init__(**unknown)
        wanted = sys.maxsize if max_items is None else whole_number(max_items)
        if not wanted:
            raise UsageError(f"max_items={max_items}: a whole number from 1 is wanted")
        self._left = wanted
        self._cookies = read_cookies(load_config())

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """As many requests at once as configured, by a browser where one is to be used."""
        super().update_settings(settings)
        settings.set("CONCURRENT_REQUESTS", settings.getint("DETAIL_CONCURRENCY"), "spider")
        if settings["DETAIL_TRANSPORT"] == "playwright":
            settings.setdict(browser_settings(), "spider")

    async def start(self) -> AsyncIterator[Request]:
        """Claims the next batch whenever the last one has gone to the browser."""
        self._fill_jar()
        while batch := await self._claim():
            for queued in batch:
                yield self._request(queued, self._url_of(queued))
            await self.crawler.signals.wait_for(signals.scheduler_empty)

    def parse(
        self, response: Response, queued: QueuedProperty, hops: int
    ) -> Iterator[ScrapeResult | Request]:
        """Any answer that is no refusal."""
        yield from self._take(queued, response.url, fetched(response), hops)

    def lost(self, failure: Failure) -> Iterator[ScrapeResult | Request]:
        """No answer at all."""
        if isinstance(failure.value, BlockedResponse) or self.lacks_database(failure.value):
            return  # its lease is released when the crawl ends: nothing is held against the page
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(failure.value, BrowserMissingError):
            self.logger.error("no page can be fetched: %s", failure.value)
            close_soon(self.crawler, NO_BROWSER)  # no page is to blame
            return
        if isinstance(failure.value, BrowserEndedError):
            # In its turn, and without counting as an attempt.
            yield request.replace(dont_filter=True)
            return
        if isinstance(failure.value, ForbiddenRequest):
            self.count(DONE)
            yield ScrapeResult(  # this page alone: another try would meet the same rule
                queued=request.cb_kwargs["queued"], error=str(failure.value), ending=Ending.FAILED
            )
            return
        yield from self._take(url=request.url, answer=failed(failure.value), **request.cb_kwargs)

    def _take(
        self, queued: QueuedProperty, url: str, answer: FetchedPage, hops: int
    ) -> Iterator[ScrapeResult | Request]:
        led_to = read_detail(queued, url, answer, hops=hops)
        if isinstance(led_to, Moved):
            yield self._request(queued, led_to.url, hops + 1)
        else:
            self.count(DONE)
            if led_to.shows_another:
                self.count("detail/other_listing")
            yield led_to

    async def _claim(self) -> list[QueuedProperty]:
        size = min(2 * self.settings.getint("DETAIL_CONCURRENCY"), self._left)
        batch = await self.job.claim(size) if size else []
        self._left -= len(batch)
        self.count(PLANNED, len(batch))
        return batch

    def _fill_jar(self) -> None:
        """A jar that only detail pages draw from: neither robots.txt nor another host does."""
        middleware = self.crawler.get_downloader_middleware(CookiesMiddleware)
        if middleware is not None:  # None where an operator has switched cookies off
            site = self.settings["BASE_URL"]
            headers = {"Set-Cookie": [each.set_cookie() for each in self._cookies]}
            middleware.jars[self.name].extract_cookies(
                Response(site, headers=headers), Request(site)
            )

    def _url_of(self, queued: QueuedProperty) -> str:
        return detail_url(self.settings["BASE_URL"], queued.source_url)

    def _request(self, queued: QueuedProperty, url: str, hops: int = 0) -> Request:
        return Request(
            url,
            callback=self.parse,
            errback=self.lost,
            cb_kwargs={"queued": queued, "hops": hops},
            meta={
                "cookiejar": self.name,
                GAP: self.settings.getfloat("DETAIL_DELAY_SECONDS"),
                # A page that fails goes back to the queue, where it waits for its next try.
                "dont_retry": True,
                IN_BROWSER: True,
            },
            dont_filter=True,
        )


def browser_settings() -> dict[str, Any]:
    """Scrapy settings that put Chromium in charge of requests marked `IN_BROWSER`.

    Raises:
        BrowserMissingError: when no Chromium is found.
    """
    handler = "pincali_sync.handlers.browser.BrowserDownloadHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(load_config()),
    }
