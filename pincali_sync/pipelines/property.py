"""Detail pages into staging and the live table, and their queue rows finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pincali_sync.items import ScrapeResult
from pincali_sync.pipelines.batcher import BatchingPipeline


class PropertyPipeline(BatchingPipeline[ScrapeResult]):
    """Saves results in batches: N pages or 5 s, whichever comes first, in one transaction."""

    item_type = ScrapeResult
    batch_size = 20

    async def store(self, items: list[ScrapeResult]) -> Mapping[str, int]:
        """Counts what became of the pages."""
        job = self._job
        saved = await job.services.sync.save_results(
            items, ticket=job.ticket, lease_token=job.lease_token, rules=await job.rules()
        )
        return {f"detail/{what}": count for what, count in asdict(saved).items()}
