"""What a run's scan found, and what it should have found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from pincali_sync.db.repositories.runs.runs import SyncRun

# So many earlier runs say what is usual; more of them would remember another season.
_PREDECESSORS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceYield:
    """One source in a run's scan."""

    source: str
    found: int  # distinct listings
    expected: int | None  # None: nothing to compare with

    @property
    def ratio(self) -> float | None:
        """Found by expected; None without an expectation."""
        return self.found / self.expected if self.expected else None


def yields_of(
    run: SyncRun, earlier: Sequence[SyncRun], certified: Mapping[str, int]
) -> tuple[SourceYield, ...]:
    """What a run's scan found by source; empty before its scan is over.

    A full scan is held against the last certified one of the source; any other against the
    median of earlier runs that read as many pages of it.

    Args:
        earlier: runs of the same tier before this one, the latest first.
        certified: by source, what its last certified scan before this one found.
    """
    depths = run.details.depths
    return tuple(
        SourceYield(
            source=scan.source,
            found=scan.distinct_properties,
            expected=(
                _usual(scan.source, depths[scan.source], earlier)
                if depths.get(scan.source)
                else certified.get(scan.source)
            ),
        )
        for scan in run.details.sources
    )


def drop_of(yields: Sequence[SourceYield]) -> float | None:
    """By how much a scan fell short of what it should have found, over all sources."""
    expected = sum(each.expected or 0 for each in yields)
    if not expected:
        return None
    found = sum(each.found for each in yields if each.expected)
    return (expected - found) / expected


def _usual(source: str, depth: int, earlier: Sequence[SyncRun]) -> int | None:
    found = [
        scan.distinct_properties
        for run in earlier
        if run.status == "completed" and run.details.depths.get(source) == depth
        if (scan := run.details.scan_of(source))
    ][:_PREDECESSORS]
    return round(median(found)) if found else None
