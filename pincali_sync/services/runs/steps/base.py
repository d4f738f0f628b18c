"""What all steps share: how they end, and where they write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue.queue import RunQueueCounts
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.exceptions import UsageError
from pincali_sync.services.runs.run_jobs import JobsReport


class StepState(Enum):
    WAITING = "waiting"  # look again at the next tick
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """How a step ended; `error` says why, where the run cannot go on."""

    state: StepState
    error: str | None = None


WAITING = StepOutcome(state=StepState.WAITING)
DONE = StepOutcome(state=StepState.DONE)


class Step(Protocol):
    """Does its part of a run, as far as it can go without waiting."""

    async def __call__(self, run: SyncRun) -> StepOutcome: ...


class RunRecord:
    """Where steps write down what they found."""

    def __init__(self, db: Database, clock: Clock, plans: Mapping[Tier, TierPlan]) -> None:
        self.db = db
        self.clock = clock
        self._plans = plans

    def plan(self, run: SyncRun) -> TierPlan:
        """How the run's tier scans and fetches."""
        return self._plans[Tier(run.tier_level)]

    async def note(self, run: SyncRun, notes: RunNotes | None = None, **counters: Any) -> None:
        """Sets counters of a run that is still in this step, and adds to what it noted."""
        async with self.db.transaction() as tx:
            await tx.runs.move(run.id, step=run.step, now=self.clock.now(), notes=notes, **counters)

    async def queue_counts(self, run: SyncRun) -> RunQueueCounts:
        """The detail pages that the run queued, by how they stand."""
        async with self.db.transaction() as tx:
            return await tx.queue.of_run(run.id)


def failure_of(report: JobsReport) -> StepOutcome:
    """The outcome of a step whose jobs failed."""
    return StepOutcome(state=StepState.FAILED, error=report.error)


def session_of(run: SyncRun) -> UUID:
    """Raises: UsageError: when the run's session row was deleted."""
    if run.session_id is None:
        raise UsageError(f"run {run.id} has lost its session row: it cannot be carried on")
    return run.session_id
