"""Listing pages into the manifest, with their differences and queue rows."""

from __future__ import annotations

import logging
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.statscollectors import StatsCollector

from pincali_sync.crawl_job import (
    DRY_RUN_REPORT,
    FLUSH_FAILED,
    PAGES_LOST,
    CrawlJob,
    database_patience,
)
from pincali_sync.domain.listing_walk import WalkSummary
from pincali_sync.exceptions import PincaliSyncError
from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.pipelines.batcher import Batcher
from pincali_sync.services.manifest_scan_service import RecordedBatch

logger = logging.getLogger(__name__)

_PAGES_PER_BATCH = 10
_MAX_AGE_SECONDS = 5.0


class ManifestPipeline:
    """Records pages in batches. Upsert, diff and queue fill share one transaction: a crash
    leaves either all of a batch or none of it."""

    def __init__(self, crawler: Crawler, stats: StatsCollector) -> None:
        self._crawler = crawler
        self._stats = stats
        self._pages: Batcher[ManifestPage] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if crawler.settings[DRY_RUN_REPORT]:
            raise NotConfigured
        assert crawler.stats is not None
        return cls(crawler, crawler.stats)

    async def open_spider(self) -> None:
        self._pages = Batcher(
            self._crawler, self._record, size=_PAGES_PER_BATCH, max_age_seconds=_MAX_AGE_SECONDS
        )

    async def process_item(self, item: Any) -> Any:
        assert self._pages is not None
        if isinstance(item, ManifestPage):
            await self._pages.add(item)
        elif isinstance(item, LostPage):
            self._stats.inc_value(PAGES_LOST)
            job = CrawlJob.of(self._crawler)
            await job.services.scans.record_lost_page(item, job.ticket)
        return item

    async def close_spider(self) -> None:
        if self._pages is None:
            return
        await self._pages.close()
        for walk in CrawlJob.of(self._crawler).ended_walks:
            await self._record_end(walk)

    async def _record_end(self, walk: WalkSummary) -> None:
        job = CrawlJob.of(self._crawler)
        try:
            async for attempt in database_patience():
                with attempt:
                    await job.services.scans.record_walk(walk, job.ticket)
        except PincaliSyncError as error:
            self._stats.inc_value(FLUSH_FAILED)
            logger.error("the end of the scan of %s could not be stored: %s", walk.source, error)

    async def _record(self, pages: list[ManifestPage]) -> None:
        job = CrawlJob.of(self._crawler)
        self._count(await job.services.scans.record_pages(pages, job.ticket), len(pages))

    def _count(self, batch: RecordedBatch, pages: int) -> None:
        for name, value in (
            ("pages_stored", pages),
            ("records", batch.counts.records),
            ("new", batch.counts.new_properties),
            ("price_changes", batch.counts.price_changes),
            ("relisted", batch.counts.relisted),
            ("dropped/slug_of_another_listing", batch.counts.conflicts),
            ("queued", batch.queued),
        ):
            if value:
                self._stats.inc_value(f"manifest/{name}", value)
