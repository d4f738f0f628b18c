"""What people decide: unusual prices, and properties that come back under another listing.

Two flats in one tower share place, price and half their title: so nothing is merged by itself.
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from rapidfuzz import fuzz

from pincali_sync.db.repositories.identity.identities import Neighbour
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import UsageError
from pincali_sync.language import _
from pincali_sync.services.base import Service, in_transaction

_NEWCOMER_AGE = timedelta(days=14)
_PAIRS_AT_ONCE = 5_000
_MIN_SIMILARITY = 80.0


class ReviewService(Service):
    """Carries out what was decided. A decision is taken once."""

    @in_transaction
    async def settle(
        self,
        tx: UnitOfWork,
        review_id: UUID,
        *,
        accept: bool,
        settled_by: str,
        seen: Decimal | None = None,
    ) -> None:
        """Lets the new price stand, or puts the old one back until the site shows another.

        Args:
            seen: the new price that was decided on; None: whatever it is.

        Raises:
            UsageError: when no such review is open.
        """
        now = self.clock.now()
        settled = await tx.reviews.settle(
            review_id, accept=accept, settled_by=settled_by, now=now, seen=seen
        )
        if not settled:
            raise UsageError(
                _(
                    "no open price review %(id)s: `pincali-sync reviews list` shows them",
                    id=review_id,
                )
            )


class IdentityService(Service):
    """Proposes and settles pairs of records."""

    @in_transaction
    async def propose_candidates(self, tx: UnitOfWork) -> int:
        """Looks for newcomers that resemble missing listings; returns how many pairs are new.

        Same place and similar price (in SQL), and a similar title.
        """
        now = self.clock.now()
        since, proposed = now - _NEWCOMER_AGE, 0
        found = tx.identities.neighbours(since=since, size=_PAIRS_AT_ONCE)
        async with aclosing(found):
            async for pairs in found:
                alike = [
                    (pair, likeness)
                    for pair in pairs
                    if (likeness := _similarity(pair)) >= _MIN_SIMILARITY
                ]
                await tx.identities.propose(alike, now=now)
                proposed += len(alike)
        return proposed

    @in_transaction
    async def settle(
        self, tx: UnitOfWork, candidate_id: UUID, *, confirm: bool, settled_by: str
    ) -> None:
        """Makes a pair one record, or keeps it two for good.

        Raises:
            UsageError: when no such pair is open.
        """
        now = self.clock.now()
        if not await tx.identities.settle(
            candidate_id, confirm=confirm, settled_by=settled_by, now=now
        ):
            raise UsageError(
                _(
                    "no open candidate %(id)s: `pincali-sync candidates list` shows them",
                    id=candidate_id,
                )
            )


def _similarity(pair: Neighbour) -> float:
    """0 to 100; the order of words does not matter."""
    return float(fuzz.token_sort_ratio(pair.title.lower(), pair.earlier_title.lower()))
