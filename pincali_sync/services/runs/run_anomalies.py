"""A run's scan held against the runs before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

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
    depths = run.details.get("depths")
    earlier = [
        _shape(each.details["sources"])
        for each in runs
        if each.id != run.id
        and each.status == "completed"
        and each.details.get("depths") == depths
        and each.details.get("sources")
    ]
    return anomalies_of(_shape([asdict(scan) for scan in scans]), earlier)


def say(anomaly: Anomaly) -> str:
    """One line for a person."""
    usual = "" if anomaly.usual is None else f", usually {anomaly.usual:.3g}"
    return f"{anomaly.what} {anomaly.value:.3g}{usual}"


def _shape(sources: Sequence[Mapping[str, Any]]) -> ScanShape:
    priced = [source.get("priced_entries") for source in sources]
    return ScanShape(
        pages=sum(source["pages_read"] for source in sources),
        cards=sum(source["entries"] for source in sources),
        unreadable=sum(source["dropped"] for source in sources),
        new=sum(source["new_entries"] for source in sources),
        priced=None if None in priced else sum(map(int, filter(None, priced))),
    )
