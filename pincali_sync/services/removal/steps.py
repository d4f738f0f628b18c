"""What a certified scan did not see: counted, looked at, and taken out of the live table."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RemovalsNote, RunNotes
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.prices.reviews import ReviewService
from pincali_sync.services.property_diff_service import PropertyDiffService
from pincali_sync.services.removal.audit import RemovalAuditService
from pincali_sync.services.runs.run_jobs import DONE, Outcome, RunJobs, State, page_worker
from pincali_sync.services.runs.steps.base import RunRecord, session_of
from pincali_sync.services.scrape_queue_service import ScrapeQueueService

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemovalsStep:
    """Counts who is missing. Without a certificate that proves absence, nobody is."""

    record: RunRecord
    diff: PropertyDiffService
    audit: RemovalAuditService

    async def __call__(self, run: SyncRun) -> Outcome:
        session_id = session_of(run)
        candidates = await self.diff.detect_removed_properties(session_id)
        if candidates:
            async with self.record.db.transaction() as tx:
                await tx.removals.open_batch(
                    session_id,
                    run_id=run.id,
                    candidates=len(candidates),
                    now=self.record.clock.now(),
                )
        await self.record.note(run, removals_detected=len(candidates))
        if run.tier_level == Tier.WEEKLY_DEEP:
            await self.audit.draw()
        await self.audit.queue_waiting(run.id)
        return DONE


@dataclass(frozen=True, slots=True)
class VerifyStep:
    """Has the pages of missing listings looked at, until none of them waits."""

    record: RunRecord
    jobs: RunJobs
    queue: ScrapeQueueService

    async def __call__(self, run: SyncRun) -> Outcome:
        outside = await self.queue.queue_verifications(session_of(run))
        await self.queue.reclaim_expired()
        async with self.record.db.transaction() as tx:
            waiting = await tx.queue.open_verifications()  # an earlier run's, too
        if not waiting and not outside:
            return DONE
        worker = page_worker("verification", self.record.plan(run).detail_delay_seconds)
        report = await self.jobs.ensure_worker(run, worker, verification=True)
        if report.state is State.FAILED:
            # What was proven counts; the rest waits for the next certified scan.
            logger.error("run %s: missing listings could not be verified: %s", run.id, report.error)
            await self.record.note(run, RunNotes(verification=report.error))
            return DONE
        return report


@dataclass(frozen=True, slots=True)
class ApplyStep:
    """Takes out what is proven gone; too much at once is held for a person."""

    record: RunRecord
    reviews: ReviewService

    async def __call__(self, run: SyncRun) -> Outcome:
        async with self.record.db.transaction() as tx:
            batch = await tx.removals.batch_of(session_of(run))
        if batch is None:
            return DONE
        batch = await self.reviews.apply_batch(batch.id)
        if batch.status == "held":
            logger.error(
                "removal batch %s is held: %s removals at once, the limit is %s; "
                "`pincali-sync removals show %s`, then approve or reject it",
                batch.id,
                batch.would_remove,
                batch.removal_limit,
                batch.id,
            )
        await self.record.note(
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
