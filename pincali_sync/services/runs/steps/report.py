"""The end of a run: final counts, statistics, tidying up, and what the month's data are worth."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import WriteError
from pincali_sync.services.data_quality_service import DataQualityService
from pincali_sync.services.data_sync_service import DataSyncService
from pincali_sync.services.ports import ReportWriter
from pincali_sync.services.runs.retention import RetentionService
from pincali_sync.services.runs.run_jobs import DONE, Outcome
from pincali_sync.services.runs.steps.base import RunRecord

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReportStep:
    """Closes the books of a run."""

    record: RunRecord
    sync: DataSyncService
    quality: DataQualityService
    retention: RetentionService
    writer: ReportWriter

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        counts = await self.record.queue_counts(run)
        await self.record.note(
            run,
            properties_queued=counts.queued,
            properties_scraped=counts.completed,
            error_count=run.details.pages_lost + counts.failed,
        )
        await self.sync.refresh_statistics()
        tier = Tier(run.tier_level)
        if tier is Tier.WEEKLY_DEEP:
            await self.retention.clean_up()
        if tier is Tier.MONTHLY_REFRESH:
            report = await self.quality.report(run.id)
            await self.record.note(run, RunNotes(quality=_in_short(report)))
            await self._write(report)
        return DONE

    async def _write(self, report: QualityReport) -> None:
        """Without its files the report is still in its table: no reason to fail the run."""
        try:
            paths = await asyncio.to_thread(self.writer, report)
        except WriteError as error:
            logger.error("%s; the figures are in quality_reports", error)
        else:
            logger.info("quality report: %s", ", ".join(map(str, paths)))


def _in_short(report: QualityReport) -> dict[str, Any]:
    """What the run itself keeps of its report."""
    return {
        **report.figures["in_short"],
        "coverage": report.figures["coverage"]["all"]["fields"],
    }
