"""What all steps share: what they are, and where they write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.queue.queue import RunQueueCounts
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.exceptions import UsageError
from pincali_sync.services.base import Service
from pincali_sync.services.runs.run_jobs import Outcome

# Does its part of a run, as far as it can go without waiting.
Step = Callable[[SyncRun], Awaitable[Outcome]]


class RunRecord(Service):
    """Where steps write down what they found."""

    def plan(self, run: SyncRun) -> TierPlan:
        """How the run's tier scans and fetches."""
        return TierPlan.of(Tier(run.tier_level), self.config)

    async def note(self, run: SyncRun, notes: RunNotes | None = None, **counters: Any) -> None:
        """Sets counters of a run that is still in this step, and adds to what it noted."""
        async with self.db.transaction() as tx:
            await tx.runs.move(run.id, step=run.step, now=self.clock.now(), notes=notes, **counters)

    async def queue_counts(self, run: SyncRun) -> RunQueueCounts:
        """The detail pages that the run queued, by how they stand."""
        return await self.db.run(lambda tx: tx.queue.of_run(run.id))


def session_of(run: SyncRun) -> UUID:
    """Raises: UsageError: when the run's session row was deleted."""
    if run.session_id is None:
        raise UsageError(f"run {run.id} has lost its session row: it cannot be carried on")
    return run.session_id
