"""Unusual prices wait for a person."""

from __future__ import annotations

from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.transactional import in_transaction
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import UsageError


class ReviewService:
    """Carries out what was decided. A decision is taken once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    @in_transaction
    async def settle(
        self, tx: UnitOfWork, review_id: UUID, *, accept: bool, settled_by: str
    ) -> None:
        """Lets the new price stand, or puts the old one back until the site shows another.

        Raises:
            UsageError: when no such review is open.
        """
        now = self._clock.now()
        if not await tx.reviews.settle(review_id, accept=accept, settled_by=settled_by, now=now):
            raise UsageError(f"no open price review {review_id}: `pincali-sync reviews` lists them")
