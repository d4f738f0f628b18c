"""Third: what is proven gone leaves the live table; too much at once is held for a person."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from pincali_sync.db.repositories.removal.batches import RemovalBatch
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.run_notes import RemovalsNote, RunNotes
from pincali_sync.exceptions import OutdatedError, UsageError
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.runs.run_jobs import DONE, Outcome
from pincali_sync.services.runs.steps.base import RunRecord, session_of

logger = logging.getLogger(__name__)


class RemovalService(Service):
    """Carries removals out, or holds them. A decision is taken once."""

    @in_transaction
    async def apply(self, tx: UnitOfWork, batch_id: UUID) -> RemovalBatch:
        """Removes what a scan's verification proved gone, or holds it where it is too much.

        Repeating it changes nothing.
        """
        batch = await _locked(tx, batch_id)
        if batch.status != "open":
            return batch
        now = self.clock.now()
        proven, limit = await tx.batches.removable(batch_id), await tx.batches.limit()
        judged = {"would_remove": proven, "removal_limit": limit}
        if proven > limit:
            return await tx.batches.decide(batch_id, status="held", **judged)
        removed = await tx.batches.apply(batch_id, now=now)
        return await tx.batches.decide(
            batch_id, status="applied", removed=removed, decided_at=now, **judged
        )

    @in_transaction
    async def settle(
        self,
        tx: UnitOfWork,
        batch_id: UUID,
        *,
        approve: bool,
        decided_by: str,
        removable: int | None = None,
    ) -> RemovalBatch:
        """Carries a held batch out, or throws it away: its listings start again from nothing then.

        What was seen again meanwhile is left alone.

        Args:
            removable: how many could be removed when the person looked; None: whatever it is.

        Raises:
            UsageError: when there is no such batch.
            OutdatedError: when it is not held, or for another number.
        """
        await _check_held(tx, batch_id, removable)
        now = self.clock.now()
        given = {"decided_by": decided_by, "decided_at": now}
        if approve:
            removed = await tx.batches.apply(batch_id, now=now)
            return await tx.batches.decide(batch_id, status="applied", removed=removed, **given)
        await tx.batches.reject(batch_id, decided_by=decided_by, now=now)
        return await tx.batches.decide(batch_id, status="rejected", **given)


@dataclass(frozen=True, slots=True)
class ApplyStep:
    """Applies the run's batch, if its scan led to one."""

    record: RunRecord
    removals: RemovalService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        batch = await self.record.db.run(lambda tx: tx.batches.of_session(session_of(run)))
        if batch is None:
            return DONE
        batch = await self.removals.apply(batch.id)
        if batch.status == "held":
            logger.error(
                "removal batch %s is held: %s removals at once, the limit is %s; "
                "`pincali-sync removals show %s`, then approve or reject it",
                batch.id,
                batch.would_remove,
                batch.removal_limit,
                batch.id,
            )
        note = RemovalsNote(
            batch=batch.id, status=batch.status, proven=batch.would_remove, removed=batch.removed
        )
        await self.record.note(run, RunNotes(removals=note))
        return DONE


async def _locked(tx: UnitOfWork, batch_id: UUID) -> RemovalBatch:
    batch = await tx.batches.get(batch_id, lock=True)
    if batch is None:
        raise UsageError(f"no batch of removals {batch_id}: `pincali-sync removals` lists them")
    return batch


async def _check_held(tx: UnitOfWork, batch_id: UUID, seen: int | None) -> None:
    batch = await _locked(tx, batch_id)
    if batch.status != "held":
        raise OutdatedError(f"batch {batch.id} is {batch.status}: only a held one can be decided")
    removable = await tx.batches.removable(batch.id)
    if seen not in {None, removable}:
        raise OutdatedError(
            f"batch {batch.id} would remove {removable} listings, not {seen}: look at it again"
        )
