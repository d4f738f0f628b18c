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
    found = {each.source: each for each in pages}
    return RunProgress(
        run=run,
        queue=queue,
        sources=tuple(
            SourceProgress(
                source=source,
                pages_read=found[source].pages_read if source in found else 0,
                pages_lost=found[source].pages_lost if source in found else 0,
                pages_expected=_expected(found.get(source), source, depth, earlier),
            )
            for source, depth in sorted(
                run.details.depths.items(), key=lambda each: _ORDER.get(each[0], len(_ORDER))
            )
        ),
    )


def _expected(
    pages: SourcePages | None, source: str, depth: int, earlier: Sequence[SyncRun]
) -> int | None:
    """What the walk said at its end, else its depth, else what the last full scan took."""
    if pages is not None and pages.pages_wanted is not None:
        return pages.pages_wanted
    if depth:
        declared = pages.pages_declared if pages is not None else None
        return depth if declared is None else min(depth, declared)
    return next(
        (
            scan.pages_read
            for run in earlier
            if run.status == "completed" and run.details.depths.get(source) == 0
            if (scan := run.details.scan_of(source))
        ),
        None,
    )
