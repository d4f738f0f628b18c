"""`removal_checks`: what the pages of missing listings answered, and what that proves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import words
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.liveness import Answer, Judgement
from pincali_sync.items import Property, QueuedProperty


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """What came of looking at one listing's page."""

    queued: QueuedProperty
    answer: Answer
    judgement: Judgement
    scraped: Property | None = None  # the page itself, where it proves the listing alive


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalCheck:
    """A verdict with its evidence, as it was kept."""

    property_id: str
    verdict: str
    http_status: int | None
    redirect_url: str | None
    shown_public_id: str | None
    evidence: str
    url: str
    checked_at: datetime
    applied_at: datetime | None


# A check belongs to the batch of the scan that missed the record, while that one is open.
_RECORD = """
INSERT INTO removal_checks
       (property_id, batch_id, session_id, verdict, http_status, redirect_url, shown_public_id,
        evidence, url, checked_at)
VALUES (CAST(:property_id AS text),
        (SELECT b.id FROM removal_batches b JOIN properties_live l
                     ON l.missing_session_id = b.session_id
          WHERE l.property_id = CAST(:property_id AS text) AND b.status = 'open'),
        CAST(:session_id AS uuid), :verdict, :status, :redirect_url, :shown_public_id,
        :evidence, :url, :now)
"""
_CHECKS = f"SELECT {', '.join(each.name for each in fields(RemovalCheck))} FROM removal_checks"
_CERTAIN = words((ListingStatus.ACTIVE, ListingStatus.RELISTED))


class CheckRepository(Repository):
    """SQL of verdicts."""

    async def record(
        self, results: Sequence[VerificationResult], *, session_id: UUID | None, now: datetime
    ) -> None:
        """Keeps verdicts with their evidence."""
        given = {"session_id": session_id, "now": now}
        rows = [
            asdict(each.answer)
            | asdict(each.judgement)
            | {"property_id": each.queued.property_id, **given}
            for each in results
        ]
        await self._run_each(_RECORD, rows)

    async def of_batch(self, batch_id: UUID, *, limit: int = 1_000) -> list[RemovalCheck]:
        """The verdicts of a batch, with their evidence."""
        return await self._all(
            RemovalCheck,
            f"{_CHECKS} WHERE batch_id = :batch_id ORDER BY verdict, property_id LIMIT :limit",
            batch_id=batch_id,
            limit=limit,
        )

    async def of_property(self, property_id: str, *, limit: int) -> list[RemovalCheck]:
        """The verdicts on a record, the latest first."""
        return await self._all(
            RemovalCheck,
            f"{_CHECKS} WHERE property_id = :property_id ORDER BY checked_at DESC LIMIT :limit",
            property_id=property_id,
            limit=limit,
        )

    async def verdicts_of_batch(self, batch_id: UUID) -> dict[str, int]:
        """How many pages of a batch gave each verdict."""
        rows = await self._run(
            """SELECT verdict, count(*) AS checks FROM removal_checks WHERE batch_id = :batch_id
                GROUP BY verdict ORDER BY verdict""",
            batch_id=batch_id,
        )
        return {row.verdict: row.checks for row in rows}

    async def canaries(self, *, since: datetime, limit: int) -> list[QueuedProperty]:
        """Listings seen on pages since then, the latest first: their pages must show them."""
        return await self._all(
            QueuedProperty,
            f"""SELECT m.property_id, m.source_url, m.public_id
                  FROM property_manifest m JOIN properties_live l ON l.property_id = m.property_id
                 WHERE m.public_id IS NOT NULL AND l.listing_status IN {_CERTAIN}
                   AND m.last_seen_at >= :since
                 ORDER BY m.last_seen_at DESC LIMIT :limit""",
            since=since,
            limit=limit,
        )
