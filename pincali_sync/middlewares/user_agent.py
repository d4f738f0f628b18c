"""Requests take turns among the operator's user agents; one honest entry by default."""

from __future__ import annotations

from itertools import cycle

from scrapy import Request
from scrapy.crawler import Crawler

from pincali_sync.crawl_job import Component


class UserAgentMiddleware(Component):
    """Rotates by turn, never in answer to a block."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._turns = cycle(crawler.settings.getlist("USER_AGENTS"))

    def process_request(self, request: Request) -> None:
        """Names the next agent, where the request names none."""
        request.headers.setdefault(b"User-Agent", next(self._turns))
