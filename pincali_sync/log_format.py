"""Log lines without page contents, and with nothing in them but what is seen."""

from __future__ import annotations

import logging
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

from pincali_sync.visible import VisibleRecord, tell_once


class QuietLogFormatter(LogFormatter):
    """Says that an item was scraped, not what it holds."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The formatter of a crawl; from here on every line of the process is text."""
        logging.setLogRecordFactory(VisibleRecord)
        # Of Scrapy's handlers, too.
        logging.Handler.handleError = tell_once  # type: ignore[method-assign, assignment]
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

    def dropped(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """What kind of item went no further, and why."""
        said = super().dropped(item, exception, response, spider)
        args = {"kind": type(item).__name__, "exception": exception}
        return {**said, "msg": "Dropped %(kind)s: %(exception)s", "args": args}

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """What kind of item an error came of; its traceback follows."""
        said = super().item_error(item, exception, response, spider)
        return {**said, "msg": "Error processing %(kind)s", "args": {"kind": type(item).__name__}}
