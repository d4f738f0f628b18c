"""Listing pages into the manifest, with their differences and queue rows; or just compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from pincali_sync.crawl_job import PAGES_LOST, surely
from pincali_sync.exceptions import PincaliSyncError
from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.pipelines.batcher import BatchingPipeline
from pincali_sync.services.ports import DRY_RUN_REPORT
from pincali_sync.services.runs.job_service import JobTicket
from pincali_sync.services.scan_preview import ScanPreview

# Why a card is none. The texts name the card, and would each be a count of their own.
_REASONS = ("has no link", "is not the URL of a listing", "leaves the site")


class ManifestPipeline(BatchingPipeline[ManifestPage]):
    """Records pages in batches. Upsert, diff and queue fill share one transaction: a crash
    leaves either all of a batch or none of it."""

    item_type = ManifestPage
    batch_size = 100  # at the site's pace the five seconds end a batch long before

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if crawler.settings[DRY_RUN_REPORT]:
            raise NotConfigured

    async def process_item(self, item: Any) -> Any:
        """Pages into the batch, lost ones into the database at once."""
        if isinstance(item, LostPage):
            self._stats.inc_value(PAGES_LOST)
            await self._record(self._job.services.scans.record_lost_page, item)
        return await super().process_item(item)

    async def set_aside(self, item: ManifestPage, refusal: str) -> Mapping[str, int]:
        """As a lost page: its cards prove nothing, nor that others are gone."""
        error = f"cannot be stored: {refusal}"
        await self.process_item(
            LostPage(
                url=item.url,
                source=item.source,
                page_number=item.page_number,
                error=error,
                partition=item.partition,
            )
        )
        return {}

    async def close_spider(self) -> None:
        """Records the ends of the walks, after the last page."""
        await super().close_spider()
        for walk in self._job.ended_walks:
            await self._record(self._job.services.scans.record_walk, walk)

    async def _record(self, record: Callable[[Any, JobTicket], Awaitable[None]], what: Any) -> None:
        try:
            await surely(record)(what, self._job.ticket)
        except PincaliSyncError as error:
            self._fail(error)

    async def store(self, items: list[ManifestPage]) -> Mapping[str, int]:
        """Counts what the pages brought."""
        batch = await self._job.services.scans.upsert_manifest_entries(items, self._job.ticket)
        return {
            "manifest/pages_stored": len(items),
            "manifest/records": batch.records,
            "manifest/new": batch.new_properties,
            "manifest/price_changes": batch.price_changes,
            "manifest/relisted": batch.relisted,
            "manifest/slugs_taken_over": batch.takeovers,
            "manifest/queued": batch.queued,
            **_cards_of(items),
        }


class PreviewPipeline(BatchingPipeline[ManifestPage]):
    """Stands in where `DRY_RUN_REPORT` names a file: compares, and leaves its report there."""

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

    async def set_aside(self, item: ManifestPage, refusal: str) -> Mapping[str, int]:
        """As a lost page."""
        self._preview.add_lost(item.source)
        return {}

    async def close_spider(self) -> None:
        """Writes the report, after the last page."""
        await super().close_spider()
        for walk in self._job.ended_walks:
            self._preview.add_walk(walk)
        report = await self._preview.report(all_pages=self._job.role.reads_everything)
        self._path.write_text(json.dumps(report))


def _cards_of(pages: list[ManifestPage]) -> Counter[str]:
    """Entries, and cards that are none, by reason."""
    counts: Counter[str] = Counter()
    for each in pages:
        counts["manifest/entries"] += len(each.page.entries)
        counts["manifest/entries_without_price"] += sum(not e.offers for e in each.page.entries)
        counts.update(
            f"manifest/dropped/{_kind_of(reason)}" for reason in each.page.unreadable_cards
        )
    return counts


def _kind_of(reason: str) -> str:
    return next((each for each in _REASONS if each in reason), "other").replace(" ", "_")
