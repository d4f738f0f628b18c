"""Log lines without page contents."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure


class QuietLogFormatter(LogFormatter):
    """Says that an item was scraped, not what it holds."""

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """What kind of item it was, and from which answer."""
        return {
            "level": logging.DEBUG,
            "msg": "Scraped %(kind)s from %(source)s",
            "args": {"kind": type(item).__name__, "source": response},
        }
