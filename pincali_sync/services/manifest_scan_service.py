"""Listing pages become manifest rows, differences and queue rows, in one transaction a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.scan.manifest_batch import BatchCounts
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.coverage import Certificate, certify
from pincali_sync.domain.listing_walk import PageFacts, WalkSummary
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.items import ManifestPage
from pincali_sync.services.runs.job_service import JobTicket

_MARK_SEEN_CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPage:
    """A listing page that could not be read after all its attempts."""

    url: str
    source: str
    page_number: int
    error: str
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBatch:
    """What a batch held, and how many detail pages it added to the queue."""

    counts: BatchCounts
    queued: int


class ManifestScanService:
    """Records what a scan reads. Repeating a page changes nothing."""

    def __init__(self, db: Database, clock: Clock, *, queue_max_pending: int) -> None:
        self._db = db
        self._clock = clock
        self._max_pending = queue_max_pending

    async def record_pages(self, pages: Sequence[ManifestPage], ticket: JobTicket) -> RecordedBatch:
        """Upserts, compares and queues a batch of pages: all of it or nothing.

        Positive evidence acts at once: a listing that is seen is upserted, its price compared
        and its detail page queued here, while the scan still runs.

        Raises:
            SupersededError: when the job was given up meanwhile.
            DatabaseUnavailableError: when the database went away.
        """

        async def work(tx: UnitOfWork) -> RecordedBatch:
            now = self._clock.now()
            await ticket.assert_current(tx)
            await tx.manifest_batch.stage(pages)
            counts = await tx.manifest_batch.compare()
            queued = await tx.queue_fill.fill_from_batch(
                run_id=ticket.run_id, max_pending=self._max_pending, now=now
            )
            await tx.manifest_batch.apply_to_live(session_id=ticket.session_id, now=now)
            await tx.manifest_batch.store(
                pages, session_id=ticket.session_id, job_id=ticket.job_id, now=now
            )
            return RecordedBatch(counts=counts, queued=queued)

        return await self._db.run(work)

    async def record_lost_page(self, page: LostPage, ticket: JobTicket) -> None:
        """Writes down that a page could not be read.

        Raises:
            SupersededError: when the job was given up meanwhile.
        """

        async def work(tx: UnitOfWork) -> None:
            await ticket.assert_current(tx)
            await tx.manifest.record_lost_page(
                session_id=ticket.session_id,
                job_id=ticket.job_id,
                source=page.source,
                part=page.part,
                page_number=page.page_number,
                url=page.url,
                error=page.error,
                now=self._clock.now(),
            )

        await self._db.run(work)

    async def pages_read(
        self, ticket: JobTicket, source: ListingSource
    ) -> dict[tuple[str, int], PageFacts]:
        """The checkpoints: what earlier attempts of the ticket's session read of a source."""
        async with self._db.transaction() as tx:
            return await tx.manifest.pages_read(ticket.session_id, source.value)

    async def record_walk(self, walk: WalkSummary, ticket: JobTicket) -> None:
        """Writes down that a source was walked through to its end.

        Raises:
            SupersededError: when the job was given up meanwhile.
        """

        async def work(tx: UnitOfWork) -> None:
            await ticket.assert_current(tx)
            await tx.manifest.record_walk(ticket.session_id, walk, now=self._clock.now())

        await self._db.run(work)

    async def certify(self, session_id: UUID) -> list[Certificate]:
        """Issues a certificate for each source of a full scan; repeating it changes nothing.

        A source that the session did not touch has none, and proves nothing.
        """

        async def work(tx: UnitOfWork) -> list[Certificate]:
            scans = await tx.manifest.scans_of(session_id)
            expected = await tx.removals.expected(session_id)
            certificates = [certify(scan, expected=expected.get(scan.source)) for scan in scans]
            await tx.removals.issue(session_id, certificates, now=self._clock.now())
            return certificates

        return await self._db.run(work)

    async def mark_live_as_seen(self, session_id: UUID) -> None:
        """Copies the times of a session's sightings to the live rows, a chunk a transaction."""
        after: str | None = ""
        while after is not None:
            async with self._db.transaction() as tx:
                after = await tx.live.mark_seen(session_id, after=after, size=_MARK_SEEN_CHUNK)
