"""A dry run of a scan: what its pages would change. Nothing of it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.scan.manifest_batch import PreviewedRecord
from pincali_sync.domain.coverage import SourceScan, certify, reasons_to_distrust
from pincali_sync.domain.listing_walk import END, WalkSummary
from pincali_sync.items import ManifestPage


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewReport:
    """What a scan would have changed."""

    pages_read: int
    pages_lost: int
    properties_seen: int
    new_properties: int
    price_changes: int
    relisted: int
    would_queue: int
    missing: int  # would count as missing once more
    likely_removed: int  # of those, missing for the second time or more
    uncertified: tuple[str, ...]  # sources that would prove no absence, and why
    distrust: tuple[str, ...]  # why the run would have failed

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class ScanPreview:
    """Collects pages as a scan reads them; holds one short entry a record in memory."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._records: dict[str, PreviewedRecord] = {}
        self._pages: dict[str, list[ManifestPage]] = {}
        self._cards: dict[str, set[str]] = {}
        self._lost: dict[str, int] = {}
        self._walks: dict[str, WalkSummary] = {}
        self._began = clock.now()

    async def add(self, pages: Sequence[ManifestPage]) -> None:
        """Compares pages with the database as `ManifestScanService.record_pages` does."""
        async with self._db.rolled_back() as tx:
            await tx.manifest_batch.stage(pages)
            await tx.manifest_batch.compare()
            for record in await tx.manifest_batch.preview():
                self._records.setdefault(record.property_id, record)
        for page in pages:
            ids = self._cards.setdefault(page.source, set())
            ids.update(entry.property_id for entry in page.page.entries)
            # The cards are counted: only what the page says of the whole query is kept.
            frame = replace(page.page, entries=())
            self._pages.setdefault(page.source, []).append(replace(page, page=frame))

    def add_lost(self, source: str) -> None:
        """A page that could not be read."""
        self._lost[source] = self._lost.get(source, 0) + 1

    def add_walk(self, walk: WalkSummary) -> None:
        """A source was walked through to its end."""
        self._walks[walk.source.value] = walk

    async def report(self, *, all_pages: bool) -> PreviewReport:
        """What the pages so far would change.

        Args:
            all_pages: the scan was asked for everything, so absence may be looked at.
        """
        scans = [self._scan(source) for source in {*self._pages, *self._lost}]
        records = list(self._records.values())
        missing, likely, uncertified = 0, 0, tuple[str, ...]()
        if all_pages:
            missing, likely, uncertified = await self._missing(scans)
        new = sum(record.is_new for record in records)
        changed = sum(record.price_changed for record in records)
        relisted = sum(record.is_relisted for record in records)
        return PreviewReport(
            pages_read=sum(scan.pages_read for scan in scans),
            pages_lost=sum(scan.pages_lost for scan in scans),
            properties_seen=len(records),
            new_properties=new,
            price_changes=changed,
            relisted=relisted,
            would_queue=sum(record.would_be_queued for record in records),
            missing=missing,
            likely_removed=likely,
            uncertified=uncertified,
            distrust=tuple(reasons_to_distrust(scans)),
        )

    async def _missing(self, scans: Sequence[SourceScan]) -> tuple[int, int, tuple[str, ...]]:
        async with self._db.rolled_back() as tx:
            expected = await tx.removals.expected(None)
            certificates = [certify(scan, expected=expected.get(scan.source)) for scan in scans]
            missing, likely = await tx.removals.preview_missing(
                list(self._records),
                complete=[each.scan.source for each in certificates if each.proves_absence],
                began=self._began,
            )
        return (
            missing,
            likely,
            tuple(
                f"{each.scan.source}: {', '.join(each.reasons) or 'the first certified scan'}"
                for each in certificates
                if not each.proves_absence
            ),
        )

    def _scan(self, source: str) -> SourceScan:
        pages, walk = self._pages.get(source, ()), self._walks.get(source)
        plain = [page.page for page in pages if page.part in ("", END)]
        totals = [page.total_listings for page in plain if page.total_listings is not None]
        counts = [page.total_pages for page in plain if page.total_pages is not None]
        return SourceScan(
            source=source,
            pages_read=len(pages),
            pages_lost=self._lost.get(source, 0),
            entries=len(self._cards.get(source, ())),
            dropped=sum(len(page.page.unreadable_cards) for page in pages),
            new_entries=0,
            changed_entries=0,
            distinct_properties=len(self._cards.get(source, ())),
            declared_total=totals[-1] if totals else None,
            declared_pages=counts[-1] if counts else None,
            total_at_start=totals[0] if totals else None,
            started_at=self._began,
            ended_at=self._clock.now(),
            pages_wanted=walk.pages_wanted if walk else None,
            gaps=walk.gaps if walk else (),
        )
