"""Certificates, missing counts, verdicts and removals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal import removals_sql as sql
from pincali_sync.domain.coverage import Certificate
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.liveness import Answer, Judgement
from pincali_sync.domain.tiers import ListingSource


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRemovalCandidate:
    """A listing that two certified scans in a row did not see."""

    property_id: str
    source_url: str
    last_seen_at: datetime | None
    consecutive_missing_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalBatch:
    """The removals of one scan."""

    id: UUID
    session_id: UUID
    run_id: UUID | None
    status: str  # open, held, applied, rejected
    candidates: int
    would_remove: int | None
    removal_limit: int | None
    removed: int
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A listing that was seen on a page just now: its page must show it."""

    property_id: str
    source_url: str
    public_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer:
    """A verdict about to be kept."""

    property_id: str
    answer: Answer
    judgement: Judgement


class RemovalRepository(Repository):
    """SQL of absence. Every statement may be repeated without counting anything twice."""

    async def expected(self, session_id: UUID | None) -> dict[str, int]:
        """By source, what its last certified scan before this session found."""
        rows = await self._run(sql.EXPECTED, session_id=session_id)
        return {row.source: row.distinct_properties for row in rows}

    async def issue(
        self, session_id: UUID, certificates: Sequence[Certificate], *, now: datetime
    ) -> None:
        """Keeps a session's certificates; the first ones stand."""
        await self._run_each(
            sql.ISSUE, [_certificate_row(session_id, each, now) for each in certificates]
        )

    async def count_missing(self, session_id: UUID, *, began: datetime, now: datetime) -> int:
        """Adds one to the missing count of each absent listing; returns their number."""
        await self._set_work_mem()
        result = await self._run(
            sql.COUNT_MISSING,
            session_id=session_id,
            began=began,
            all_sources=list(map(str, ListingSource)),
            now=now,
        )
        return int(result.scalar_one())

    async def count_delisted(self, session_id: UUID, *, now: datetime) -> int:
        """Adds one to the missing count of each listing that the sitemap dropped."""
        await self._set_work_mem()
        result = await self._run(sql.COUNT_DELISTED, session_id=session_id, now=now)
        return int(result.scalar_one())

    async def preview_missing(
        self, seen: Sequence[str], *, complete: Sequence[str], began: datetime
    ) -> tuple[int, int]:
        """How many would be missing had only these been seen, and how many for the second time."""
        await self._run(sql.CREATE_SEEN)
        await self._load("seen", ("property_id",), ((each,) for each in seen))
        row = (
            await self._run(
                sql.PREVIEW_MISSING,
                complete=list(complete),
                all_sources=list(map(str, ListingSource)),
                began=began,
            )
        ).one()
        return row.missing, row.likely

    async def candidates(self, session_id: UUID) -> list[PropertyRemovalCandidate]:
        """Who was missing now and before."""
        return await self._all(PropertyRemovalCandidate, sql.CANDIDATES, session_id=session_id)

    async def open_batch(
        self, session_id: UUID, *, run_id: UUID | None, candidates: int, now: datetime
    ) -> UUID:
        """The session's batch, made when first asked for."""
        result = await self._run(
            sql.OPEN_BATCH, session_id=session_id, run_id=run_id, candidates=candidates, now=now
        )
        return UUID(str(result.scalar_one()))

    async def record_checks(
        self, checks: Sequence[JudgedAnswer], *, session_id: UUID | None, now: datetime
    ) -> None:
        """Keeps verdicts with their evidence."""
        await self._run_each(
            sql.RECORD_CHECK, [_check_row(each, session_id, now) for each in checks]
        )

    async def removable(self, batch_id: UUID) -> int:
        """How many of a batch are proven gone and were not seen since."""
        return int(await self._scalar(sql.COUNT_REMOVABLE, batch_id=batch_id))

    async def removal_limit(self) -> int:
        """max(50, three times the median of the last four batches, 1 % of what is there)."""
        return int(await self._scalar(sql.REMOVAL_LIMIT))

    async def apply(self, batch_id: UUID, *, now: datetime) -> int:
        """Removes what of the batch may be removed; returns the number."""
        await self._run(sql.CANCEL_QUEUED, batch_id=batch_id, now=now)
        return int(await self._scalar(sql.APPLY, batch_id=batch_id, now=now))

    async def reject(self, batch_id: UUID, *, decided_by: str, now: datetime) -> int:
        """Makes the batch's rows active again; returns their number."""
        result = await self._run(sql.REJECT, batch_id=batch_id, decided_by=decided_by, now=now)
        return int(result.scalar_one())

    async def decide(
        self,
        batch_id: UUID,
        status: str,
        *,
        now: datetime,
        removed: int = 0,
        would_remove: int | None = None,
        removal_limit: int | None = None,
        decided_by: str | None = None,
    ) -> None:
        """Writes down what became of a batch."""
        await self._run(
            sql.DECIDE,
            id=batch_id,
            status=status,
            removed=removed,
            would_remove=would_remove,
            removal_limit=removal_limit,
            decided_by=decided_by,
            now=now,
        )

    async def batch(self, batch_id: UUID, *, lock: bool = False) -> RemovalBatch | None:
        """One batch; locked, it is nobody else's to decide until the transaction ends."""
        statement = sql.LOCK_BATCH if lock else sql.GET_BATCH
        return await self._first(RemovalBatch, statement, id=batch_id)

    async def batch_of(self, session_id: UUID) -> RemovalBatch | None:
        """The batch of a scan."""
        return await self._first(RemovalBatch, sql.BATCH_OF_SESSION, session_id=session_id)

    async def batches(self, *, status: str | None, limit: int) -> list[RemovalBatch]:
        """The newest batches, of all states or one."""
        return await self._all(RemovalBatch, sql.BATCHES, status=status, limit=limit)

    async def checks_of_batch(self, batch_id: UUID, *, limit: int) -> list[RemovalCheck]:
        return await self._all(RemovalCheck, sql.CHECKS_OF_BATCH, batch_id=batch_id, limit=limit)

    async def verdicts_of_batch(self, batch_id: UUID) -> dict[str, int]:
        """How many pages of a batch gave each verdict."""
        rows = await self._run(
            """SELECT verdict, count(*) AS checks FROM removal_checks WHERE batch_id = :batch_id
                GROUP BY verdict ORDER BY verdict""",
            batch_id=batch_id,
        )
        return {row.verdict: row.checks for row in rows}

    async def checks_of_property(self, property_id: str, *, limit: int) -> list[RemovalCheck]:
        return await self._all(
            RemovalCheck, sql.CHECKS_OF_PROPERTY, property_id=property_id, limit=limit
        )

    async def unsettled(self, *, limit: int) -> list[PropertyRemovalCandidate]:
        """Listings missing for long without a verdict: for a person to look at."""
        return await self._all(PropertyRemovalCandidate, sql.UNSETTLED, limit=limit)

    async def set_status(
        self, property_id: str, target: ListingStatus, *, reason: str, now: datetime
    ) -> None:
        """Sets one record's status and writes it in the journal; no change, no entry."""
        await self._run(sql.decide_one(target), property_id=property_id, reason=reason, now=now)

    async def clean_manifest(self, *, before: datetime) -> int:
        """Deletes manifest rows of removed listings not seen since `before`."""
        return await self._count(sql.CLEAN_MANIFEST, before=before)

    async def canaries(self, *, since: datetime, limit: int) -> list[Canary]:
        """Listings seen since then, the latest first."""
        return await self._all(Canary, sql.CANARY, since=since, limit=limit)


def _certificate_row(session_id: UUID, certificate: Certificate, now: datetime) -> dict[str, Any]:
    scan = certificate.scan
    return {
        "session_id": session_id,
        "source": scan.source,
        "certified": certificate.certified,
        "proves_absence": certificate.proves_absence,
        "reasons": json.dumps(certificate.reasons),
        "pages_declared": scan.declared_pages,
        "pages_read": scan.pages_read,
        "pages_lost": scan.pages_lost,
        "total_at_start": scan.total_at_start,
        "total_at_end": scan.declared_total,
        "distinct_properties": scan.distinct_properties,
        "expected_properties": certificate.expected,
        "started_at": scan.started_at or now,
        "issued_at": now,
    }


def _check_row(check: JudgedAnswer, session_id: UUID | None, now: datetime) -> dict[str, Any]:
    return {
        "property_id": check.property_id,
        "session_id": session_id,
        "verdict": check.judgement.verdict.value,
        "http_status": check.answer.status,
        "redirect_url": check.answer.redirect_url,
        "shown_public_id": check.answer.shown_public_id,
        "evidence": check.judgement.evidence,
        "url": check.answer.url,
        "now": now,
    }
