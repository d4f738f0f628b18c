"""A line now and then: how far the crawl is, how fast, and when it will be done."""

from __future__ import annotations

import logging
from time import monotonic

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from pincali_sync.crawl_job import DONE, PLANNED, Component
from pincali_sync.rendering.formats import duration

logger = logging.getLogger(__name__)


def progress_line(done: int, planned: int, seconds: float) -> str:
    """ "12 of 40 pages, 30 a minute, about 56 s left"."""
    rate = done / seconds if seconds > 0 else 0.0
    left = max(planned - done, 0)
    to_go = f"about {duration(left / rate)} left" if rate else "no page yet"
    return f"{done} of {planned} pages, {rate * 60:.0f} a minute, {to_go}"


class Progress(Component):
    """Logs the line every `PROGRESS_SECONDS`; 0 turns it off."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._interval = crawler.settings.getfloat("PROGRESS_SECONDS")
        if not self._interval:
            raise NotConfigured
        self._started = 0.0
        self._reports = create_looping_call(self._report)
        crawler.signals.connect(self.engine_started, signals.engine_started)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    def engine_started(self) -> None:
        """Begins to report."""
        self._started = monotonic()
        self._reports.start(self._interval, now=False)

    def spider_closed(self) -> None:
        """Reports for the last time."""
        self._reports.stop()
        self._report()

    def _report(self) -> None:
        done = self._stats.get_value(DONE, 0)
        planned = self._stats.get_value(PLANNED, 0)
        logger.info("progress: %s", progress_line(done, planned, monotonic() - self._started))
