"""What is kept for how long."""

from __future__ import annotations

from datetime import datetime, timedelta

from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.services.base import Service, in_transaction

_CHUNK = 20_000
_KEPT_AS_RUNS = (
    *("scraping_errors", "insight_history", "alert_incidents", "removal_audits", "quality_reports"),
)


class RetentionService(Service):
    """Deletes what is past its term (`KEEP_…_DAYS`), a chunk a transaction."""

    async def clean_up(self) -> None:
        """One round over everything; being stopped half-way does no harm."""
        config = self.config
        await self._delete_ended()
        await self._delete_in_chunks("property_scrapes_staging", config.keep_staging_days)
        for seen in ("property_sightings", "sitemap_urls"):
            await self._delete_in_chunks(seen, config.keep_sightings_days)
        for told in _KEPT_AS_RUNS:
            await self._delete_in_chunks(told, config.keep_runs_days)

    @in_transaction
    async def _delete_ended(self, tx: UnitOfWork) -> None:
        """Queue rows set aside stay until they are settled; live rows of removed listings stay."""
        await tx.runs.clean_up(before=self._before(self.config.keep_runs_days))
        await tx.queue_rows.clean_up(before=self._before(self.config.keep_queue_days))
        await tx.batches.clean_manifest(before=self._before(self.config.keep_staging_days))

    async def _delete_in_chunks(self, what: str, days: float) -> None:
        before, deleted = self._before(days), _CHUNK
        while deleted == _CHUNK:
            async with self.db.transaction() as tx:
                deleted = await tx.sessions.delete_old(what, before=before, size=_CHUNK)

    def _before(self, days: float) -> datetime:
        return self.clock.now() - timedelta(days=days)
