"""What pipelines that store items share: they collect them and hand them on in batches."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from scrapy.crawler import Crawler

from pincali_sync.crawl_job import (
    FLUSH_FAILED,
    Component,
    close_soon,
    end_without_database,
    note_error,
    surely,
)
from pincali_sync.db.faults import refusal_of
from pincali_sync.exceptions import DatabaseError, SupersededError, line_of

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

_MAX_AGE_SECONDS = 5.0
# Batches that may wait before the pages behind them have to wait as well: bounds the memory.
_BATCHES_WAITING = 3


class BatchingPipeline(Component, ABC, Generic[Item]):
    """Stores when `batch_size` items are there or the oldest has waited for 5 s.

    Items that arrive while a batch is stored wait for the next one and make it larger: a busy job
    sends fewer, bigger batches. Only when several batches wait is whoever adds an item held up.

    A batch that cannot be stored is never swallowed: it is counted and the spider is closed, so
    the job ends as failed and its pages are read again. Of one with values that the database
    refuses each item is stored by itself, so that one bad item keeps no other back.
    """

    item_type: type[Item]
    batch_size: int

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._items: list[Item] = []
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None

    @abstractmethod
    async def store(self, items: list[Item]) -> Mapping[str, int]:
        """Stores a batch; called again with the same one where it is not known to be stored.

        Returns:
            What is to be counted, by the names of the crawl's stats.
        """

    @abstractmethod
    async def set_aside(self, item: Item, refusal: str) -> Mapping[str, int]:
        """Writes down that the database refuses an item's values, and why, instead of `store`."""

    async def process_item(self, item: Any) -> Any:
        """Takes an item of its type, and lets all others pass."""
        if isinstance(item, self.item_type):
            await self._add(item)
        return item

    async def close_spider(self) -> None:
        """Stores the rest, after the batch under way."""
        await self._flush()

    async def _add(self, item: Item) -> None:
        self._items.append(item)
        if len(self._items) >= _BATCHES_WAITING * self.batch_size:
            await self._flush()
        elif len(self._items) >= self.batch_size:
            self._start()
        else:
            self._start_later()

    def _start(self) -> None:
        self._timer = None
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._flush_until_few())

    def _start_later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_MAX_AGE_SECONDS, self._start)

    async def _flush_until_few(self) -> None:
        await self._flush()
        while len(self._items) >= self.batch_size:
            await self._flush()
        if self._items:
            self._start_later()

    async def _flush(self) -> None:
        """Stores what is there; one batch at a time."""
        async with self._lock:
            # Swapped before the next await: what arrives meanwhile belongs to the next batch.
            items, self._items = self._items, []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if not items:
                return
            try:
                self._count(await self._store_all(items))
            except Exception as error:  # noqa: BLE001  # whatever it is, it must end the job
                self._fail(error)

    async def _store_all(self, items: list[Item]) -> Mapping[str, int]:
        try:
            return await surely(self.store)(items)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            if len(items) == 1:
                logger.error("an item is refused by the database: %s", refusal)
                return await self.set_aside(items[0], refusal)
        counts: Counter[str] = Counter()
        for each in items:
            counts.update(await self._store_all([each]))
        return counts

    def _count(self, counts: Mapping[str, int]) -> None:
        for stat, number in counts.items():
            if number:
                self._stats.inc_value(stat, number)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, DatabaseError):
            end_without_database(self._crawler, error)
            return
        note_error(self._crawler, error)
        self._stats.inc_value(FLUSH_FAILED)
        if isinstance(error, SupersededError):
            logger.error("%s", error)
            close_soon(self._crawler, "superseded")
        else:
            logger.error("a batch could not be stored: %s", line_of(error), exc_info=error)
            close_soon(self._crawler, "flush_failed")
