"""What differs between the site and the live table: the specification's way in.

New and changed listings are found here; the missing are the business of `services.removal`, which
this hands on to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pincali_sync.db.repositories.removal.counting import PropertyRemovalCandidate
from pincali_sync.db.repositories.scan.manifest import PropertyPriceChange
from pincali_sync.domain.liveness import Verdict
from pincali_sync.exceptions import UsageError
from pincali_sync.services.base import Service
from pincali_sync.services.ports import Fetcher
from pincali_sync.services.removal.counting import MissingService
from pincali_sync.services.removal.settlement import SettlementService
from pincali_sync.services.removal.verification import VerificationService

__all__ = [
    "PropertyDiffService",
    "PropertyPriceChange",
    "PropertyRemovalCandidate",
    "PropertyRemovalResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRemovalResult:
    """What a missing listing's page answered."""

    property_id: str
    confirmed_removed: bool
    http_status: int | None
    redirect_url: str | None
    verdict: Verdict
    evidence: str


@dataclass(frozen=True)
class PropertyDiffService(Service):
    """Compares what scans saw with what is live."""

    missing: MissingService
    verification: VerificationService
    settlements: SettlementService
    fetcher: Fetcher | None = None

    async def detect_new_properties(self, session_id: UUID) -> list[str]:
        """Records that the session saw and that are not live yet."""
        return await self.db.run(lambda tx: tx.manifest.new_properties(session_id))

    async def detect_price_changes(self, session_id: UUID) -> list[PropertyPriceChange]:
        """Records whose card shows another price than the live table, like with like."""
        async with self.db.transaction() as tx:
            return list(await tx.manifest.price_changes(session_id))

    async def detect_removed_properties(
        self, current_session_id: UUID
    ) -> list[PropertyRemovalCandidate]:
        """Counts the session's absent listings; returns those absent for the second time."""
        return await self.missing.count(current_session_id)

    async def confirm_removals(self, candidates: Sequence[str]) -> list[PropertyRemovalResult]:
        """Looks at the pages of these records and keeps the evidence; no status changes.

        Raises:
            UsageError: when this service was given nothing to fetch with.
            CalibrationError: when the site does not even show what is certainly there.
        """
        if self.fetcher is None:
            raise UsageError("removals are confirmed with a fetcher, and none was given")
        return [
            PropertyRemovalResult(
                property_id=each.queued.property_id,
                confirmed_removed=each.judgement.verdict.removes,
                http_status=each.answer.status,
                redirect_url=each.answer.redirect_url,
                verdict=each.judgement.verdict,
                evidence=each.judgement.evidence,
            )
            for each in await self.verification.look_at(candidates, self.fetcher)
        ]

    async def update_removal_status(self, property_id: str, confirmed: bool) -> None:
        """Takes one listing out of the live table, as its last check says, or keeps it."""
        await self.settlements.decide_one(property_id, gone=confirmed)
