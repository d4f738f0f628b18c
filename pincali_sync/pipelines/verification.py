"""Verdicts on missing listings into the database, with their evidence."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from pincali_sync.crawl_job import CrawlJob
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.pipelines.batcher import Batcher
from pincali_sync.services.removal.verify import VerificationResult

_CHECKS_PER_BATCH = 20
_MAX_AGE_SECONDS = 5.0


class VerificationPipeline:
    """Keeps verdicts in batches, as the property pipeline keeps pages."""

    def __init__(self, crawler: Crawler, stats: StatsCollector) -> None:
        self._crawler = crawler
        self._stats = stats
        self._rules: tuple[ValidationRule, ...] | None = None
        self._results: Batcher[VerificationResult] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None
        return cls(crawler, crawler.stats)

    async def open_spider(self) -> None:
        self._results = Batcher(
            self._crawler, self._record, size=_CHECKS_PER_BATCH, max_age_seconds=_MAX_AGE_SECONDS
        )

    async def process_item(self, item: Any) -> Any:
        assert self._results is not None
        if isinstance(item, VerificationResult):
            await self._results.add(item)
        return item

    async def close_spider(self) -> None:
        if self._results is not None:
            await self._results.close()

    async def _record(self, results: list[VerificationResult]) -> None:
        job = CrawlJob.of(self._crawler)
        if self._rules is None:
            self._rules = await job.services.quality.load_rules()
        recorded = await job.services.diff.record_checks(
            results,
            ticket=job.ticket,
            lease_token=job.lease_token,
            rules=self._rules,
            max_attempts=job.services.config.queue_max_attempts,
        )
        for verdict, count in recorded.by_verdict.items():
            self._stats.inc_value(f"verification/{verdict.value}", count)
        if recorded.refused:
            self._stats.inc_value("verification/refused", recorded.refused)
