"""A site that stopped answering is noticed by its pages: they are not all asked for in vain."""

from __future__ import annotations

import logging

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)

from pincali_sync.crawl_job import Component, close_soon, failed, is_closing, surely
from pincali_sync.domain.liveness import BUSY
from pincali_sync.exceptions import PageError
from pincali_sync.services.runs.run_jobs import NOT_REACHED, PAUSED
from pincali_sync.services.site.pauses import BURST

logger = logging.getLogger(__name__)

NO_ANSWER = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
_ERRORS = range(500, 600)
_NO_PAGE_CAME = (*NO_ANSWER, PageError)  # the second is what a browser says


class Outage(Component):
    """Pages in a row that came to nothing after all their tries. One that never answers is that
    page's matter; so many different ones are the site's, or the way's to it.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._retries = crawler.settings.getint("RETRY_TIMES")
        self._failed: set[str] = set()

    async def after_answer(self, request: Request, status: int) -> str | None:
        """Why the crawl ends; None: it goes on. After errors everything rests for a while."""
        if status in BUSY:
            return None  # counted by the politeness middleware
        if status not in _ERRORS:
            self._failed.clear()
            return None
        said = self._count(request, f"HTTP {status}")
        if said is not None:
            close_soon(self._crawler, PAUSED)  # first: what is under way fails, too
            await surely(self._job.services.pauses.back_off)(reason=said)
        return said

    def after_exception(self, request: Request, exception: Exception) -> str | None:
        """The same of a page that got no answer: the way to the site may be to blame, so only
        this job ends."""
        if not isinstance(exception, _NO_PAGE_CAME):
            return None
        said = self._count(request, str(failed(exception).failure))
        if said is not None:
            logger.error("the site is not reached any more: %s", said)
            close_soon(self._crawler, NOT_REACHED)
        return said

    def _count(self, request: Request, seen: str) -> str | None:
        tried_again = request.meta.get("retry_times", 0) < self._retries
        if tried_again and not request.meta.get("dont_retry"):
            return None
        self._failed.add(request.url)
        pages = len(self._failed)
        if pages < BURST or is_closing(self._crawler):
            return None
        return f"{seen}, {pages} pages in a row, last {request.url}"
