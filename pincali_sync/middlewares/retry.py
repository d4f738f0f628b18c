"""Failed requests are repeated with growing pauses; Scrapy alone repeats them at once."""

from __future__ import annotations

import random

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings

from pincali_sync.middlewares.resting import rest
from pincali_sync.middlewares.retry_after import retry_after_seconds


class BackoffRetryMiddleware(RetryMiddleware):
    """Waits base · 2^(n-1), with jitter, before the n-th repeat; Retry-After where it is longer."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._base = settings.getfloat("RETRY_BACKOFF_SECONDS")

    async def process_response(  # type: ignore[override]  # Scrapy awaits coroutines
        self, request: Request, response: Response
    ) -> Request | Response:
        """Rests before a request that is sent again."""
        answer = super().process_response(request, response)
        await self._pause(answer, retry_after_seconds(response) or 0.0)
        return answer

    async def process_exception(  # type: ignore[override]  # Scrapy awaits coroutines
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Rests before a request that is sent again."""
        answer = super().process_exception(request, exception)
        await self._pause(answer)
        return answer

    async def _pause(self, answer: Request | Response | None, asked_for: float = 0.0) -> None:
        if isinstance(answer, Request):
            doubled = 2 ** (answer.meta["retry_times"] - 1)
            jitter = random.uniform(0.75, 1.25)  # noqa: S311
            await rest(self.crawler, max(self._base * doubled * jitter, asked_for))
