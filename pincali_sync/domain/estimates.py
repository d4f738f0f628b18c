"""How much there is to read, and how long it takes at a pace."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pincali_sync.domain.coverage import SourceScan

_IN_PARTS = 1.05  # pages read for one that the source declares, as measured


@dataclass(frozen=True, slots=True, kw_only=True)
class FullScan:
    """What reading every listing page takes."""

    listings: int  # as the sources declare them; those in two sources count twice
    pages: int
    cards_a_page: int | None  # as the sources' declarations say; None: they declare nothing
    seconds: float

    @classmethod
    def of(cls, scans: Iterable[SourceScan], *, page_cap: int, gap_seconds: float) -> FullScan:
        """From what the sources declared, however little of them was read.

        Args:
            page_cap: pages that the site shows of a query; what has more is read in parts.
            gap_seconds: from one page to the next.
        """
        scans = list(scans)
        pages = sum(_pages_of(each, page_cap) for each in scans)
        sizes = (
            math.ceil(each.declared_total / each.declared_pages)
            for each in scans
            if each.declared_total and each.declared_pages
        )
        return cls(
            listings=sum(each.declared_total or 0 for each in scans),
            pages=pages,
            cards_a_page=max(sizes, default=None),  # of a source with few pages it is too low
            seconds=pages * gap_seconds,
        )


def _pages_of(scan: SourceScan, page_cap: int) -> int:
    """Page 1 is read once more at the end; parts end with pages that are not full."""
    declared = scan.declared_pages or 0
    return 1 + (declared if declared <= page_cap else math.ceil(_IN_PARTS * declared))
