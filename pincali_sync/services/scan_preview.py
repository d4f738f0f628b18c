"""What a scan would change, for a dry run: nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.scan.manifest_batch import PreviewedRecord
from pincali_sync.domain.coverage import SourceScan, certify, reasons_to_distrust
from pincali_sync.domain.listing_walk import END
from pincali_sync.domain.walk_summary import WalkSummary
from pincali_sync.items import ManifestPage


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
        """Compares pages with the database as `upsert_manifest_entries` does."""
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
            lower = await tx.certificates.lower_marks(None, began=self._began)
            certificates = [
                certify(scan, expected=expected.get(scan.source), lower=lower.get(scan.source))
                for scan in scans
            ]
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
