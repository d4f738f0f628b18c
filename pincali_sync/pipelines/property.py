"""Detail pages into staging and the live table, and their queue rows finished."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from pincali_sync.crawl_job import CrawlJob
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.pipelines.batcher import Batcher
from pincali_sync.services.data_sync_service import SavedBatch, ScrapeResult

_PAGES_PER_BATCH = 20
_MAX_AGE_SECONDS = 5.0


class PropertyPipeline:
    """Saves results in batches: N pages or 5 s, whichever comes first, in one transaction."""

    def __init__(self, crawler: Crawler, stats: StatsCollector) -> None:
        self._crawler = crawler
        self._stats = stats
        self._rules: tuple[ValidationRule, ...] | None = None
        self._results: Batcher[ScrapeResult] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None
        return cls(crawler, crawler.stats)

    async def open_spider(self) -> None:
        self._results = Batcher(
            self._crawler, self._save, size=_PAGES_PER_BATCH, max_age_seconds=_MAX_AGE_SECONDS
        )

    async def process_item(self, item: Any) -> Any:
        assert self._results is not None
        if isinstance(item, ScrapeResult):
            await self._results.add(item)
        return item

    async def close_spider(self) -> None:
        if self._results is not None:
            await self._results.close()

    async def _save(self, results: list[ScrapeResult]) -> None:
        job = CrawlJob.of(self._crawler)
        if self._rules is None:
            self._rules = await job.services.quality.load_rules()
        self._count(
            await job.services.sync.save_results(
                results, ticket=job.ticket, lease_token=job.lease_token, rules=self._rules
            )
        )

    def _count(self, batch: SavedBatch) -> None:
        for name, value in (
            ("new", batch.promoted.new),
            ("updated", batch.promoted.updated),
            ("unchanged", batch.promoted.unchanged),
            ("rejected", batch.promoted.rejected),
            ("failed", batch.failed),
            ("gone", batch.gone),
            ("refused", batch.refused),
        ):
            if value:
                self._stats.inc_value(f"detail/{name}", value)
