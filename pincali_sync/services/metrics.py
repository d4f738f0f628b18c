"""Every metric: its name, what it means, and how it is read from a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pincali_sync.db.repositories.figures import CertificateFigures
from pincali_sync.domain.alerts import Sample
from pincali_sync.domain.statistics import wilson_interval
from pincali_sync.services.snapshot import RUNNER, LiveFigures, QueueFigures, Snapshot, TierFigures

Labelled = tuple[tuple[str, ...], float | None]  # label values and value; None: there is none
Reader = Callable[[Snapshot], Iterable[Labelled]]

# Fewer finished pages than this tell nothing about how many fail.
_MIN_FINISHED = 50
_PERCENT_DAYS = (7, 14, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. Counters never fall, gauges may."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...]
    read: Reader

    def samples(self, snapshot: Snapshot) -> Iterator[Sample]:
        """Its values; those that there are none of are left out."""
        for values, value in self.read(snapshot):
            if value is not None:
                labels = dict(zip(self.labels, values, strict=True))
                yield Sample(metric=self.name, labels=labels, value=float(value))


def samples_of(snapshot: Snapshot) -> list[Sample]:
    """All values of all metrics."""
    return [sample for metric in METRICS for sample in metric.samples(snapshot)]


# --- readers ---
def _one(value: Callable[[Snapshot], float | None]) -> Reader:
    return lambda snapshot: [((), value(snapshot))]


def _tiers(value: Callable[[TierFigures], float | None]) -> Reader:
    """A value of each tier that is enabled."""
    return lambda snapshot: [
        ((str(each.tier.value),), value(each)) for each in snapshot.tiers if each.enabled
    ]


def _last_run(column: str, scale: float = 1) -> Reader:
    """A column of each tier's last run that ended."""

    def value(tier: TierFigures) -> float | None:
        found = getattr(tier.last_ended, column) if tier.last_ended else None
        return None if found is None else found * scale

    return _tiers(value)


def _sum(series: str) -> Reader:
    return _tiers(lambda tier: tier.sums[series])


def _runs_ended(snapshot: Snapshot) -> Iterator[Labelled]:
    for tier in snapshot.tiers:
        for status, runs in tier.runs_ended.items():
            yield (str(tier.tier.value), status), runs


def _found_ratios(snapshot: Snapshot) -> Iterator[Labelled]:
    for tier in snapshot.tiers:
        for source in tier.yields if tier.enabled else ():
            yield (str(tier.tier.value), source.source), source.ratio


def _scan_drop(snapshot: Snapshot) -> Iterator[Labelled]:
    for tier in snapshot.tiers:
        if tier.enabled and tier.scan_drop is not None:
            yield (str(tier.tier.value),), tier.scan_drop


def _queue_rows(status: str) -> Reader:
    return lambda snapshot: [
        ((str(group.priority), group.reason), group.rows)
        for group in snapshot.queue.groups
        if group.status == status
    ]


def _summed(rows: Iterable[tuple[tuple[str, ...], float]]) -> dict[tuple[str, ...], float]:
    sums: dict[tuple[str, ...], float] = {}
    for labels, value in rows:
        sums[labels] = sums.get(labels, 0) + value
    return sums


def _dead_letters(snapshot: Snapshot) -> Iterable[Labelled]:
    failed = (each for each in snapshot.queue.groups if each.status == "failed")
    return _summed(((each.reason,), each.rows) for each in failed).items()


def _oldest(snapshot: Snapshot) -> Iterator[Labelled]:
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


def _last_hour(snapshot: Snapshot) -> Iterable[Labelled]:
    return [
        ((each.reason, each.status), each.rows_in_last_hour) for each in snapshot.queue.finished
    ]


def _failure_ratios(snapshot: Snapshot) -> Iterator[Labelled]:
    for reason, ended in sorted(_by_reason(snapshot.queue).items()):
        tried = ended.get("completed", 0) + ended.get("failed", 0)
        if tried >= _MIN_FINISHED:
            yield (reason,), ended.get("failed", 0) / tried


