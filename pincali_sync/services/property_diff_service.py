"""What differs between the site and the live table: new, changed and missing listings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.queue.queue import QueuedProperty, QueueOutcome
from pincali_sync.db.repositories.removal.removals import (
    JudgedAnswer,
    PropertyRemovalCandidate,
    RemovalBatch,
)
from pincali_sync.db.repositories.scan.diff import PropertyPriceChange
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.liveness import Verdict
from pincali_sync.exceptions import UsageError
from pincali_sync.services.data_sync_service import DataSyncService, ScrapeResult
from pincali_sync.services.ports import Fetcher
from pincali_sync.services.removal.verify import VerificationResult, VerificationService
from pincali_sync.services.runs.job_service import JobTicket

__all__ = [
    "PropertyDiffService",
    "PropertyPriceChange",
    "PropertyRemovalCandidate",
    "PropertyRemovalResult",
    "RemovalBatch",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksRecorded:
    """How many verdicts of each kind a batch of checks brought."""

    by_verdict: dict[Verdict, int]
    refused: int  # the lease had lapsed: somebody else has the page now


class PropertyDiffService:
    """Compares; and is the only one that takes a listing out of the live table."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        sync: DataSyncService,
        verification: VerificationService,
        fetcher: Fetcher | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._sync = sync
        self._verification = verification
        self._fetcher = fetcher

    async def detect_new_properties(self, session_id: UUID) -> list[str]:
        """Records that the session saw and that are not live yet."""
        async with self._db.transaction() as tx:
            return await tx.diff.new_properties(session_id)

    async def detect_price_changes(self, session_id: UUID) -> list[PropertyPriceChange]:
        """Records whose card shows another price than the live table, like with like."""
        async with self._db.transaction() as tx:
            return list(await tx.diff.price_changes(session_id))

    async def detect_removed_properties(
        self, current_session_id: UUID
    ) -> list[PropertyRemovalCandidate]:
        """Counts what the session's certified scans did not see and what its sitemap dropped.

        Once, however often it is called. Without a certificate, or an earlier complete sitemap to
        compare with, nothing is missing: absence acts only after proof.

        Returns:
            The listings missing for the second time or more.
        """

        async def work(tx: UnitOfWork) -> list[PropertyRemovalCandidate]:
            began = await tx.sessions.started_at(current_session_id)
            if began is None:
                raise UsageError(f"there is no session {current_session_id}")
            now = self._clock.now()
            await tx.removals.count_missing(current_session_id, began=began, now=now)
            await tx.removals.count_delisted(current_session_id, now=now)
            return await tx.removals.candidates(current_session_id)

        return await self._db.run(work)

    async def confirm_removals(self, candidates: Sequence[str]) -> list[PropertyRemovalResult]:
        """Looks at the pages of these records and keeps the evidence; no status changes.

        Raises:
            UsageError: when this service was given nothing to fetch with.
            CalibrationError: when the site does not even show what is certainly there.
        """
        if self._fetcher is None:
            raise UsageError("removals are confirmed with a fetcher, and none was given")
        calibration = await self._verification.calibrate(self._fetcher)
        async with self._db.transaction() as tx:
            targets = [
                QueuedProperty.without_row(**each) for each in await tx.live.targets(candidates)
            ]
        results = [
            await self._verification.verify(target, self._fetcher, calibration)
            for target in targets
        ]

        async def work(tx: UnitOfWork) -> None:
            await tx.removals.record_checks(
                list(map(_judged, results)), session_id=None, now=self._clock.now()
            )

        await self._db.run(work)
        return [_result(each) for each in results]

    async def update_removal_status(self, property_id: str, confirmed: bool) -> None:
        """Takes one listing out of the live table, as its last check says, or keeps it."""

        async def work(tx: UnitOfWork) -> None:
            checks = await tx.removals.checks_of_property(property_id, limit=1)
            sold = bool(checks) and checks[0].verdict == Verdict.SOLD
            removed = ListingStatus.SOLD if sold else ListingStatus.CONFIRMED_REMOVED
            await tx.removals.set_status(
                property_id,
                removed if confirmed else ListingStatus.ACTIVE,
                reason=checks[0].evidence if checks else "by request",
                now=self._clock.now(),
            )

        await self._db.run(work)

    async def record_checks(
        self,
        results: Sequence[VerificationResult],
        *,
        ticket: JobTicket,
        lease_token: UUID,
        rules: Sequence[ValidationRule],
        max_attempts: int,
    ) -> ChecksRecorded:
        """Keeps verdicts, saves the pages of what is alive, and finishes the queue rows.

        All in one transaction, by lease: a worker that lost its lease changes nothing. "Alive"
        counts as a full scrape. An answer that another try may better goes back to the queue.

        Raises:
            SupersededError: when the job was given up meanwhile.
        """
        latest = {result.queued.id: result for result in results}

        async def work(tx: UnitOfWork) -> ChecksRecorded:
            await ticket.assert_current(tx)
            held = await tx.scrapes.lock_leased(list(latest), lease_token)
            accepted = [result for key, result in latest.items() if key in held]
            final = [each for each in accepted if not _try_again(each, max_attempts)]
            alive = [each for each in final if each.judgement.verdict is Verdict.ALIVE]
            others = [each for each in accepted if each not in alive]
            await self._sync.save_in(
                tx,
                [ScrapeResult(queued=each.queued, scraped=each.scraped) for each in alive],
                session_id=ticket.session_id,
                rules=rules,
            )
            await self._sync.finish_in(tx, [_outcome(each, max_attempts) for each in others])
            await tx.removals.record_checks(
                list(map(_judged, final)), session_id=ticket.session_id, now=self._clock.now()
            )
            verdicts = {each.queued.property_id: str(each.judgement.verdict) for each in final}
            await tx.audits.settle(verdicts, now=self._clock.now())
            return ChecksRecorded(by_verdict=_count(final), refused=len(latest) - len(held))

        return await self._db.run(work)


def _try_again(result: VerificationResult, max_attempts: int) -> bool:
    return result.judgement.may_change and result.queued.attempt_count < max_attempts


def _outcome(result: VerificationResult, max_attempts: int) -> QueueOutcome:
    again = _try_again(result, max_attempts)
    return QueueOutcome(
        id=result.queued.id,
        succeeded=not again,  # "unknown" is an answer too, once no further try is left
        error=result.judgement.evidence,
        retry=again,
    )


def _judged(result: VerificationResult) -> JudgedAnswer:
    return JudgedAnswer(
        property_id=result.queued.property_id, answer=result.answer, judgement=result.judgement
    )


def _result(result: VerificationResult) -> PropertyRemovalResult:
    return PropertyRemovalResult(
        property_id=result.queued.property_id,
        confirmed_removed=result.judgement.verdict.removes,
        http_status=result.answer.status,
        redirect_url=result.answer.redirect_url,
        verdict=result.judgement.verdict,
        evidence=result.judgement.evidence,
    )


def _count(results: Sequence[VerificationResult]) -> dict[Verdict, int]:
    verdicts = [result.judgement.verdict for result in results]
    return {verdict: verdicts.count(verdict) for verdict in Verdict if verdict in verdicts}
