"""Scraped detail pages become staging rows, live rows, journal entries and finished queue rows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.listings.scrapes import PromotionCounts, StagedProperty
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.queue.queue import QueuedProperty, QueueOutcome
from pincali_sync.db.repositories.runs.sessions import ScrapeError
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import StatisticsNotOursError
from pincali_sync.items import Property
from pincali_sync.services.data_quality_service import QualityVerdict, judge
from pincali_sync.services.runs.job_service import JobTicket

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeResult:
    """What came of fetching one queued detail page: a page, or an error."""

    queued: QueuedProperty
    scraped: Property | None
    error: str | None = None
    error_type: str = "detail_error"  # or detail_http_error
    retry: bool = True  # False: trying again would not help
    is_gone: bool = False  # the page is not there: no verdict on the listing, and no failure


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedBatch:
    """What became of a batch of results."""

    promoted: PromotionCounts
    failed: int
    gone: int
    refused: int  # the lease had lapsed: somebody else has the page now


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """How often a page is tried, and how long the first wait is (it doubles)."""

    max_attempts: int
    retry_after: timedelta


class DataSyncService:
    """Saves results: a batch is one transaction, so a crash leaves none of it half done."""

    def __init__(self, db: Database, clock: Clock, policy: QueuePolicy) -> None:
        self._db = db
        self._clock = clock
        self._policy = policy

    async def save_results(
        self,
        results: Sequence[ScrapeResult],
        *,
        ticket: JobTicket,
        lease_token: UUID,
        rules: Sequence[ValidationRule],
    ) -> SavedBatch:
        """Stages, validates, promotes and journals pages and finishes their queue rows.

        Results whose lease lapsed are refused, whatever they say: the page is someone else's.

        Raises:
            SupersededError: when the job was given up meanwhile.
            DatabaseUnavailableError: when the database went away.
        """
        # One page twice in a batch is one page: the last result counts.
        latest = {result.queued.id: result for result in results}

        async def work(tx: UnitOfWork) -> SavedBatch:
            await ticket.assert_current(tx)
            held = await tx.scrapes.lock_leased(list(latest), lease_token)
            accepted = [result for key, result in latest.items() if key in held]
            saved = await self.save_in(tx, accepted, session_id=ticket.session_id, rules=rules)
            return replace(saved, refused=len(latest) - len(held))

        return await self._db.run(work)

    async def save_in(
        self,
        tx: UnitOfWork,
        results: Sequence[ScrapeResult],
        *,
        session_id: UUID,
        rules: Sequence[ValidationRule],
    ) -> SavedBatch:
        """Saves results as part of a transaction that has locked their queue rows."""
        now = self._clock.now()
        judged = [
            (result, result.scraped, judge(result.scraped, rules))
            for result in results
            if result.scraped is not None
        ]
        promoted = await self._promote(tx, [_staged(*each) for each in judged], session_id, now)
        failures = [result for result in results if result.scraped is None]
        outcomes = [_outcome_of_page(*each) for each in judged]
        outcomes += [_outcome_of_failure(result) for result in failures]
        await self.finish_in(tx, outcomes)
        gone = [result.queued.id for result in failures if result.is_gone]
        await tx.queue.forget_gone(gone)
        await tx.sessions.add_errors(
            session_id, [_error_row(result) for result in failures if not result.is_gone], now=now
        )
        return SavedBatch(
            promoted=promoted, failed=len(failures) - len(gone), gone=len(gone), refused=0
        )

    async def finish_in(self, tx: UnitOfWork, outcomes: Sequence[QueueOutcome]) -> None:
        """Finishes queue rows that the transaction has locked."""
        await tx.queue.finish(
            outcomes,
            max_attempts=self._policy.max_attempts,
            retry_after=self._policy.retry_after,
            now=self._clock.now(),
        )

    async def _promote(
        self, tx: UnitOfWork, rows: Sequence[StagedProperty], session_id: UUID, now: datetime
    ) -> PromotionCounts:
        if not rows:
            return PromotionCounts(new=0, updated=0, unchanged=0, rejected=0)
        await tx.scrapes.load(rows)
        await tx.reviews.keep_rejected_prices()
        await tx.reviews.flag_unusual(session_id=session_id, now=now)
        promoted = await tx.scrapes.stage(session_id=session_id, now=now)
        await tx.scrapes.promote(session_id=session_id, now=now)
        return promoted

    async def complete_session(self, session_id: UUID) -> None:
        """Sums a session's promotions up in `sync_metadata`; repeating it changes nothing."""

        async def work(tx: UnitOfWork) -> None:
            await tx.sessions.sum_up(session_id, now=self._clock.now())

        await self._db.run(work)

    async def refresh_statistics(self) -> None:
        """Brings `property_stats` up to date, beside its readers.

        An adopter's view may belong to another role: then it is left to them, with a warning.
        """
        try:
            async with self._db.transaction() as tx:
                await tx.live.refresh_statistics()
        except StatisticsNotOursError as error:
            logger.warning("%s", error)


def _staged(result: ScrapeResult, page: Property, verdict: QualityVerdict) -> StagedProperty:
    return StagedProperty(
        record_id=result.queued.property_id,
        scraped=page,
        accepted=verdict.accepted,
        completeness=verdict.completeness,
        verification_status="flagged" if verdict.warnings else "unverified",
    )


def _outcome_of_page(
    result: ScrapeResult, _page: Property, verdict: QualityVerdict
) -> QueueOutcome:
    return QueueOutcome(
        id=result.queued.id,
        succeeded=verdict.accepted,
        error="; ".join(verdict.errors) or None,
    )


def _outcome_of_failure(result: ScrapeResult) -> QueueOutcome:
    return QueueOutcome(
        id=result.queued.id,
        succeeded=False,
        error=result.error,
        retry=result.retry,
        is_gone=result.is_gone,
    )


def _error_row(result: ScrapeResult) -> ScrapeError:
    return ScrapeError(
        url=result.queued.source_url,
        error_type=result.error_type,
        message=result.error or "unknown",
        retry_count=result.queued.attempt_count - 1,
    )