def _by_reason(queue: QueueFigures) -> dict[str, dict[str, int]]:
    ended: dict[str, dict[str, int]] = {}
    for each in queue.finished:
        ended.setdefault(each.reason, {})[each.status] = each.rows
    return ended


def _time_in_queue(snapshot: Snapshot) -> Iterable[Labelled]:
    return [
        ((each.reason,), each.average_seconds)
        for each in snapshot.queue.finished
        if each.status == "completed"
    ]


def _live(value: Callable[[LiveFigures], float | None]) -> Reader:
    return lambda snapshot: [((), value(snapshot.live))] if snapshot.live else []


def _live_by_status(snapshot: Snapshot) -> Iterable[Labelled]:
    return [((s,), rows) for s, rows in snapshot.live.by_status.items()] if snapshot.live else []


def _scraped_within(snapshot: Snapshot) -> Iterable[Labelled]:
    if snapshot.live is None:
        return []
    return [((f"{days:g}",), rows) for days, rows in snapshot.live.scraped_within.items()]


def _scraped_ratio(snapshot: Snapshot) -> Iterable[Labelled]:
    if snapshot.live is None or not snapshot.live.present:
        return []
    live = snapshot.live
    return [((str(days),), live.scraped_within[days] / live.present) for days in _PERCENT_DAYS]


def _oldest_scrape(live: LiveFigures) -> float | None:
    return live.oldest_scrape_at.timestamp() if live.oldest_scrape_at else None


def _false_positives(part: Literal["ratio", "low", "high"]) -> Reader:
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

    return _one(value)


def _audited(snapshot: Snapshot) -> Iterable[Labelled]:
    audit = snapshot.audit
    counts = {"alive": audit.alive, "gone": audit.gone, "unknown": audit.unknown}
    return [((verdict,), count) for verdict, count in counts.items()]


def _certificates(value: Callable[[CertificateFigures], float]) -> Reader:
    return lambda snapshot: [((each.source,), value(each)) for each in snapshot.certificates]


def _runner_seen(snapshot: Snapshot) -> float | None:
    seen = snapshot.heartbeats.get(RUNNER)
    return seen.timestamp() if seen else None


def _last_success(tier: TierFigures) -> float | None:
    return tier.last_success_at.timestamp() if tier.last_success_at else None


def _last_start(tier: TierFigures) -> float | None:
    return tier.latest.started_at.timestamp() if tier.latest else None


def _removed_by(tier: TierFigures) -> float | None:
    details: Mapping[str, Any] = tier.last_ended.details if tier.last_ended else {}
    removals = details.get("removals")
    return removals["removed"] if removals else None


def _gauge(name: str, meaning: str, read: Reader, *labels: str) -> Metric:
    return Metric(name=f"pincali_{name}", kind="gauge", help=meaning, labels=labels, read=read)


def _counter(name: str, meaning: str, read: Reader, *labels: str) -> Metric:
    return Metric(
        name=f"pincali_{name}_total", kind="counter", help=meaning, labels=labels, read=read
    )


