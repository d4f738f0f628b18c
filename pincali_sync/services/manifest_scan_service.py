"""Listing pages become manifest rows, differences and queue rows, in one transaction a batch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.repositories.scan.familiar import Sorted
from pincali_sync.db.repositories.scan.manifest_batch import BatchCounts
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.coverage import Certificate, certify
from pincali_sync.domain.people import Forgotten
from pincali_sync.domain.walk_summary import WalkSummary
from pincali_sync.exceptions import RunnerError
from pincali_sync.items import LostPage, ManifestEntry, ManifestPage
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.runs.job_service import JobTicket
from pincali_sync.services.runs.local_jobs import LocalJobs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestScanResult:
    """What a scan by hand read."""

    pages_scanned: int
    properties_found: int
    new_properties: int
    price_changes: int
    duration_seconds: float
    errors: tuple[str, ...]  # pages that each source lost, and why the scan failed


@dataclass(frozen=True, kw_only=True)
class ManifestScanService(Service):
    """Records what a scan reads. Repeating a page changes nothing.

    Raises:
        SupersededError: whatever is recorded for a job that was given up meanwhile.
    """

    local: LocalJobs

    async def run_manifest_scan(
        self, max_pages: int, session_id: UUID | None = None
    ) -> ManifestScanResult:
        """Reads listing pages of all sources in a process of this machine, which stores them.

        Args:
            max_pages: of each source; 0: all.
            session_id: of a scan to go on with.

        Raises:
            PausedError, BlockedError: as `LocalJobs.run` does.
        """
        session_id, began = session_id or uuid4(), self.clock.now()
        errors = []
        try:
            await self.local.run("manifest", {"max_pages": str(max_pages)}, session_id=session_id)
        except RunnerError as error:  # what it read before is stored
            errors.append(str(error))
        async with self.db.transaction() as tx:
            scans = await tx.manifest.scans_of(session_id)
            found = await tx.manifest.distinct_seen(session_id)
        lost = [f"{each.source}: {each.pages_lost} lost" for each in scans if each.pages_lost]
        return ManifestScanResult(
            pages_scanned=sum(scan.pages_read for scan in scans),
            properties_found=found,
            new_properties=sum(scan.new_entries for scan in scans),
            price_changes=sum(scan.changed_entries for scan in scans),
            duration_seconds=(self.clock.now() - began).total_seconds(),
            errors=(*lost, *errors),
        )

    @staticmethod
    def parse_listing_page_for_manifest(html: str | bytes, page_url: str) -> list[ManifestEntry]:
        """The cards of a listing page, as the manifest spider reads them.

        Raises:
            PageError: as `parse_listing_page` does.
        """
        return list(parse_listing_page(html, page_url).entries)

    @in_transaction
    async def upsert_manifest_entries(
        self, tx: UnitOfWork, pages: Sequence[ManifestPage], ticket: JobTicket
    ) -> BatchCounts:
        """Upserts, compares and queues a batch of pages: all of it or nothing.

        Positive evidence acts at once: a listing that is seen is upserted, its price compared
        and its detail page queued here, while the scan still runs.
        """
        now, session_id = self.clock.now(), ticket.session_id
        await ticket.assert_current(tx)
        forgotten = await tx.people.forgotten()
        if forgotten:
            pages = [_without(forgotten, each) for each in pages]
        found = await tx.familiar.find(pages)
        counts, changed = BatchCounts(), {}
        if found.others:
            counts = await self._record_others(tx, found, ticket, now)
            changed = await tx.manifest_batch.by_page()
        await tx.familiar.touch(found, pages, session_id=session_id, now=now)
        await tx.manifest_store.record_read(
            pages, changed, session_id=session_id, job_id=ticket.job_id, now=now
        )
        return replace(counts, records=counts.records + found.records)

    async def _record_others(
        self, tx: UnitOfWork, found: Sorted, ticket: JobTicket, now: datetime
    ) -> BatchCounts:
        """Cards that are not familiar: new, changed, or of a record that awaits them."""
        session_id = ticket.session_id
        await tx.manifest_batch.stage(found.others, digests=found.digests, now=now)
        if not self.config.store_agent_data:
            await tx.people.clear_cards()
        counts = await tx.manifest_batch.compare()
        if counts.takeovers:
            await tx.takeovers.withdraw(now=now)
        queued = await tx.queue_fill.fill_from_batch(
            Filling.of(self.config, ticket.run_id, now=now)
        )
        await tx.manifest_store.apply_to_live(session_id=session_id, now=now)
        if counts.takeovers:
            await tx.takeovers.note(session_id=session_id, now=now)
        await tx.manifest_store.store(session_id=session_id, now=now)
        return replace(counts, queued=queued)

    @in_transaction
    async def record_lost_page(self, tx: UnitOfWork, page: LostPage, ticket: JobTicket) -> None:
        """Writes down that a page could not be read."""
        await ticket.assert_current(tx)
        await tx.manifest_store.record_lost(
            page, session_id=ticket.session_id, job_id=ticket.job_id, now=self.clock.now()
        )

    @in_transaction
    async def record_walk(self, tx: UnitOfWork, walk: WalkSummary, ticket: JobTicket) -> None:
        """Writes down that a source was walked through to its end, and what it saw of the site."""
        await ticket.assert_current(tx)
        await tx.manifest_store.record_walk(
            walk, session_id=ticket.session_id, now=self.clock.now()
        )
        cap = walk.page_cap
        if cap is not None and await tx.pace.see_page_cap(self.config.site_host, cap):
            logger.warning("the site shows %d pages of a query; scans go by that from now on", cap)

    @in_transaction
    async def page_cap(self, tx: UnitOfWork) -> int:
        """How many pages of a query the site shows, as a walk saw; until then as configured."""
        return await tx.pace.page_cap(self.config.site_host) or self.config.site_page_cap

    @in_transaction
    async def certify(self, tx: UnitOfWork, session_id: UUID) -> list[Certificate]:
        """Issues a certificate for each source of a full scan; repeating it changes nothing.

        A source that the session did not touch has none, and proves nothing.
        """
        scans = await tx.manifest.scans_of(session_id)
        now = self.clock.now()
        expected = await tx.certificates.expected(session_id)
        began = min((scan.started_at for scan in scans if scan.started_at), default=now)
        lower = await tx.certificates.lower_marks(session_id, began=began)
        certificates = [
            certify(scan, expected=expected.get(scan.source), lower=lower.get(scan.source))
            for scan in scans
        ]
        await tx.certificates.issue(session_id, scans, certificates, expected, now=now)
        if not any(each.corners for each in certificates):
            return certificates
        covered = await tx.certificates.covered(session_id)
        return [
            replace(each, covered=covered.get(each.source, each.covered)) for each in certificates
        ]

    async def mark_live_as_seen(self, session_id: UUID) -> None:
        """Copies the times of a session's sightings to the live rows, a chunk a transaction."""
        records = await self.db.run(lambda tx: tx.live.seen_in(session_id))
        await self.in_chunks(records, lambda tx, chunk: tx.live.mark_seen(chunk))


def _without(forgotten: Forgotten, read: ManifestPage) -> ManifestPage:
    """A page whose cards' titles name nobody who is kept out."""
    entries = tuple(
        replace(card, listing_page_title=title and forgotten.taken_from(title))
        for card in read.page.entries
        for title in (card.listing_page_title,)
    )
    return replace(read, page=replace(read.page, entries=entries))
