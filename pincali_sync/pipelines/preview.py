"""A dry run's end: pages are compared and counted, and a report is left for whoever asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from pincali_sync.crawl_job import DRY_RUN_REPORT, CrawlJob
from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.pipelines.batcher import Batcher
from pincali_sync.services.scan.preview import ScanPreview

_PAGES_PER_BATCH = 10
_MAX_AGE_SECONDS = 5.0


class PreviewPipeline:
    """Stands in for the manifest pipeline where `DRY_RUN_REPORT` names a file."""

    def __init__(self, crawler: Crawler, path: Path) -> None:
        self._crawler = crawler
        self._path = path
        self._preview: ScanPreview | None = None
        self._pages: Batcher[ManifestPage] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        path = crawler.settings[DRY_RUN_REPORT]
        if not path:
            raise NotConfigured
        return cls(crawler, Path(path))

    async def open_spider(self) -> None:
        services = CrawlJob.of(self._crawler).services
        self._preview = ScanPreview(services.db, services.clock)
        self._pages = Batcher(
            self._crawler,
            self._preview.add,
            size=_PAGES_PER_BATCH,
            max_age_seconds=_MAX_AGE_SECONDS,
        )

    async def process_item(self, item: Any) -> Any:
        assert self._pages is not None
        assert self._preview is not None
        if isinstance(item, ManifestPage):
            await self._pages.add(item)
        elif isinstance(item, LostPage):
            self._preview.add_lost(item.source)
        return item

    async def close_spider(self) -> None:
        if self._pages is None or self._preview is None:
            return
        await self._pages.close()
        job = CrawlJob.of(self._crawler)
        for walk in job.ended_walks:
            self._preview.add_walk(walk)
        report = await self._preview.report(all_pages=job.reads_everything)
        self._path.write_text(json.dumps(report))