# fmt: off  # one metric a line or two reads as a table
METRICS: tuple[Metric, ...] = (
    # --- the tier runner and the site ---
    _gauge(
        "runner_last_tick_timestamp_seconds",
        "When the tier runner last did its work.",
        _one(_runner_seen),
    ),
    _gauge(
        "paused",
        "1 for what rests: kind is person, refused, busy or rate.",
        lambda s: [((p.scope, p.kind), 1) for p in s.pauses],
        "scope",
        "kind",
    ),
    _gauge(
        "site_held_seconds",
        "How long the site is still left alone at its own request.",
        _one(lambda s: s.pace.held_seconds if s.pace else None),
    ),
    _gauge(
        "site_booked_ahead_seconds",
        "How far ahead requests are booked on the site's timeline.",
        _one(lambda s: max(0.0, s.pace.next_free_in_seconds) if s.pace else None),
    ),
    _gauge(
        "site_refusals_in_a_row",
        "Answers 429 or 503 since the last good one.",
        _one(lambda s: s.pace.strikes if s.pace else None),
    ),
    # --- runs ---
    _counter("tier_runs", "Runs that ended, by how.", _runs_ended, "tier", "status"),
    _counter("tier_pages_scanned", "Listing pages read.", _sum("run_pages"), "tier"),
    _counter("tier_new_properties", "New listings found.", _sum("run_new"), "tier"),
    _counter("tier_price_changes", "Changed prices found.", _sum("run_price_changes"), "tier"),
    _counter("tier_missing", "Listings missing for the second time.", _sum("run_missing"), "tier"),
    _counter(
        "tier_details_scraped", "Detail pages that runs had fetched.", _sum("run_scraped"), "tier"
    ),
    _counter(
        "tier_errors", "Lost listing pages and failed detail pages.", _sum("run_errors"), "tier"
    ),
    _gauge(
        "tier_running",
        "Whether a run of the tier is open.",
        _tiers(lambda t: t.latest is not None and t.latest.status == "running"),
        "tier",
    ),
    _gauge(
        "tier_last_run_timestamp_seconds", "When the last run began.", _tiers(_last_start), "tier"
    ),
    _gauge(
        "tier_last_success_timestamp_seconds",
        "When a run was last completed.",
        _tiers(_last_success),
        "tier",
    ),
    _gauge(
        "tier_overdue_seconds",
        "How long ago a run should have been completed; 0: none.",
        _tiers(lambda t: t.overdue.total_seconds()),
        "tier",
    ),
    _gauge(
        "tier_failures_in_a_row",
        "Failed runs since the last completed one.",
        _tiers(lambda t: t.failures_in_a_row),
        "tier",
    ),
    _gauge(
        "tier_error_ratio",
        "Share of the last run's requests that failed, from 50 requests on.",
        _tiers(lambda t: t.error_ratio),
        "tier",
    ),
    _gauge(
        "tier_last_run_duration_seconds",
        "How long the last ended run took.",
        _last_run("execution_time_ms", 0.001),
        "tier",
    ),
    _gauge("tier_last_run_pages", "Listing pages it read.", _last_run("pages_scanned"), "tier"),
    _gauge(
        "tier_last_run_properties", "Listings it saw.", _last_run("properties_in_manifest"), "tier"
    ),
    _gauge(
        "tier_last_run_new_properties",
        "New listings it found.",
        _last_run("new_properties_found"),
        "tier",
    ),
    _gauge(
        "tier_last_run_price_changes",
        "Changed prices it found.",
        _last_run("price_changes_detected"),
        "tier",
    ),
    _gauge(
        "tier_last_run_missing",
        "Listings it found missing for the second time.",
        _last_run("removals_detected"),
        "tier",
    ),
    _gauge(
        "tier_last_run_removed", "Removals it proved and carried out.", _tiers(_removed_by), "tier"
    ),
    _gauge(
        "tier_last_run_details_scraped",
        "Detail pages of it that were fetched.",
        _last_run("properties_scraped"),
        "tier",
    ),
    _gauge("tier_last_run_errors", "Pages of it that failed.", _last_run("error_count"), "tier"),
    # --- scans ---
    _gauge(
        "scan_found_ratio",
        "Listings that the last scan found, of those expected.",
        _found_ratios,
        "tier",
        "source",
    ),
    _gauge(
        "scan_drop_ratio",
        "By how much the last full scan fell short of certified ones.",
        _scan_drop,
        "tier",
    ),
    _gauge(
        "run_anomalies",
        "In how many ways the last scan is unlike those before.",
        _tiers(lambda t: t.anomalies),
        "tier",
    ),
    _gauge(
        "certificate_certified",
        "Whether the source's last full scan was complete.",
        _certificates(lambda c: c.certified),
        "source",
    ),
    _gauge(
        "certificate_timestamp_seconds",
        "When that was judged.",
        _certificates(lambda c: c.issued_at.timestamp()),
        "source",
    ),
    _gauge(
        "certificate_properties",
        "Listings that it found.",
        _certificates(lambda c: c.distinct_properties),
        "source",
    ),
    # --- the queue ---
    _gauge(
        "queue_pending", "Detail pages that wait.", _queue_rows("pending"), "priority", "reason"
    ),
    _gauge(
        "queue_in_progress",
        "Detail pages under way.",
        _queue_rows("in_progress"),
        "priority",
        "reason",
    ),
    _gauge("queue_dead_letters", "Pages set aside after their attempts.", _dead_letters, "reason"),
    _gauge(
        "queue_backlog_ratio",
        "Waiting pages, of the number that is an alert.",
        _one(lambda s: s.queue.pending / s.queue.backlog_limit),
    ),
    _gauge("queue_ceiling", "The most pages that may wait.", _one(lambda s: s.queue.max_pending)),
    _gauge(
        "queue_waiting_outside",
        "Listings that want a visit and found no place in the queue.",
        _one(lambda s: s.queue.waiting_outside),
    ),
    _gauge(
        "queue_oldest_pending_age_seconds",
        "How long the oldest page of a priority has waited.",
        _oldest,
        "priority",
    ),
    _counter(
        "queue_finished",
        "Pages that were done with, by how.",
        lambda s: s.queue.finished_ever.items(),
        "reason",
        "outcome",
    ),
    _gauge(
        "queue_finished_last_hour",
        "Pages that ended within the last hour, by how.",
        _last_hour,
        "reason",
        "outcome",
    ),
    _gauge(
        "queue_failure_ratio",
        "Share of the last day's pages that were set aside, from 50 on.",
        _failure_ratios,
        "reason",
    ),
    _gauge(
        "queue_time_in_queue_seconds",
        "Average from queued to fetched, over the last day.",
        _time_in_queue,
        "reason",
    ),
    # --- the live table ---
    _gauge("live_listings", "Live rows by listing status.", _live_by_status, "status"),
    _gauge(
        "live_scraped_within",
        "Present listings whose page was fetched within so many days.",
        _scraped_within,
        "days",
    ),
    _gauge(
        "live_scraped_within_ratio",
        "The same as a share of all present listings.",
        _scraped_ratio,
        "days",
    ),
    _gauge(
        "live_never_scraped",
        "Present listings whose page was never fetched.",
        _live(lambda live: live.never_scraped),
    ),
    _gauge(
        "live_stale",
        "Present listings older than TIER_4_STALE_DAYS, or never fetched.",
        _live(lambda live: live.stale),
    ),
    _gauge(
        "live_oldest_scrape_timestamp_seconds",
        "When the oldest of them was fetched.",
        _live(_oldest_scrape),
    ),
    # --- removals, and what waits for a person ---
    _counter(
        "removals_confirmed",
        "Removals proven and carried out.",
        _one(lambda s: s.removals.confirmed),
    ),
    _gauge(
        "removals_confirmed_last_week",
        "Those of the last seven days.",
        _one(lambda s: s.removals.confirmed_last_week),
    ),
    _gauge(
        "removal_batches_held",
        "Batches of removals that wait for a decision.",
        _one(lambda s: s.removals.batches_held),
    ),
    _gauge(
        "removals_unsettled",
        "Listings missing for long without a verdict.",
        _one(lambda s: s.removals.unsettled),
    ),
    _gauge(
        "removal_audited",
        "Confirmed removals looked at again in eight weeks, by verdict.",
        _audited,
        "verdict",
    ),
    _gauge(
        "removal_false_positive_ratio",
        "Share of them that are still on the site.",
        _false_positives("ratio"),
    ),
    _gauge(
        "removal_false_positive_ratio_low",
        "Lower end of its 95 % interval (Wilson).",
        _false_positives("low"),
    ),
    _gauge(
        "removal_false_positive_ratio_high",
        "Upper end of its 95 % interval (Wilson).",
        _false_positives("high"),
    ),
    _gauge(
        "decisions_waiting",
        "Price reviews and identity candidates that wait for a person.",
        lambda s: [((kind,), count) for kind, count in s.decisions.items()],
        "kind",
    ),
    # --- the snapshot itself ---
    _gauge(
        "snapshot_duration_seconds", "How long the figures took to read.", _one(lambda s: s.seconds)
    ),
)
# fmt: on
