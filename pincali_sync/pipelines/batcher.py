"""Collects items and hands them on in batches: full ones at once, others after a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from scrapy.crawler import Crawler

from pincali_sync.crawl_job import FLUSH_FAILED, close_soon, database_patience
from pincali_sync.exceptions import SupersededError

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Batches that may wait before the pages behind them have to wait as well: bounds the memory.
_BATCHES_WAITING = 3


class Batcher(Generic[T]):
    """Flushes when `size` items are there or the oldest is `max_age_seconds` old.

    Items that arrive during a flush wait for the next one and make it larger: a busy job sends
    fewer, bigger batches. Only when several batches wait is whoever adds an item held up.

    A flush that fails is never swallowed: it is counted and the spider is closed, so the job
    ends as failed and its pages are read again.
    """

    def __init__(
        self,
        crawler: Crawler,
        flush: Callable[[list[T]], Awaitable[None]],
        *,
        size: int,
        max_age_seconds: float,
    ) -> None:
        self._crawler = crawler
        self._flush_items = flush
        self._size = size
        self._max_age = max_age_seconds
        self._items: list[T] = []
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Takes an item; waits only while several batches are waiting to be flushed."""
        self._items.append(item)
        if len(self._items) >= _BATCHES_WAITING * self._size:
            await self.flush()
        elif len(self._items) >= self._size:
            self._start()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._max_age, self._start)

    async def flush(self) -> None:
        """Hands on what is there; one flush at a time."""
        async with self._lock:
            # Swapped before the next await: what arrives meanwhile belongs to the next batch.
            items, self._items = self._items, []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if not items:
                return
            try:
                await self._flush_with_patience(items)
            except Exception as error:  # noqa: BLE001  # whatever it is, it must end the job
                self._fail(error)

    async def close(self) -> None:
        """Flushes the rest, after the flush under way."""
        await self.flush()

    def _start(self) -> None:
        self._timer = None
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._flush_until_few())

    async def _flush_until_few(self) -> None:
        await self.flush()
        while len(self._items) >= self._size:
            await self.flush()
        if self._items and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._max_age, self._start)

    async def _flush_with_patience(self, items: list[T]) -> None:
        async for attempt in database_patience():
            with attempt:
                await self._flush_items(items)

    def _fail(self, error: Exception) -> None:
        assert self._crawler.stats is not None
        self._crawler.stats.inc_value(FLUSH_FAILED)
        if isinstance(error, SupersededError):
            logger.error("%s", error)
            close_soon(self._crawler, "superseded")
        else:
            logger.error("a batch could not be stored: %s", error, exc_info=error)
            close_soon(self._crawler, "flush_failed")
