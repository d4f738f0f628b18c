"""What people decide: unusual prices, and removals that were too many at once."""

from __future__ import annotations

from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.prices.reviews import PriceReview
from pincali_sync.db.repositories.removal.removals import (
    PropertyRemovalCandidate,
    RemovalBatch,
    RemovalCheck,
)
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import OutdatedError, UsageError


class ReviewService:
    """Lists what waits, and carries out what was decided. A decision is taken once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def price_reviews(self, limit: int = 100) -> list[PriceReview]:
        """Prices that changed by more than half, the oldest first."""
        async with self._db.transaction() as tx:
            return await tx.reviews.open_reviews(limit=limit)

    async def settle_price(self, review_id: UUID, *, accept: bool, settled_by: str) -> None:
        """Lets the new price stand, or puts the old one back until the site shows another.

        Raises:
            UsageError: when no such review is open.
        """

        async def work(tx: UnitOfWork) -> bool:
            return await tx.reviews.settle(
                review_id, accept=accept, settled_by=settled_by, now=self._clock.now()
            )

        if not await self._db.run(work):
            raise UsageError(f"no open price review {review_id}: `pincali-sync reviews` lists them")

    async def removal_batches(
        self, *, status: str | None = None, limit: int = 20
    ) -> list[RemovalBatch]:
        """The newest batches of removals."""
        async with self._db.transaction() as tx:
            return await tx.removals.batches(status=status, limit=limit)

    async def checks(self, batch_id: UUID, limit: int = 1_000) -> list[RemovalCheck]:
        """The verdicts of a batch, with their evidence."""
        async with self._db.transaction() as tx:
            return await tx.removals.checks_of_batch(batch_id, limit=limit)

    async def unsettled(self, limit: int = 100) -> list[PropertyRemovalCandidate]:
        """Listings missing for long whose pages give no clear answer."""
        async with self._db.transaction() as tx:
            return await tx.removals.unsettled(limit=limit)

    async def apply_batch(self, batch_id: UUID) -> RemovalBatch:
        """Removes what a scan's verification proved gone, or holds it where it is too much.

        Repeating it changes nothing.
        """

        async def work(tx: UnitOfWork) -> RemovalBatch:
            batch = await _locked(tx, batch_id)
            if batch.status == "open":
                now = self._clock.now()
                proven, limit = (
                    await tx.removals.removable(batch_id),
                    await tx.removals.removal_limit(),
                )
                held = proven > limit
                await tx.removals.decide(
                    batch_id,
                    "held" if held else "applied",
                    removed=0 if held else await tx.removals.apply(batch_id, now=now),
                    would_remove=proven,
                    removal_limit=limit,
                    now=now,
                )
            return await _locked(tx, batch_id)

        return await self._db.run(work)

    async def approve(
        self, batch_id: UUID, *, decided_by: str, removable: int | None = None
    ) -> RemovalBatch:
        """Carries a held batch out; what was seen again meanwhile is left alone.

        Args:
            removable: how many could be removed when the person looked; None: whatever it is.

        Raises:
            UsageError: when there is no such batch.
            OutdatedError: when it is not held, or for another number.
        """

        async def work(tx: UnitOfWork) -> RemovalBatch:
            await _check_held(tx, await _locked(tx, batch_id), removable)
            now = self._clock.now()
            removed = await tx.removals.apply(batch_id, now=now)
            await tx.removals.decide(
                batch_id, "applied", removed=removed, decided_by=decided_by, now=now
            )
            return await _locked(tx, batch_id)

        return await self._db.run(work)

    async def reject(
        self, batch_id: UUID, *, decided_by: str, removable: int | None = None
    ) -> RemovalBatch:
        """Throws a held batch away: its listings are active again, and start from nothing.

        Args:
            removable: how many could be removed when the person looked; None: whatever it is.

        Raises:
            UsageError: when there is no such batch.
            OutdatedError: when it is not held, or for another number.
        """

        async def work(tx: UnitOfWork) -> RemovalBatch:
            await _check_held(tx, await _locked(tx, batch_id), removable)
            now = self._clock.now()
            await tx.removals.reject(batch_id, decided_by=decided_by, now=now)
            await tx.removals.decide(batch_id, "rejected", decided_by=decided_by, now=now)
            return await _locked(tx, batch_id)

        return await self._db.run(work)


async def _locked(tx: UnitOfWork, batch_id: UUID) -> RemovalBatch:
    batch = await tx.removals.batch(batch_id, lock=True)
    if batch is None:
        raise UsageError(f"no batch of removals {batch_id}: `pincali-sync removals` lists them")
    return batch


async def _check_held(tx: UnitOfWork, batch: RemovalBatch, seen: int | None) -> None:
    if batch.status != "held":
        raise OutdatedError(f"batch {batch.id} is {batch.status}: only a held one can be decided")
    removable = await tx.removals.removable(batch.id)
    if seen not in {None, removable}:
        raise OutdatedError(
            f"batch {batch.id} would remove {removable} listings, not {seen}: look at it again"
        )
