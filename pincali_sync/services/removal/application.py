"""Third: what is proven gone leaves the live table; too much at once is held for a person."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.removal.batches import RemovalBatch
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.removal_limit import removal_limit
from pincali_sync.domain.run_notes import RemovalsNote, RunNotes
from pincali_sync.exceptions import OutdatedError, UsageError
from pincali_sync.language import _
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.runs.run_jobs import DONE, Outcome
from pincali_sync.services.runs.steps.base import RunRecord, session_of

logger = logging.getLogger(__name__)


class RemovalService(Service):
    """Carries removals out, or holds them. A decision is taken once."""

    async def apply(self, batch_id: UUID) -> RemovalBatch:
        """Removes what a scan's verification proved gone, or holds it where it is too much.

        While a batch is held, others join it, and all of it is judged again: days that pass let
        expect more. People are told when it is held first, and when it has doubled since.
        Repeating it changes nothing.
        """
        told_of, batch = await self._judge(batch_id)
        if batch.status == "held" and batch.told_of != told_of:
            logger.error(
                "removal batch %s is held: %s removals at once, the limit is %s; "
                "`pincali-sync removals show %s`, then approve or reject it",
                batch.id,
                batch.would_remove,
                batch.removal_limit,
                batch.id,
            )
        return batch

    async def apply_of(self, session_id: UUID, *, run_id: UUID | None) -> RemovalBatch | None:
        """Applies the batch of a scan, opened here if it missed nobody and earlier proofs wait to
        be acted on; without one, what is held is judged again."""
        batch_id = await self._to_judge(session_id, run_id)
        return await self.apply(batch_id) if batch_id else None

    @in_transaction
    async def _to_judge(self, tx: UnitOfWork, session_id: UUID, run_id: UUID | None) -> UUID | None:
        now, batch = self.clock.now(), await tx.batches.to_judge(session_id)
        is_own = batch is not None and batch.session_id == session_id
        if not is_own and await tx.batches.is_owed(now=now):
            return await tx.batches.open(session_id, run_id=run_id, candidates=0, now=now)
        return batch.id if batch else None

    @in_transaction
    async def _judge(self, tx: UnitOfWork, batch_id: UUID) -> tuple[int | None, RemovalBatch]:
        """The batch as it is now, and of how many removals people were told before."""
        held, batch = await tx.batches.held(), await _locked(tx, batch_id)
        now = self.clock.now()
        if batch.status == "open":
            await tx.batches.gather(batch.id, now=now)
            if held is not None:
                await tx.batches.join(batch.id, held.id)
        elif held is None or batch.status not in {"held", "joined"}:
            return None, await tx.batches.whole(batch)
        return await self._carry_out_or_hold(tx, held or batch)

    async def _carry_out_or_hold(
        self, tx: UnitOfWork, batch: RemovalBatch
    ) -> tuple[int | None, RemovalBatch]:
        now, told_of = self.clock.now(), batch.told_of
        proven = await tx.batches.removable(batch.id, now=now)
        limit = removal_limit(await tx.batches.turnover(now=now))
        judged = {"would_remove": proven, "removal_limit": limit}
        if proven > limit:
            is_news = proven >= 2 * (told_of or 0)
            return told_of, await tx.batches.decide(
                batch.id, status="held", told_of=proven if is_news else told_of, **judged
            )
        removed = await tx.batches.apply(batch.id, now=now)
        return told_of, await tx.batches.decide(
            batch.id, status="applied", removed=removed, decided_at=now, **judged
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
        now = self.clock.now()
        await _check_held(tx, batch_id, removable, now=now)
        given = {"decided_by": decided_by, "decided_at": now}
        if approve:
            removed = await tx.batches.apply(batch_id, now=now)
            return await tx.batches.decide(batch_id, status="applied", removed=removed, **given)
        await tx.batches.reject(batch_id, decided_by=decided_by, now=now)
        return await tx.batches.decide(batch_id, status="rejected", **given)


@dataclass(frozen=True, slots=True)
class ApplyStep:
    """Applies the run's batch, if its scan led to one, or judges again what is held."""

    record: RunRecord
    removals: RemovalService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        batch = await self.removals.apply_of(session_of(run), run_id=run.id)
        if batch is None:
            return DONE
        note = RemovalsNote(
            batch=batch.id, status=batch.status, proven=batch.would_remove, removed=batch.removed
        )
        await self.record.note(run, RunNotes(removals=note))
        return DONE


async def _locked(tx: UnitOfWork, batch_id: UUID) -> RemovalBatch:
    batch = await tx.batches.get(batch_id, lock=True)
    if batch is None:
        raise UsageError(
            _("no batch of removals %(id)s: `pincali-sync removals list` shows them", id=batch_id)
        )
    return batch


async def _check_held(tx: UnitOfWork, batch_id: UUID, seen: int | None, *, now: datetime) -> None:
    batch = await _locked(tx, batch_id)
    if batch.status != "held":
        raise OutdatedError(f"batch {batch.id} is {batch.status}: only a held one can be decided")
    removable = await tx.batches.removable(batch.id, now=now)
    if seen not in {None, removable}:
        raise OutdatedError(
            f"batch {batch.id} would remove {removable} listings, not {seen}: look at it again"
        )
