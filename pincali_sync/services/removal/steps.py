"""What a certified scan did not see: counted, looked at, and taken out of the live table."""

from __future__ import annotations

import logging

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RemovalsNote, RunNotes
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.prices.reviews import ReviewService
from pincali_sync.services.property_diff_service import PropertyDiffService
from pincali_sync.services.removal.audit import RemovalAuditService
from pincali_sync.services.runs.run_jobs import JobsState, RunJobs, WantedJob
from pincali_sync.services.runs.steps.base import (
    DONE,
    WAITING,
    RunRecord,
    StepOutcome,
    session_of,
)
from pincali_sync.services.scrape_queue_service import ScrapeQueueService

logger = logging.getLogger(__name__)


class RemovalsStep:
    """Counts who is missing. Without a certificate that proves absence, nobody is."""

    def __init__(
        self, record: RunRecord, diff: PropertyDiffService, audit: RemovalAuditService
    ) -> None:
        self._record = record
        self._diff = diff
        self._audit = audit

    async def __call__(self, run: SyncRun) -> StepOutcome:
        session_id = session_of(run)
        candidates = await self._diff.detect_removed_properties(session_id)
        if candidates:
            async with self._record.db.transaction() as tx:
                await tx.removals.open_batch(
                    session_id,
                    run_id=run.id,
                    candidates=len(candidates),
                    now=self._record.clock.now(),
                )
        await self._record.note(run, removals_detected=len(candidates))
        if run.tier_level == Tier.WEEKLY_DEEP:
            await self._audit.draw()
        await self._audit.queue_waiting(run.id)
        return DONE


class VerifyStep:
    """Has the pages of missing listings looked at, until none of them waits."""

    def __init__(self, record: RunRecord, jobs: RunJobs, queue: ScrapeQueueService) -> None:
        self._record = record
        self._jobs = jobs
        self._queue = queue

    async def __call__(self, run: SyncRun) -> StepOutcome:
        outside = await self._queue.queue_verifications(session_of(run))
        await self._queue.reclaim_expired()
        async with self._record.db.transaction() as tx:
            waiting = await tx.queue.open_verifications()  # an earlier run's, too
        if not waiting and not outside:
            return DONE
        report = await self._jobs.ensure_worker_while(
            run, _verification_job(self._record.plan(run).detail_delay_seconds), verification=True
        )
        if report.state is JobsState.FAILED:
            # What was proven counts; the rest waits for the next certified scan.
            logger.error("run %s: missing listings could not be verified: %s", run.id, report.error)
            await self._record.note(run, RunNotes(verification=report.error))
            return DONE
        return WAITING


class ApplyStep:
    """Takes out what is proven gone; too much at once is held for a person."""

    def __init__(self, record: RunRecord, reviews: ReviewService) -> None:
        self._record = record
        self._reviews = reviews

    async def __call__(self, run: SyncRun) -> StepOutcome:
        async with self._record.db.transaction() as tx:
            batch = await tx.removals.batch_of(session_of(run))
        if batch is None:
            return DONE
        batch = await self._reviews.apply_batch(batch.id)
        if batch.status == "held":
            logger.error(
                "removal batch %s is held: %s removals at once, the limit is %s; "
                "`pincali-sync removals show %s`, then approve or reject it",
                batch.id,
                batch.would_remove,
                batch.removal_limit,
                batch.id,
            )
        await self._record.note(
            run,
            RunNotes(
                removals=RemovalsNote(
                    batch=batch.id,
                    status=batch.status,
                    proven=batch.would_remove,
                    removed=batch.removed,
                )
            ),
        )
        return DONE


def _verification_job(delay_seconds: float) -> WantedJob:
    return WantedJob(
        spider="verification",
        source=None,
        settings={"DETAIL_DELAY_SECONDS": str(delay_seconds)},
    )
