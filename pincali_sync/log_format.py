"""Log lines without page contents, and with nothing in them but what is seen."""

from __future__ import annotations

import logging
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

from pincali_sync.visible import VisibleRecord


class QuietLogFormatter(LogFormatter):
    """Says that an item was scraped, not what it holds."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The formatter of a crawl; from here on every line of the process is text."""
        logging.setLogRecordFactory(VisibleRecord)
        return super().from_crawler(crawler)

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """What kind of item it was, and from which answer."""
        return {
            "level": logging.DEBUG,
            "msg": "Scraped %(kind)s from %(source)s",
            "args": {"kind": type(item).__name__, "source": response},
        }
