"""Failed requests are repeated with growing pauses; Scrapy alone repeats them at once."""

from __future__ import annotations

import asyncio
import random
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response

from pincali_sync.middlewares.retry_after import retry_after_seconds


class BackoffRetryMiddleware(RetryMiddleware):
    """Waits base · 2^(n-1), with jitter, before the n-th repeat; Retry-After where it is longer."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler
        self._base = crawler.settings.getfloat("RETRY_BACKOFF_SECONDS")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes it."""
        return cls(crawler)

    async def process_response(  # type: ignore[override]  # Scrapy awaits coroutines
        self, request: Request, response: Response
    ) -> Request | Response:
        """Rests before a request that is sent again."""
        answer = super().process_response(request, response)
        if isinstance(answer, Request):
            await asyncio.sleep(self._pause(answer, retry_after_seconds(response)))
        return answer

    async def process_exception(  # type: ignore[override]  # Scrapy awaits coroutines
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Rests before a request that is sent again."""
        answer = super().process_exception(request, exception)
        if isinstance(answer, Request):
            await asyncio.sleep(self._pause(answer, None))
        return answer

    def _pause(self, repeat: Request, asked_for: float | None) -> float:
        number = repeat.meta["retry_times"]
        backoff: float = self._base * 2 ** (number - 1) * random.uniform(0.75, 1.25)  # noqa: S311
        return max(backoff, asked_for or 0.0)
