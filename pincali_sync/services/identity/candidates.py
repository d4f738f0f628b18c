"""Properties that come back under another listing: proposed by a rule, decided by a person.

Two flats in one tower share place, price and half their title: so nothing is merged by itself.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from rapidfuzz import fuzz

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.identity.identities import IdentityCandidate, Neighbour
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import UsageError

_NEWCOMER_AGE = timedelta(days=14)
_PAIRS_AT_ONCE = 5_000
_MIN_SIMILARITY = 80.0


class IdentityService:
    """Proposes and settles pairs of records."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def propose_candidates(self) -> int:
        """Looks for newcomers that resemble missing listings; returns how many pairs are new.

        Same place, similar price (in SQL), and a similar title or the same address.
        """

        async def work(tx: UnitOfWork) -> int:
            now = self._clock.now()
            pairs = await tx.identities.neighbours(since=now - _NEWCOMER_AGE, limit=_PAIRS_AT_ONCE)
            alike = [
                (pair, similarity)
                for pair in pairs
                if (similarity := _similarity(pair)) >= _MIN_SIMILARITY
            ]
            await tx.identities.propose(alike, now=now)
            return len(alike)

        return await self._db.run(work)

    async def open_candidates(self, limit: int = 100) -> list[IdentityCandidate]:
        """Pairs that wait for a person."""
        async with self._db.transaction() as tx:
            return await tx.identities.open_candidates(limit=limit)

    async def settle(self, candidate_id: UUID, *, confirm: bool, settled_by: str) -> None:
        """Makes a pair one record, or keeps it two for good.

        Raises:
            UsageError: when no such pair is open.
        """

        async def work(tx: UnitOfWork) -> bool:
            return await tx.identities.settle(
                candidate_id, confirm=confirm, settled_by=settled_by, now=self._clock.now()
            )

        if not await self._db.run(work):
            raise UsageError(f"no open candidate {candidate_id}: `pincali-sync candidates` lists")


def _similarity(pair: Neighbour) -> float:
    """0 to 100; the order of words does not matter."""
    return float(fuzz.token_sort_ratio(pair.title.lower(), pair.earlier_title.lower()))
