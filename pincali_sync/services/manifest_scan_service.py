"""Listing pages become manifest rows, differences and queue rows, in one transaction a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from pincali_sync.db.repositories.queue.queue_fill import Filling
from pincali_sync.db.repositories.scan.manifest_batch import BatchCounts
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.coverage import Certificate, certify
from pincali_sync.domain.listing_walk import WalkSummary
from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.runs.job_service import JobTicket

_MARK_SEEN_CHUNK = 5_000


class ManifestScanService(Service):
    """Records what a scan reads. Repeating a page changes nothing.

    Raises:
        SupersededError: whatever is recorded for a job that was given up meanwhile.
    """

    @in_transaction
    async def record_pages(
        self, tx: UnitOfWork, pages: Sequence[ManifestPage], ticket: JobTicket
    ) -> BatchCounts:
        """Upserts, compares and queues a batch of pages: all of it or nothing.

        Positive evidence acts at once: a listing that is seen is upserted, its price compared
        and its detail page queued here, while the scan still runs.
        """
        now, session_id = self.clock.now(), ticket.session_id
        await ticket.assert_current(tx)
        await tx.manifest_batch.stage(pages)
        counts = await tx.manifest_batch.compare()
        queued = await tx.queue_fill.fill_from_batch(
            Filling.of(self.config, ticket.run_id, now=now)
        )
        await tx.manifest_store.apply_to_live(session_id=session_id, now=now)
        await tx.manifest_store.store(session_id=session_id, now=now)
        await tx.manifest_pages.record_read(
            pages, session_id=session_id, job_id=ticket.job_id, now=now
        )
        return replace(counts, queued=queued)

    @in_transaction
    async def record_lost_page(self, tx: UnitOfWork, page: LostPage, ticket: JobTicket) -> None:
        """Writes down that a page could not be read."""
        await ticket.assert_current(tx)
        await tx.manifest_pages.record_lost(
            page, session_id=ticket.session_id, job_id=ticket.job_id, now=self.clock.now()
        )

    @in_transaction
    async def record_walk(self, tx: UnitOfWork, walk: WalkSummary, ticket: JobTicket) -> None:
        """Writes down that a source was walked through to its end."""
        await ticket.assert_current(tx)
        await tx.manifest_pages.record_walk(
            walk, session_id=ticket.session_id, now=self.clock.now()
        )

    @in_transaction
    async def certify(self, tx: UnitOfWork, session_id: UUID) -> list[Certificate]:
        """Issues a certificate for each source of a full scan; repeating it changes nothing.

        A source that the session did not touch has none, and proves nothing.
        """
        scans = await tx.manifest.scans_of(session_id)
        expected = await tx.certificates.expected(session_id)
        certificates = [certify(scan, expected=expected.get(scan.source)) for scan in scans]
        await tx.certificates.issue(session_id, scans, certificates, expected, now=self.clock.now())
        return certificates

    async def mark_live_as_seen(self, session_id: UUID) -> None:
        """Copies the times of a session's sightings to the live rows, a chunk a transaction."""
        after: str | None = ""
        while after is not None:
            async with self.db.transaction() as tx:
                after = await tx.live.mark_seen(session_id, after=after, size=_MARK_SEEN_CHUNK)
