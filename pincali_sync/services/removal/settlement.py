"""By somebody's word: single listings that nothing proved gone, and nothing lists any more.

No page tells for ever: so every doubt has this way out. It comes up again only by new evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pincali_sync.db.repositories.removal.settlement import Decision, Standing
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.liveness import Verdict
from pincali_sync.exceptions import OutdatedError, UsageError
from pincali_sync.language import _
from pincali_sync.moments import local_day
from pincali_sync.services.base import Service, in_transaction


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a listing."""

    property_id: str
    listing_status: ListingStatus
    changed: bool  # False: it was so already
    settled_by: str


class SettlementService(Service):
    """Carries out what was decided of one listing."""

    @in_transaction
    async def settle(
        self,
        tx: UnitOfWork,
        property_id: str,
        *,
        gone: bool,
        decided_by: str,
        seen: tuple[str, int] | None = None,
    ) -> Settled:
        """Takes a listing in doubt out of the live table, or keeps it. It may be repeated.

        Kept, it is active and starts from nothing, and is in doubt again only after as many
        absences as put it off the market. What was removed may be kept, too.

        Args:
            seen: the state and the absences that the person saw; None: whatever they are.

        Raises:
            UsageError: when it is not live, or is to be gone while nothing speaks for that.
            OutdatedError: when it is not as the person saw it.
        """
        before = await self._checked(tx, property_id, seen)
        is_so = before.is_removed if gone else not (before.is_removed or before.is_in_doubt)
        if is_so:
            return Settled(property_id, before.listing_status, False, decided_by)
        if gone:
            _check_doubt(before)
        decision = _decision(before, gone=gone, decided_by=decided_by, now=self.clock.now())
        # Queue rows first, in the order of locks; then it must still be as it was looked at.
        await tx.settlements.tidy_queue(decision)
        await self._checked(tx, property_id, before.shown, lock=True)
        await tx.settlements.carry_out(decision)
        if gone:
            await tx.queue.forget_gone([property_id])
        return Settled(property_id, decision.target, True, decided_by)

    @in_transaction
    async def standing(self, tx: UnitOfWork, property_id: str) -> Standing:
        """What is known of a listing. Raises: UsageError: when it is not live."""
        return await self._checked(tx, property_id, None)

    @in_transaction
    async def decide_one(self, tx: UnitOfWork, property_id: str, *, gone: bool) -> None:
        """Takes one listing out of the live table, as its last check says, or keeps it."""
        checks = await tx.checks.of_property(property_id, limit=1)
        sold = bool(checks) and checks[0].verdict == Verdict.SOLD
        removed = ListingStatus.SOLD if sold else ListingStatus.CONFIRMED_REMOVED
        await tx.settlements.decide(
            property_id,
            removed if gone else ListingStatus.ACTIVE,
            reason=checks[0].evidence if checks else "by request",
            now=self.clock.now(),
        )

    async def _checked(
        self,
        tx: UnitOfWork,
        property_id: str,
        seen: tuple[str, int] | None,
        *,
        lock: bool = False,
    ) -> Standing:
        standing = None
        if "\x00" not in property_id:  # PostgreSQL has no text with that
            standing = await tx.settlements.standing(property_id, lock=lock)
        if standing is None:
            raise UsageError(
                _(
                    "%(record)s is not live yet, so there is nothing to settle: "
                    "`pincali-sync dequeue` takes its page out of the queue",
                    record=property_id,
                )
            )
        if seen not in {None, standing.shown}:
            raise OutdatedError(f"{property_id} is not as you saw it: look at it again")
        return standing


def _check_doubt(before: Standing) -> None:
    if not before.is_in_doubt:
        at = before.last_seen_at
        listed = "never listed" if at is None else f"listed last on {local_day(at)}"
        raise UsageError(
            f"{before.property_id} is {before.listing_status} and was {listed}: "
            "nothing says that it is gone"
        )


def _decision(before: Standing, *, gone: bool, decided_by: str, now: datetime) -> Decision:
    target = ListingStatus.ACTIVE
    reason = f"kept by {decided_by}"
    if gone:
        is_sold = before.verdict == Verdict.SOLD
        target = ListingStatus.SOLD if is_sold else ListingStatus.CONFIRMED_REMOVED
        known = f": {before.evidence}" if before.evidence else ""
        reason = f"settled as gone by {decided_by}{known}"
    return Decision(property_id=before.property_id, target=target, reason=reason, now=now)
