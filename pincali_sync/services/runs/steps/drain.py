"""Fetching what was queued, for as long as the run waits for it."""

from __future__ import annotations

from datetime import timedelta

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.services.runs.run_jobs import JobsState, RunJobs, WantedJob
from pincali_sync.services.runs.steps.base import DONE, WAITING, RunRecord, StepOutcome, failure_of
from pincali_sync.services.scrape_queue_service import ScrapeQueueService


class DrainStep:
    """Keeps a detail worker going until the run's pages are fetched or its window ends.

    What is left then is fetched all the same: draining is a standing service.
    """

    def __init__(
        self, record: RunRecord, jobs: RunJobs, queue: ScrapeQueueService, window: timedelta
    ) -> None:
        self._record = record
        self._jobs = jobs
        self._queue = queue
        self._window = window

    async def __call__(self, run: SyncRun) -> StepOutcome:
        await self._queue.reclaim_expired()
        now, counts = self._record.clock.now(), await self._record.queue_counts(run)
        window_ends_at = run.window_ends_at or now + self._window
        await self._record.note(
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
            await self._record.note(run, RunNotes(drain=left))
            return DONE
        report = await self._jobs.ensure_worker_while(
            run, detail_job(self._record.plan(run).detail_delay_seconds)
        )
        if report.state is JobsState.FAILED:
            return failure_of(report)
        return WAITING


def detail_job(delay_seconds: float) -> WantedJob:
    """A worker that fetches whatever is queued."""
    return WantedJob(
        spider="detail",
        source=None,
        settings={"DETAIL_DELAY_SECONDS": str(delay_seconds)},
    )
