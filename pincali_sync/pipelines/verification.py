"""Verdicts on missing listings into the database, with their evidence."""

from __future__ import annotations

from collections.abc import Mapping

from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.pipelines.batcher import BatchingPipeline


class VerificationPipeline(BatchingPipeline[VerificationResult]):
    """Keeps verdicts in batches, as the property pipeline keeps pages."""

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
