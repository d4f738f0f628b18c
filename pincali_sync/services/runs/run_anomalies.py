"""A run's scan held against the runs before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.anomalies import Anomaly, ScanShape, anomalies_of
from pincali_sync.domain.coverage import SourceScan


def unlike_before(
    run: SyncRun, scans: Sequence[SourceScan], runs: Iterable[SyncRun]
) -> tuple[Anomaly, ...]:
    """What of a run's scan is unusual.

    Args:
        runs: of the same tier. Those that were completed and read as deep are its predecessors.
    """
    earlier = [
        _shape(each.details.sources)
        for each in runs
        if each.id != run.id
        and each.status == "completed"
        and each.details.depths == run.details.depths
        and each.details.sources
    ]
    return anomalies_of(_shape(scans), earlier)


def say(anomaly: Anomaly) -> str:
    """One line for a person."""
    usual = "" if anomaly.usual is None else f", usually {anomaly.usual:.3g}"
    return f"{anomaly.what} {anomaly.value:.3g}{usual}"


def _shape(scans: Sequence[SourceScan]) -> ScanShape:
    priced = [scan.priced_entries for scan in scans]
    return ScanShape(
        pages=sum(scan.pages_read for scan in scans),
        cards=sum(scan.entries for scan in scans),
        unreadable=sum(scan.dropped for scan in scans),
        new=sum(scan.new_entries for scan in scans),
        priced=None if None in priced else sum(filter(None, priced)),
    )
