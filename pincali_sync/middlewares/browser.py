"""A browser is there before a request takes its turn."""

from __future__ import annotations

from typing import Protocol, cast
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from pincali_sync.crawl_job import Component

IN_BROWSER = "playwright"  # request.meta: for the browser's download handler


class _StartsBrowser(Protocol):
    async def start_browser(self) -> None: ...


class BrowserMiddleware(Component):
    """Has the browser started where there is none: it takes seconds.

    Turns that pass meanwhile would be used all at once, even if a hold or a pause began since.
    """

    def __init__(self, crawler: Crawler) -> None:
        """Raises: NotConfigured: where no browser is used."""
        super().__init__(crawler)
        if "PLAYWRIGHT_LAUNCH_OPTIONS" not in crawler.settings:
            raise NotConfigured

    async def process_request(self, request: Request) -> None:
        """Raises: BrowserMissingError: when none starts."""
        if request.meta.get(IN_BROWSER):
            assert self._crawler.engine is not None
            handlers = self._crawler.engine.downloader.handlers
            handler = handlers._get_handler(urlsplit(request.url).scheme)
            await cast("_StartsBrowser", handler).start_browser()
