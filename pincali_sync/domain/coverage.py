"""What a scan read, and whether that is enough to go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# The spec: more than a tenth of the pages lost aborts the scan.
MAX_LOST_SHARE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScan:
    """What one session read of one listing source."""

    source: str
    pages_read: int
    pages_lost: int
    entries: int  # cards, repeated ones included
    dropped: int  # cards that were no entry
    new_entries: int
    changed_entries: int
    distinct_properties: int
    declared_total: int | None  # as the last page read declared it
    declared_pages: int | None


def too_many_lost(read: int, lost: int) -> bool:
    """Whether more than a tenth of the pages are lost."""
    return lost > MAX_LOST_SHARE * (read + lost)


def reasons_to_distrust(scans: Sequence[SourceScan]) -> list[str]:
    """Why a scan must be counted as failed; empty: it may be used.

    A page that answers with no cards is no evidence of an empty market: a scan without a single
    listing has found a fault, of the site or of the parser.
    """
    read = sum(scan.pages_read for scan in scans)
    lost = sum(scan.pages_lost for scan in scans)
    if read + lost == 0:
        return ["no page was asked for"]
    reasons = []
    if too_many_lost(read, lost):
        reasons.append(f"{lost} of {read + lost} pages were lost, more than a tenth")
    if sum(scan.entries for scan in scans) == 0:
        reasons.append("no listing on any page: an outage, or markup that changed")
    reasons += [
        f"{scan.source}: no listing on {scan.pages_read} pages that declare {scan.declared_total}"
        for scan in scans
        if scan.pages_read and scan.entries == 0 and scan.declared_total
    ]
    return reasons
