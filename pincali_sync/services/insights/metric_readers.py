"""How the values of metrics are read from a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from pincali_sync.db.repositories.insights.figures import CertificateFigures
from pincali_sync.domain.statistics import wilson_interval
from pincali_sync.services.insights.snapshot import (
    RUNNER,
    LiveFigures,
    QueueFigures,
    Snapshot,
    TierFigures,
)

Labelled = tuple[tuple[str, ...], float | None]  # label values and value; None: there is none
Reader = Callable[[Snapshot], Iterable[Labelled]]

# Fewer finished pages than this tell nothing about how many fail.
_MIN_FINISHED = 50
_PERCENT_DAYS = (7, 14, 30)


def one(value: Callable[[Snapshot], float | None]) -> Reader:
    return lambda snapshot: [((), value(snapshot))]


def of_tiers(value: Callable[[TierFigures], float | None]) -> Reader:
    """A value of each tier that is enabled."""
    return lambda snapshot: [
        ((str(each.tier.value),), value(each)) for each in snapshot.tiers if each.enabled
    ]


def of_last_run(column: str, scale: float = 1) -> Reader:
    """A column of each tier's last run that ended."""

    def value(tier: TierFigures) -> float | None:
        found = getattr(tier.last_ended, column) if tier.last_ended else None
        return None if found is None else found * scale

    return of_tiers(value)


def sum_of(series: str) -> Reader:
    return of_tiers(lambda tier: tier.sums[series])


def runs_ended(snapshot: Snapshot) -> Iterator[Labelled]:
    for tier in snapshot.tiers:
        for status, runs in tier.runs_ended.items():
            yield (str(tier.tier.value), status), runs


def found_ratios(snapshot: Snapshot) -> Iterator[Labelled]:
    for tier in snapshot.tiers:
        for source in tier.yields if tier.enabled else ():
            yield (str(tier.tier.value), source.source), source.ratio


def scan_drop(snapshot: Snapshot) -> Iterator[Labelled]:
    for tier in snapshot.tiers:
        if tier.enabled and tier.scan_drop is not None:
            yield (str(tier.tier.value),), tier.scan_drop


def queue_rows(status: str) -> Reader:
    return lambda snapshot: [
        ((str(group.priority), group.reason), group.rows)
        for group in snapshot.queue.groups
        if group.status == status
    ]


def summed(rows: Iterable[tuple[tuple[str, ...], float]]) -> dict[tuple[str, ...], float]:
    sums: dict[tuple[str, ...], float] = {}
    for labels, value in rows:
        sums[labels] = sums.get(labels, 0) + value
    return sums


def dead_letters(snapshot: Snapshot) -> Iterable[Labelled]:
    failed = (each for each in snapshot.queue.groups if each.status == "failed")
    return summed(((each.reason,), each.rows) for each in failed).items()


def oldest(snapshot: Snapshot) -> Iterator[Labelled]:
    for priority in sorted({each.priority for each in snapshot.queue.groups}):
        oldest = min(
            (
                group.oldest_queued_at
                for group in snapshot.queue.groups
                if group.priority == priority
                and group.status == "pending"
                and group.oldest_queued_at is not None
            ),
            default=None,
        )
        if oldest is not None:
            yield (str(priority),), (snapshot.taken_at - oldest).total_seconds()


def last_hour(snapshot: Snapshot) -> Iterable[Labelled]:
    return [
        ((each.reason, each.status), each.rows_in_last_hour) for each in snapshot.queue.finished
    ]


def failure_ratios(snapshot: Snapshot) -> Iterator[Labelled]:
    for reason, ended in sorted(by_reason(snapshot.queue).items()):
        tried = ended.get("completed", 0) + ended.get("failed", 0)
        if tried >= _MIN_FINISHED:
            yield (reason,), ended.get("failed", 0) / tried


def by_reason(queue: QueueFigures) -> dict[str, dict[str, int]]:
    ended: dict[str, dict[str, int]] = {}
    for each in queue.finished:
        ended.setdefault(each.reason, {})[each.status] = each.rows
    return ended


def time_in_queue(snapshot: Snapshot) -> Iterable[Labelled]:
    return [
        ((each.reason,), each.average_seconds)
        for each in snapshot.queue.finished
        if each.status == "completed"
    ]


def of_live(value: Callable[[LiveFigures], float | None]) -> Reader:
    return lambda snapshot: [((), value(snapshot.live))] if snapshot.live else []


def live_by_status(snapshot: Snapshot) -> Iterable[Labelled]:
    return [((s,), rows) for s, rows in snapshot.live.by_status.items()] if snapshot.live else []


def scraped_within(snapshot: Snapshot) -> Iterable[Labelled]:
    if snapshot.live is None:
        return []
    return [((f"{days:g}",), rows) for days, rows in snapshot.live.scraped_within.items()]


def scraped_ratio(snapshot: Snapshot) -> Iterable[Labelled]:
    if snapshot.live is None or not snapshot.live.present:
        return []
    live = snapshot.live
    return [((str(days),), live.scraped_within[days] / live.present) for days in _PERCENT_DAYS]


def oldest_scrape(live: LiveFigures) -> float | None:
    return live.oldest_scrape_at.timestamp() if live.oldest_scrape_at else None


def false_positives(part: Literal["ratio", "low", "high"]) -> Reader:
    """Removals that were still there, of those looked at again with a clear answer."""

    def value(snapshot: Snapshot) -> float | None:
        audit = snapshot.audit
        interval = wilson_interval(audit.alive, audit.alive + audit.gone)
        if interval is None:
            return None
        shares: Mapping[str, float] = {
            "ratio": audit.alive / (audit.alive + audit.gone),
            "low": interval[0],
            "high": interval[1],
        }
        return shares[part]

    return one(value)


def audited(snapshot: Snapshot) -> Iterable[Labelled]:
    audit = snapshot.audit
    counts = {"alive": audit.alive, "gone": audit.gone, "unknown": audit.unknown}
    return [((verdict,), count) for verdict, count in counts.items()]


def of_certificates(value: Callable[[CertificateFigures], float]) -> Reader:
    return lambda snapshot: [((each.source,), value(each)) for each in snapshot.certificates]


def runner_seen(snapshot: Snapshot) -> float | None:
    seen = snapshot.heartbeats.get(RUNNER)
    return seen.timestamp() if seen else None


def last_success(tier: TierFigures) -> float | None:
    return tier.last_success_at.timestamp() if tier.last_success_at else None


def last_start(tier: TierFigures) -> float | None:
    return tier.latest.started_at.timestamp() if tier.latest else None


def removed_by(tier: TierFigures) -> float | None:
    removals = tier.last_ended.details.removals if tier.last_ended else None
    return removals.removed if removals else None
