"""What the rows of runs tell: how far an open one is, what a scan found, how much bears fruit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import median

from pincali_sync.db.repositories.queue.queue import RunQueueCounts
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.runs.sessions import SourcePages
from pincali_sync.domain.tiers import ListingSource

_ORDER = {source.value: place for place, source in enumerate(ListingSource)}
# So many earlier runs say what is usual; more of them would remember another season.
_PREDECESSORS = 8
# The spec: "Track success rate per tier and auto-pause if <90%".
MIN_RATE = 0.90
# Over this many runs, so that one bad hour is told from a bad day; few requests tell nothing.
RUNS_JUDGED = 5
_MIN_REQUESTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProgress:
    """How far the scan of one source has come."""

    source: str
    pages_read: int
    pages_lost: int
    pages_expected: int | None  # None: nothing tells yet


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """One open run, its scan and the pages it queued."""

    run: SyncRun
    sources: tuple[SourceProgress, ...]  # empty: it scans nothing, or has not begun to
    queue: RunQueueCounts

    @property
    def pages_read(self) -> int:
        """Of all sources."""
        return sum(each.pages_read for each in self.sources)

    @property
    def pages_expected(self) -> int | None:
        """Of all sources; None while one of them is unknown."""
        known = [each.pages_expected for each in self.sources if each.pages_expected is not None]
        return sum(known) if known and len(known) == len(self.sources) else None


def progress_of(
    run: SyncRun,
    pages: Sequence[SourcePages],
    queue: RunQueueCounts,
    earlier: Sequence[SyncRun],
) -> RunProgress:
    """Adds up what was read, and says of how much.

    Args:
        earlier: runs of the same tier before this one, the latest first.
    """
    begun = {each.source: each for each in pages}
    sources = [
        _source(begun.get(source) or SourcePages(source=source), depth, earlier)
        for source, depth in run.details.depths.items()
    ]
    sources.sort(key=lambda each: _ORDER.get(each.source, len(_ORDER)))
    return RunProgress(run=run, queue=queue, sources=tuple(sources))


def _source(pages: SourcePages, depth: int, earlier: Sequence[SyncRun]) -> SourceProgress:
    """Of so many pages as the walk said at its end, else its depth, else as the last full scan."""
    expected = pages.pages_wanted
    if expected is None and depth:
        declared = pages.pages_declared
        expected = depth if declared is None else min(depth, declared)
    elif expected is None:
        full = (run.details for run in earlier if run.status == "completed")
        scans = (each.scan_of(pages.source) for each in full if each.depths.get(pages.source) == 0)
        expected = next((scan.pages_read for scan in scans if scan), None)
    return SourceProgress(
        source=pages.source,
        pages_read=pages.pages_read,
        pages_lost=pages.pages_lost,
        pages_expected=expected,
    )


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


def success_rate(runs: Sequence[SyncRun]) -> float | None:
    """Good requests by all requests of the runs; None for fewer than fifty."""
    lost = sum(run.details.pages_lost for run in runs)
    read = sum(run.pages_scanned for run in runs)
    errors = sum(run.error_count for run in runs)  # lost pages and failed details
    requests = read + lost + sum(run.properties_scraped for run in runs) + max(0, errors - lost)
    return None if requests < _MIN_REQUESTS else 1 - errors / requests


def not_judged_yet(runs: Sequence[SyncRun]) -> list[SyncRun]:
    """Of a tier's runs, the latest first, those since its last automatic pause."""
    return list(takewhile(lambda run: not run.details.paused_tier, runs))
