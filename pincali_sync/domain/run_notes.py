"""What a tier run notes about itself on its way: the JSON of `sync_runs.details`, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from pincali_sync.domain.anomalies import Anomaly
from pincali_sync.domain.coverage import Certificate, SourceScan

_FARTHER = 1.25  # than the last scan had to read


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapNote:
    """What the sitemap listed, and what it says about the pages."""

    urls: int = 0
    new_urls: int = 0
    complete: bool = False
    reasons: tuple[str, ...] = ()  # why it proves nothing
    on_pages_too: int = 0
    estimated_stock: int | None = None
    page_coverage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalsNote:
    """What became of the run's batch of removals."""

    batch: UUID | None = None
    status: str = ""
    proven: int | None = None
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetNote:
    """What the month is to refresh."""

    month: date | None = None
    stale: int = 0
    sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultNote:
    """A step that raised instead of doing its part."""

    times: int  # in a row
    error: str
    rests_until: datetime  # then it is tried again


class RunNotes(BaseModel):
    """Each step notes its part; nobody noted the rest, which then has its default.

    Rows of other versions are read too: what is not known here is left out.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    depths: Mapping[str, int] = {}  # pages to read by source; 0: all
    sources: tuple[SourceScan, ...] = ()
    certificates: tuple[Certificate, ...] = ()  # of full scans only
    # Of other scans, by source: the page from which on nothing was new; None: not reached.
    frontiers: Mapping[str, int | None] = {}
    anomalies: tuple[Anomaly, ...] = ()
    sitemap: SitemapNote | None = None
    sitemap_error: str | None = None
    verification: str | None = None  # why not all missing listings were verified
    verifies_until: datetime | None = None
    removals: RemovalsNote | None = None
    identity_candidates: int | None = None
    target: TargetNote | None = None
    drain: str | None = None  # what was left when the window ended
    quality: Mapping[str, Any] | None = None  # the month's report in short
    paused_tier: bool = False  # the run's end paused its tier
    fault: FaultNote | None = None
    waits_for: str | None = None  # a step's reason to wait longer than its work takes

    @property
    def is_scanned(self) -> bool:
        """Whether the scan was added up, whatever it found."""
        return "sources" in self.model_fields_set

    @property
    def held_up(self) -> str | None:
        """What keeps an open run from going on."""
        return self.fault.error if self.fault else self.waits_for

    @property
    def pages_lost(self) -> int:
        """Listing pages that the scan could not read."""
        return sum(scan.pages_lost for scan in self.sources)

    @property
    def removed(self) -> int:
        """Listings that were taken out."""
        return self.removals.removed if self.removals else 0

    def next_depth(self, planned: int, source: str, *, page_cap: int) -> int:
        """How many pages of a source (0: all) the tier's next run is to read.

        A scan that did not meet what the one before it knew is followed by one twice as deep, and
        one that met it by one that goes a little farther: what comes in the hours between two
        scans is about as much each time, and on a large site more than is planned for. In whole
        plans, so that runs stay alike: what is usual is told by those of one depth.
        """
        if not planned or source not in self.frontiers:
            return planned  # there was none to get to
        frontier = self.frontiers[source]
        if frontier is None:
            depth = 2 * self.depths.get(source, planned)
        else:
            depth = ceil(_FARTHER * frontier / planned) * planned
        return max(planned, min(depth, page_cap))

    def scan_of(self, source: str) -> SourceScan | None:
        """What was read of one source."""
        return next((scan for scan in self.sources if scan.source == source), None)

    def certificate_of(self, source: str) -> Certificate | None:
        """What that was worth; None where the scan was none of all pages."""
        return next((each for each in self.certificates if each.source == source), None)
