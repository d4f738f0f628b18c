"""Unusual prices wait for a person."""

from __future__ import annotations

from uuid import UUID

from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import UsageError
from pincali_sync.services.base import Service, in_transaction


class ReviewService(Service):
    """Carries out what was decided. A decision is taken once."""

    @in_transaction
    async def settle(
        self, tx: UnitOfWork, review_id: UUID, *, accept: bool, settled_by: str
    ) -> None:
        """Lets the new price stand, or puts the old one back until the site shows another.

        Raises:
            UsageError: when no such review is open.
        """
        now = self.clock.now()
        if not await tx.reviews.settle(review_id, accept=accept, settled_by=settled_by, now=now):
            raise UsageError(f"no open price review {review_id}: `pincali-sync reviews` lists them")
