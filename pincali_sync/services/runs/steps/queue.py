"""Filling the queue beyond what the scan itself found."""

from __future__ import annotations

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes, TargetNote
from pincali_sync.services.identity.candidates import IdentityService
from pincali_sync.services.queue.refresh import RefreshService
from pincali_sync.services.runs.steps.base import DONE, RunRecord, StepOutcome, session_of
from pincali_sync.services.scrape_queue_service import ScrapeQueueService


class QueueStep:
    """Queues what found no place during the scan and, in the weekly tier, what is stale."""

    def __init__(
        self,
        record: RunRecord,
        queue: ScrapeQueueService,
        refresh: RefreshService,
        identities: IdentityService,
    ) -> None:
        self._record = record
        self._queue = queue
        self._refresh = refresh
        self._identities = identities

    async def __call__(self, run: SyncRun) -> StepOutcome:
        await self._queue.top_up(run.id)
        plan = self._record.plan(run)
        if plan.stale_days is not None:
            budget = await self._refresh.budget_left()
            await self._queue.queue_stale_properties(plan.stale_days, budget, session_of(run))
        if plan.max_pages == 0:
            found = await self._identities.propose_candidates()
            await self._record.note(run, RunNotes(identity_candidates=found))
        return DONE


class RefreshStep:
    """Sets the month's target of stale records and samples, and queues what is due of it."""

    def __init__(self, record: RunRecord, refresh: RefreshService) -> None:
        self._record = record
        self._refresh = refresh

    async def __call__(self, run: SyncRun) -> StepOutcome:
        target = await self._refresh.set_target(run.id)
        await self._refresh.top_up(run.id)
        await self._record.note(
            run,
            RunNotes(
                target=TargetNote(
                    month=target.month, stale=target.stale_target, sample=target.sample_target
                )
            ),
        )
        return DONE
