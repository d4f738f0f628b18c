"""How far an open run has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pincali_sync.db.repositories.queue.queue import RunQueueCounts
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.runs.sessions import SourcePages
from pincali_sync.domain.tiers import ListingSource

_ORDER = {source.value: place for place, source in enumerate(ListingSource)}


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
