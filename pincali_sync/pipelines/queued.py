"""What the queue's pages showed into the database, and their queue rows finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.items import ScrapeResult
from pincali_sync.pipelines.batcher import BatchingPipeline


class PropertyPipeline(BatchingPipeline[ScrapeResult]):
    """Detail pages into staging and the live table."""

    item_type = ScrapeResult
    batch_size = 20

    async def store(self, items: list[ScrapeResult]) -> Mapping[str, int]:
        """Counts what became of the pages."""
        job = self._job
        saved = await job.services.sync.save_results(
            items, ticket=job.ticket, lease_token=job.lease_token, rules=await job.rules()
        )
        return {f"detail/{what}": count for what, count in asdict(saved).items()}


class VerificationPipeline(BatchingPipeline[VerificationResult]):
    """Verdicts on missing listings, with their evidence."""

    item_type = VerificationResult
    batch_size = 20

    async def store(self, items: list[VerificationResult]) -> Mapping[str, int]:
        """Counts the verdicts."""
        job = self._job
        recorded = await job.services.verification.record(
            items,
            ticket=job.ticket,
            lease_token=job.lease_token,
            rules=await job.rules(),
            max_attempts=job.services.config.queue_max_attempts,
        )
        return {f"verification/{kind}": count for kind, count in recorded.items()}
