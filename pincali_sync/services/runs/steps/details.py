"""After the scan: detail pages are queued and fetched, and the books of the run are closed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes, TargetNote
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import WriteError
from pincali_sync.services.data_quality_service import DataQualityService
from pincali_sync.services.data_sync_service import DataSyncService
from pincali_sync.services.decisions import IdentityService
from pincali_sync.services.people.personal_data import PersonalDataService
from pincali_sync.services.ports import ReportWriter
from pincali_sync.services.refresh_service import RefreshService
from pincali_sync.services.runs.retention import RetentionService
from pincali_sync.services.runs.run_jobs import DONE, WAITING, Outcome, RunJobs, State, page_worker
from pincali_sync.services.runs.steps.base import RunRecord, session_of
from pincali_sync.services.scrape_queue_service import ScrapeQueueService

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueStep:
    """Queues what found no place during the scan and, in the weekly tier, what is stale."""

    record: RunRecord
    queue: ScrapeQueueService
    refresh: RefreshService
    identities: IdentityService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        await self.queue.top_up()
        plan = self.record.plan(run)
        if plan.stale_days is not None:
            budget = await self.record.db.run(self.refresh.budget_left)
            await self.queue.queue_stale_properties(plan.stale_days, budget, session_of(run))
        if plan.max_pages == 0:
            await self.identities.propose_candidates()
            found = await self.record.db.run(
                lambda tx: tx.identities.proposed_since(run.started_at)
            )
            await self.record.note(run, RunNotes(identity_candidates=found))
        return DONE


@dataclass(frozen=True, slots=True)
class RefreshStep:
    """Sets the month's target of stale records and samples, and queues what is due of it."""

    record: RunRecord
    refresh: RefreshService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        target = await self.refresh.set_target(run.id)
        await self.refresh.top_up(run.id)
        noted = TargetNote(
            month=target.month, stale=target.stale_target, sample=target.sample_target
        )
        await self.record.note(run, RunNotes(target=noted))
        return DONE


@dataclass(frozen=True, slots=True)
class DrainStep:
    """Keeps a detail worker going until the run's pages are fetched, its window ends or it fails.

    What is left then is fetched all the same: draining is a standing service.
    """

    record: RunRecord
    jobs: RunJobs
    queue: ScrapeQueueService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        await self.queue.reclaim_expired()
        now, counts = self.record.clock.now(), await self.record.queue_counts(run)
        window = timedelta(minutes=self.record.config.drain_window_minutes)
        window_ends_at = run.window_ends_at or now + window
        await self.record.note(
            run,
            properties_queued=counts.queued,
            properties_scraped=counts.completed,
            window_ends_at=window_ends_at,
        )
        open_pages = counts.open - counts.open_verifications  # those are another spider's work
        if open_pages == 0:
            return DONE
        if now > window_ends_at:
            left = f"the window ended with {open_pages} pages still queued"
            await self.record.note(run, RunNotes(drain=left))
            return DONE
        delay = self.record.plan(run).detail_delay_seconds
        worker = await self.jobs.ensure_worker(run, page_worker("detail", delay))
        if worker.state is not State.FAILED:
            return worker
        # What was scanned counts: to scan it all again would bring no page nearer.
        logger.error("run %s: its pages could not be fetched: %s", run.id, worker.error)
        await self.record.note(run, RunNotes(drain=worker.error))
        return DONE


@dataclass(frozen=True, slots=True)
class ReportStep:
    """Closes the books of a run."""

    record: RunRecord
    sync: DataSyncService
    quality: DataQualityService
    retention: RetentionService
    people: PersonalDataService
    writer: ReportWriter

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        counts = await self.record.queue_counts(run)
        # Once more: the page of what only the sitemap listed may have shown a listing long known.
        listed = await self.record.db.run(lambda tx: tx.sitemap.newcomers(run.session_id))
        await self.record.note(
            run,
            new_properties_found=listed + sum(scan.new_entries for scan in run.details.sources),
            properties_queued=counts.queued,
            properties_scraped=counts.completed,
            error_count=run.details.pages_lost + counts.failed,
        )
        tier = Tier(run.tier_level)
        is_tidy = await self.people.tidy_up()
        if tier is Tier.WEEKLY_DEEP:
            is_tidy = is_tidy and await self.people.clear_past_term()
        if not is_tidy:
            return WAITING
        await self.sync.refresh_statistics()
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
