"""A dry run's end: pages are compared and counted, and a report is left for whoever asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.pipelines.batcher import BatchingPipeline
from pincali_sync.services.ports import DRY_RUN_REPORT
from pincali_sync.services.scan.preview import ScanPreview


class PreviewPipeline(BatchingPipeline[ManifestPage]):
    """Stands in for the manifest pipeline where `DRY_RUN_REPORT` names a file."""

    item_type = ManifestPage
    batch_size = 10

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if not crawler.settings[DRY_RUN_REPORT]:
            raise NotConfigured
        self._path = Path(crawler.settings[DRY_RUN_REPORT])

    async def open_spider(self) -> None:
        """Begins to count."""
        self._preview = ScanPreview(self._job.services.db, self._job.services.clock)

    async def process_item(self, item: Any) -> Any:
        """Pages into the batch, lost ones counted."""
        if isinstance(item, LostPage):
            self._preview.add_lost(item.source)
        return await super().process_item(item)

    async def store(self, items: list[ManifestPage]) -> Mapping[str, int]:
        """Compares; nothing is stored, and nothing counted in the stats."""
        await self._preview.add(items)
        return {}

    async def close_spider(self) -> None:
        """Writes the report, after the last page."""
        await super().close_spider()
        for walk in self._job.ended_walks:
            self._preview.add_walk(walk)
        report = await self._preview.report(all_pages=self._job.role.reads_everything)
        self._path.write_text(json.dumps(report))
