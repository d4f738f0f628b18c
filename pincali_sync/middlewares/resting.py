"""Requests wait on purpose as long as the crawl goes on, and no longer."""

from __future__ import annotations

import asyncio

from scrapy.crawler import Crawler

from pincali_sync.crawl_job import CrawlJob, is_ending
from pincali_sync.middlewares.blocking import BlockedResponse

_LOOK_SECONDS = 1.0  # nobody tells that a crawl begins to end


def assert_going_on(crawler: Crawler) -> None:
    """Raises: BlockedResponse: when the crawl ends; what waits then holds up its end."""
    if is_ending(crawler):
        raise BlockedResponse("the job ends")


async def rest(crawler: Crawler, seconds: float) -> None:
    """Has a request wait.

    Raises:
        BlockedResponse: when the crawl ends: nothing is held against the page.
    """
    with CrawlJob.of(crawler).rest():
        while seconds > 0:
            assert_going_on(crawler)
            step = min(seconds, _LOOK_SECONDS)
            await asyncio.sleep(step)
            seconds -= step
