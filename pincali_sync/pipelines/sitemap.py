"""Shards into the database as they come; what the whole pass proves, once it is over."""

from __future__ import annotations

import logging
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, NotConfigured

from pincali_sync.crawl_job import (
    FLUSH_FAILED,
    SHARDS_LOST,
    Component,
    close_soon,
    end_without_database,
    note_error,
    surely,
)
from pincali_sync.exceptions import DatabaseError, PageError, PincaliSyncError
from pincali_sync.items import FetchedShard
from pincali_sync.services.ports import DRY_RUN_REPORT

logger = logging.getLogger(__name__)


class SitemapPipeline(Component):
    """A shard that cannot be read to its end is lost as a whole, and the pass incomplete."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if crawler.settings[DRY_RUN_REPORT] or crawler.spidercls.name != "sitemap":
            raise NotConfigured

    async def process_item(self, item: Any) -> Any:
        """Stores a shard at once; other items pass."""
        if not isinstance(item, FetchedShard):
            return item
        job = self._job
        try:
            recorded = await surely(job.services.sitemap.record_shard)(item, job.ticket)
        except PageError as error:
            self._stats.inc_value(SHARDS_LOST)
            raise DropItem(str(error)) from error
        except DatabaseError as error:
            end_without_database(self._crawler, error)
            raise DropItem(f"shard {item.url} could not be stored") from error
        except PincaliSyncError as error:
            note_error(self._crawler, error)
            self._stats.inc_value(FLUSH_FAILED)
            close_soon(self._crawler, "flush_failed")
            raise DropItem(f"shard {item.url} could not be stored: {error}") from error
        self._stats.inc_value("sitemap/unchanged_shards" if item.body is None else "sitemap/shards")
        self._stats.inc_value("sitemap/urls", recorded.urls)
        self._stats.inc_value("sitemap/passed_over", recorded.others)
        return item

    async def close_spider(self) -> None:
        """What was listed is present, also where the pass broke off."""
        job = self._job
        if not job.has_begun:
            return
        try:
            ended = await surely(job.services.sitemap.finish)(job.ticket)
        except PincaliSyncError as error:
            note_error(self._crawler, error)
            self._stats.inc_value(FLUSH_FAILED)
            logger.error("the sitemap could not be made use of: %s", error)
            return
        if ended is not None:
            self._stats.set_value("sitemap/new_urls", ended.new_urls)
            if ended.reasons:
                logger.warning("the sitemap proves no absence: %s", "; ".join(ended.reasons))
