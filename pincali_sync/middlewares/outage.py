"""A site that stopped answering is noticed by its pages: they are not all asked for in vain."""

from __future__ import annotations

import asyncio
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

from pincali_sync.crawl_job import Component, CrawlJob, close_soon, failed, is_closing, surely
from pincali_sync.domain.liveness import BUSY, tells_nothing
from pincali_sync.exceptions import PageError
from pincali_sync.middlewares.known_pages import IS_KNOWN, KnownPages
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
_NO_PAGE_CAME = (*NO_ANSWER, PageError)  # the second is what a browser says


class Outage(Component):
    """Pages in a row that came to nothing after all their tries. One that never answers is that
    page's matter; so many different ones may be the site's, or the way's to it. A page that must be
    there tells: where it is shown, all of them are their own matter, and the row begins anew.

    A scan asks at its first: of a small source a few are more than it may lose.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._retries = crawler.settings.getint("RETRY_TIMES")
        self._burst = BURST if self._job.role.is_worker else 1
        self._known_pages = KnownPages(crawler)
        self._failed: set[str] = set()
        self._judging = asyncio.Lock()

    async def after_answer(self, request: Request, status: int) -> str | None:
        """Why the crawl ends; None: it goes on."""
        if status in BUSY or request.meta.get(IS_KNOWN):
            return None  # counted by the politeness middleware; judged by whoever asked for it
        if not tells_nothing(status):
            self._failed.clear()
            return None
        return await self._count(request, f"HTTP {status}", is_answer=True)

    async def after_exception(self, request: Request, exception: Exception) -> str | None:
        """The same of a page that got no answer."""
        if not isinstance(exception, _NO_PAGE_CAME) or request.meta.get(IS_KNOWN):
            return None
        return await self._count(request, str(failed(exception).failure), is_answer=False)

    async def _count(self, request: Request, seen: str, *, is_answer: bool) -> str | None:
        is_tried_again = request.meta.get("retry_times", 0) < self._retries
        if is_tried_again and not request.meta.get("dont_retry"):
            return None
        self._failed.add(request.url)
        async with self._judging:  # one asks for all that failed by then
            row = f"{count} pages in a row" if (count := len(self._failed)) > 1 else "1 page"
            said = f"{seen}, {row}, last {request.url}"
            if not is_closing(self._crawler):
                if count < self._burst:
                    return None
                if await self._known_pages.show_one(request, but=self._failed):
                    self._failed.clear()
                    return None
            if not is_closing(self._crawler):  # else it ends anyway, and no page is to blame
                await end_for_outage(self._crawler, said, is_answer=is_answer)
            return said


async def end_for_outage(crawler: Crawler, said: str, *, is_answer: bool) -> None:
    """Ends a crawl. After errors everything rests for a while; where there was no answer the way to
    the site may be to blame, so only this job ends."""
    if is_answer:
        close_soon(crawler, PAUSED)  # first: what is under way fails, too
        await surely(CrawlJob.of(crawler).services.pauses.back_off)(reason=said)
    else:
        logger.error("the site is not reached any more: %s", said)
        close_soon(crawler, NOT_REACHED)
