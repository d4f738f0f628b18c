"""Listing pages become manifest rows, differences and queue rows, in one transaction a batch.

Or, in a dry run, only a report of what they would change.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.repositories.scan.familiar import Sorted
from pincali_sync.db.repositories.scan.manifest_batch import BatchCounts, PreviewedRecord
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.coverage import Certificate, SourceScan, certify, reasons_to_distrust
from pincali_sync.domain.listing_walk import END
from pincali_sync.domain.people import Forgotten
from pincali_sync.domain.walk_summary import WalkSummary
from pincali_sync.items import LostPage, ManifestPage
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.runs.job_service import JobTicket

logger = logging.getLogger(__name__)


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
        expected = await tx.certificates.expected(session_id)
        certificates = [certify(scan, expected=expected.get(scan.source)) for scan in scans]
        await tx.certificates.issue(session_id, scans, certificates, expected, now=self.clock.now())
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


class ScanPreview:
    """Collects pages as a scan reads them; holds one short entry a record in memory."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._began = clock.now()
        self._records: dict[str, PreviewedRecord] = {}
        self._scans: dict[str, SourceScan] = {}
        self._cards: dict[str, set[str]] = {}

    async def add(self, pages: Sequence[ManifestPage]) -> None:
        """Compares pages with the database as `ManifestScanService.record_pages` does."""
        async with self._db.rolled_back() as tx:
            await tx.manifest_batch.stage(pages, now=self._clock.now())
            await tx.manifest_batch.compare()
            for record in await tx.manifest_batch.preview():
                self._records.setdefault(record.property_id, record)
        for page in pages:
            self._add_page(page)

    def add_lost(self, source: str) -> None:
        """A page that could not be read."""
        scan = self._scan(source)
        self._scans[source] = replace(scan, pages_lost=scan.pages_lost + 1)

    def add_walk(self, walk: WalkSummary) -> None:
        """A source was walked through to its end."""
        scan = self._scan(walk.source.value)
        self._scans[scan.source] = replace(
            scan, pages_wanted=walk.pages_wanted, gaps=walk.gaps, holes=walk.holes
        )

    async def report(self, *, all_pages: bool) -> dict[str, Any]:
        """What the pages so far would change, as plain values.

        Args:
            all_pages: the scan was asked for everything, so absence may be looked at.
        """
        records, scans = self._records.values(), list(self._scans.values())
        unproven = {"missing": 0, "likely_removed": 0, "uncertified": []}
        return {
            "pages_read": sum(scan.pages_read for scan in scans),
            "pages_lost": sum(scan.pages_lost for scan in scans),
            "properties_seen": len(records),
            "new_properties": sum(record.is_new for record in records),
            "price_changes": sum(record.price_changed for record in records),
            "relisted": sum(record.is_relisted for record in records),
            "would_queue": sum(record.would_be_queued for record in records),
            **(await self._absence(scans) if all_pages else unproven),
            "distrust": reasons_to_distrust(scans),
            "sources": [
                {
                    "source": scan.source,
                    "declared_listings": scan.declared_total,
                    "declared_pages": scan.declared_pages,
                    "different_listings": scan.distinct_properties,
                }
                for scan in scans
            ],
        }

    async def _absence(self, scans: Sequence[SourceScan]) -> dict[str, Any]:
        """What would be missing once more, and of that again; and which sources prove nothing."""
        async with self._db.rolled_back() as tx:
            expected = await tx.certificates.expected(None)
            certificates = [certify(scan, expected=expected.get(scan.source)) for scan in scans]
            missing, likely = await tx.missing.preview(
                list(self._records), certificates, began=self._began
            )
        uncertified = [
            f"{each.source}: {', '.join(each.reasons) or 'the first certified scan'}"
            for each in certificates
            if not each.proves_absence
        ]
        return {"missing": missing, "likely_removed": likely, "uncertified": uncertified}

    def _scan(self, source: str) -> SourceScan:
        return self._scans.get(source) or SourceScan(source=source, started_at=self._began)

    def _add_page(self, read: ManifestPage) -> None:
        scan, page = self._scan(read.source), read.page
        cards = self._cards.setdefault(read.source, set())
        cards.update(entry.property_id for entry in page.entries)
        if read.partition in {"", END}:  # parts declare their own totals
            first, total = scan.total_at_start, page.total_listings
            scan = replace(
                scan,
                total_at_start=total if first is None else first,
                declared_total=scan.declared_total if total is None else total,
                declared_pages=page.total_pages or scan.declared_pages,
            )
        self._scans[read.source] = replace(
            scan,
            pages_read=scan.pages_read + 1,
            entries=len(cards),
            distinct_properties=len(cards),
            dropped=scan.dropped + len(page.unreadable_cards),
            ended_at=self._clock.now(),
        )
