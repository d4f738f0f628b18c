"""Single listings by somebody's word: what they are decided on, and what follows.

A person's word is kept as a check without an answer (`removal_checks.http_status` is NULL, the
verdict is none that a page without an answer could give): it says who decided, outdoes what pages
said before, and holds until something lists the record again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.counting import LATEST_CHECK
from pincali_sync.db.repositories.removal.transition import transition
from pincali_sync.domain.listing_status import REMOVED, Cause, ListingStatus
from pincali_sync.domain.liveness import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of one listing's being there."""

    property_id: str
    public_id: str | None
    title: str | None
    source_url: str
    listing_status: ListingStatus
    consecutive_missing_count: int
    last_seen_at: datetime | None  # by a card or the sitemap
    verdict: str | None  # of its page since then; None: nobody looked
    evidence: str | None
    checked_at: datetime | None

    @property
    def shown(self) -> tuple[str, int]:
        """What a person must have seen to decide."""
        return self.listing_status, self.consecutive_missing_count

    @property
    def is_removed(self) -> bool:
        """Whether it was taken out of the live table's present rows."""
        return self.listing_status in REMOVED

    @property
    def is_in_doubt(self) -> bool:
        """Whether there is anything to decide: it is missing, or its page does not show it."""
        is_likely = self.listing_status == ListingStatus.LIKELY_REMOVED
        is_doubted = self.verdict not in {None, Verdict.ALIVE}
        return is_likely or self.consecutive_missing_count > 0 or is_doubted


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to become of one listing, and why."""

    property_id: str
    target: ListingStatus
    reason: str
    now: datetime


_VERDICTS = {
    ListingStatus.ACTIVE: Verdict.ALIVE,
    ListingStatus.SOLD: Verdict.SOLD,
    ListingStatus.CONFIRMED_REMOVED: Verdict.GONE,
}
_STANDING = f"""
SELECT l.property_id, coalesce(l.public_id, m.public_id) AS public_id, l.title,
       coalesce(m.source_url, l.source_url) AS source_url, l.listing_status,
       l.consecutive_missing_count, m.last_seen_at, c.verdict, c.evidence, c.checked_at
  FROM properties_live l
  LEFT JOIN property_manifest m ON m.property_id = l.property_id
  {LATEST_CHECK}
 WHERE l.property_id = :property_id
"""
# What is gone is not fetched, what is kept is not looked at: not because of what led to this.
_CANCEL_QUEUED = """
UPDATE scrape_queue SET status = 'cancelled', completed_at = :now, last_error = :reason
 WHERE id IN (SELECT id FROM scrape_queue
               WHERE property_id = :property_id AND status IN ('pending', 'failed')
                 AND (NOT :kept OR status = 'failed' OR queue_reason = 'verification')
               ORDER BY id FOR UPDATE)
"""
_RECORD = """
INSERT INTO removal_checks (property_id, verdict, evidence, url, checked_at, applied_at)
SELECT property_id, :verdict, :reason, source_url, CAST(:now AS timestamptz), :now
  FROM properties_live WHERE property_id = :property_id
"""


def _decide(target: ListingStatus) -> str:
    """Kept, a record starts again from nothing."""
    kept = target is ListingStatus.ACTIVE
    return transition(
        Cause.DECISION,
        f"""
      FROM properties_live l
     WHERE l.property_id = :property_id
       AND (l.listing_status <> '{target}' OR {kept} AND l.consecutive_missing_count > 0)""",
        targets={target: "true"},
        missing="0" if kept else "l.consecutive_missing_count",
        reason=":reason",
    )


class SettlementRepository(Repository):
    """SQL of single decisions. Every statement may be repeated."""

    async def standing(self, property_id: str, *, lock: bool = False) -> Standing | None:
        """What is known of a listing; locked, it stays so. None: it is not live."""
        statement = f"{_STANDING} {'FOR UPDATE OF l' if lock else ''}"
        return await self._first(Standing, statement, property_id=property_id)

    async def tidy_queue(self, decision: Decision) -> None:
        """Takes out of the queue what a decision makes needless."""
        kept = decision.target is ListingStatus.ACTIVE
        await self._run(_CANCEL_QUEUED, kept=kept, **_given(decision))

    async def carry_out(self, decision: Decision) -> None:
        """The record's state, and the word that it rests on."""
        await self.decide(
            decision.property_id, decision.target, reason=decision.reason, now=decision.now
        )
        await self._run(_RECORD, verdict=_VERDICTS[decision.target], **_given(decision))

    async def decide(
        self, property_id: str, target: ListingStatus, *, reason: str, now: datetime
    ) -> None:
        """One record's state, by somebody's word; no change, no entry in the journal."""
        await self._run(_decide(target), property_id=property_id, reason=reason, now=now)


def _given(decision: Decision) -> dict[str, Any]:
    return {
        "property_id": decision.property_id,
        "reason": decision.reason,
        "now": decision.now,
    }
