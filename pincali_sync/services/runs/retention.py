"""What is kept for how long."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from pincali_sync.services.base import Service

_KEPT_AS_RUNS = (
    *("scraping_errors", "insight_history", "alert_incidents", "removal_audits", "quality_reports"),
    *("removal_checks", "manifest_walks", "sync_metadata"),
    "sync_run_jobs",  # of no run: the others go with theirs
)
# A page first: one whose sightings are gone would say that it showed nothing.
_KEPT_AS_SIGHTINGS = ("manifest_pages", "property_sightings", "sitemap_urls")
# So long the manifest need not know of what the sitemap alone shows.
_LAG = timedelta(days=7)


class RetentionService(Service):
    """Deletes what is past its term (`KEEP_…_DAYS`), a chunk a transaction."""

    async def clean_up(self) -> None:
        """One round over everything; being stopped half-way does no harm.

        Queue rows set aside stay until they are settled; live rows of removed listings stay.
        """
        config = self.config
        await self._note_listed()
        for clean, days in (
            (lambda tx: tx.runs.clean_up, config.keep_runs_days),
            (lambda tx: tx.queue_rows.clean_up, config.keep_queue_days),
            (lambda tx: tx.batches.clean_manifest, config.keep_staging_days),
        ):
            await self.delete_in_chunks(clean, days)
        await self._delete_old("property_scrapes_staging", config.keep_staging_days)
        for seen in _KEPT_AS_SIGHTINGS:
            await self._delete_old(seen, config.keep_sightings_days)
        for told in _KEPT_AS_RUNS:
            await self._delete_old(told, config.keep_runs_days)

    async def _note_listed(self) -> None:
        """The manifest's times of what no page showed for long, and the sitemap listed since."""
        records = await self.db.run(lambda tx: tx.listed.lagging(_LAG))
        await self.in_chunks(records, lambda tx, chunk: tx.listed.touch(chunk))

    async def _delete_old(self, what: str, days: float) -> None:
        await self.delete_in_chunks(lambda tx: partial(tx.sessions.delete_old, what), days)
