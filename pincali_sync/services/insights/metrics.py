"""Every metric: its name, what it means, and how it is read from a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pincali_sync.domain.alerts import Sample
from pincali_sync.services.insights import metric_readers as read
from pincali_sync.services.insights.metric_readers import Reader
from pincali_sync.services.insights.snapshot import Snapshot


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


def _gauge(name: str, meaning: str, reader: Reader, *labels: str) -> Metric:
    return Metric(name=f"pincali_{name}", kind="gauge", help=meaning, labels=labels, read=reader)


def _counter(name: str, meaning: str, reader: Reader, *labels: str) -> Metric:
    return Metric(
        name=f"pincali_{name}_total", kind="counter", help=meaning, labels=labels, read=reader
    )


METRICS: tuple[Metric, ...] = (
    # --- the tier runner and the site ---
    _gauge(
        "runner_last_tick_timestamp_seconds",
        "When the tier runner last did its work.",
        read.one(read.runner_seen),
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
        read.one(lambda s: s.pace.held_seconds if s.pace else None),
    ),
    _gauge(
        "site_booked_ahead_seconds",
        "How far ahead requests are booked on the site's timeline.",
        read.one(lambda s: max(0.0, s.pace.next_free_in_seconds) if s.pace else None),
    ),
    _gauge(
        "site_refusals_in_a_row",
        "Answers 429 or 503 since the last good one.",
        read.one(lambda s: s.pace.strikes if s.pace else None),
    ),
    # --- runs ---
    _counter("tier_runs", "Runs that ended, by how.", read.runs_ended, "tier", "status"),
    _counter("tier_pages_scanned", "Listing pages read.", read.sum_of("run_pages"), "tier"),
    _counter("tier_new_properties", "New listings found.", read.sum_of("run_new"), "tier"),
    _counter(
        "tier_price_changes", "Changed prices found.", read.sum_of("run_price_changes"), "tier"
    ),
    _counter(
        "tier_missing", "Listings missing for the second time.", read.sum_of("run_missing"), "tier"
    ),
    _counter(
        "tier_details_scraped",
        "Detail pages that runs had fetched.",
        read.sum_of("run_scraped"),
        "tier",
    ),
    _counter(
        "tier_errors",
        "Lost listing pages and failed detail pages.",
        read.sum_of("run_errors"),
        "tier",
    ),
    _gauge(
        "tier_running",
        "Whether a run of the tier is open.",
        read.of_tiers(lambda t: t.latest is not None and t.latest.status == "running"),
        "tier",
    ),
    _gauge(
        "tier_last_run_timestamp_seconds",
        "When the last run began.",
        read.of_tiers(read.last_start),
        "tier",
    ),
    _gauge(
        "tier_last_success_timestamp_seconds",
        "When a run was last completed.",
        read.of_tiers(read.last_success),
        "tier",
    ),
    _gauge(
        "tier_overdue_seconds",
        "How long ago a run should have been completed; 0: none.",
        read.of_tiers(lambda t: t.overdue.total_seconds()),
        "tier",
    ),
    _gauge(
        "tier_failures_in_a_row",
        "Failed runs since the last completed one.",
        read.of_tiers(lambda t: t.failures_in_a_row),
        "tier",
    ),
    _gauge(
        "tier_error_ratio",
        "Share of the last run's requests that failed, from 50 requests on.",
        read.of_tiers(lambda t: t.error_ratio),
        "tier",
    ),
    _gauge(
        "tier_last_run_duration_seconds",
        "How long the last ended run took.",
        read.of_last_run("execution_time_ms", 0.001),
        "tier",
    ),
    _gauge(
        "tier_last_run_pages", "Listing pages it read.", read.of_last_run("pages_scanned"), "tier"
    ),
    _gauge(
        "tier_last_run_properties",
        "Listings it saw.",
        read.of_last_run("properties_in_manifest"),
        "tier",
    ),
    _gauge(
        "tier_last_run_new_properties",
        "New listings it found.",
        read.of_last_run("new_properties_found"),
        "tier",
    ),
    _gauge(
        "tier_last_run_price_changes",
        "Changed prices it found.",
        read.of_last_run("price_changes_detected"),
        "tier",
    ),
    _gauge(
        "tier_last_run_missing",
        "Listings it found missing for the second time.",
        read.of_last_run("removals_detected"),
        "tier",
    ),
    _gauge(
        "tier_last_run_removed",
        "Removals it proved and carried out.",
        read.of_tiers(read.removed_by),
        "tier",
    ),
    _gauge(
        "tier_last_run_details_scraped",
        "Detail pages of it that were fetched.",
        read.of_last_run("properties_scraped"),
        "tier",
    ),
    _gauge(
        "tier_last_run_errors", "Pages of it that failed.", read.of_last_run("error_count"), "tier"
    ),
    # --- scans ---
    _gauge(
        "scan_found_ratio",
        "Listings that the last scan found, of those expected.",
        read.found_ratios,
        "tier",
        "source",
    ),
    _gauge(
        "scan_drop_ratio",
        "By how much the last weekly scan fell short of what is usual.",
        read.scan_drop,
        "tier",
    ),
    _gauge(
        "run_anomalies",
        "In how many ways the last scan is unlike those before.",
        read.of_tiers(lambda t: t.anomalies),
        "tier",
    ),
    _gauge(
        "certificate_certified",
        "Whether the source's last full scan was complete.",
        read.of_certificates(lambda c: c.certified),
        "source",
    ),
    _gauge(
        "certificate_timestamp_seconds",
        "When that was judged.",
        read.of_certificates(lambda c: c.issued_at.timestamp()),
        "source",
    ),
    _gauge(
        "certificate_properties",
        "Listings that it found.",
        read.of_certificates(lambda c: c.distinct_properties),
        "source",
    ),
    # --- the queue ---
    _gauge(
        "queue_pending", "Detail pages that wait.", read.queue_rows("pending"), "priority", "reason"
    ),
    _gauge(
        "queue_in_progress",
        "Detail pages under way.",
        read.queue_rows("in_progress"),
        "priority",
        "reason",
    ),
    _gauge(
        "queue_dead_letters", "Pages set aside after their attempts.", read.dead_letters, "reason"
    ),
    _gauge(
        "queue_backlog_ratio",
        "Waiting pages, of the number that is an alert.",
        read.one(lambda s: s.queue.pending / s.queue.backlog_limit),
    ),
    _gauge(
        "queue_ceiling", "The most pages that may wait.", read.one(lambda s: s.queue.max_pending)
    ),
    _gauge(
        "queue_waiting_outside",
        "Listings that want a visit and found no place in the queue.",
        read.one(lambda s: s.queue.waiting_outside),
    ),
    _gauge(
        "queue_oldest_pending_age_seconds",
        "How long the oldest page of a priority has waited.",
        read.oldest,
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
        read.last_hour,
        "reason",
        "outcome",
    ),
    _gauge(
        "queue_failure_ratio",
        "Share of the last day's pages that were set aside, from 50 on.",
        read.failure_ratios,
        "reason",
    ),
    _gauge(
        "queue_time_in_queue_seconds",
        "Average from queued to fetched, over the last day.",
        read.time_in_queue,
        "reason",
    ),
    # --- the live table ---
    _gauge("live_listings", "Live rows by listing status.", read.live_by_status, "status"),
    _gauge(
        "live_scraped_within",
        "Present listings whose page was fetched within so many days.",
        read.scraped_within,
        "days",
    ),
    _gauge(
        "live_scraped_within_ratio",
        "The same as a share of all present listings.",
        read.scraped_ratio,
        "days",
    ),
    _gauge(
        "live_never_scraped",
        "Present listings whose page was never fetched.",
        read.of_live(lambda live: live.never_scraped),
    ),
    _gauge(
        "live_stale",
        "Present listings older than TIER_4_STALE_DAYS, or never fetched.",
        read.of_live(lambda live: live.stale),
    ),
    _gauge(
        "live_oldest_scrape_timestamp_seconds",
        "When the oldest of them was fetched.",
        read.of_live(read.oldest_scrape),
    ),
    # --- removals, and what waits for a person ---
    _counter(
        "removals_confirmed",
        "Removals proven and carried out.",
        read.one(lambda s: s.removals.confirmed),
    ),
    _gauge(
        "removals_confirmed_last_week",
        "Those of the last seven days.",
        read.one(lambda s: s.removals.confirmed_last_week),
    ),
    _gauge(
        "removal_batches_held",
        "Batches of removals that wait for a decision.",
        read.one(lambda s: s.removals.batches_held),
    ),
    _gauge(
        "removals_unsettled",
        "Listings missing for long without a verdict.",
        read.one(lambda s: s.removals.unsettled),
    ),
    _gauge(
        "removal_audited",
        "Confirmed removals looked at again in eight weeks, by verdict.",
        read.audited,
        "verdict",
    ),
    _gauge(
        "removal_false_positive_ratio",
        "Share of them that are still on the site.",
        read.false_positives("ratio"),
    ),
    _gauge(
        "removal_false_positive_ratio_low",
        "Lower end of its 95 % interval (Wilson).",
        read.false_positives("low"),
    ),
    _gauge(
        "removal_false_positive_ratio_high",
        "Upper end of its 95 % interval (Wilson).",
        read.false_positives("high"),
    ),
    _gauge(
        "decisions_waiting",
        "Price reviews and identity candidates that wait for a person.",
        lambda s: [((kind,), count) for kind, count in s.decisions.items()],
        "kind",
    ),
    # --- the snapshot itself ---
    _gauge(
        "snapshot_duration_seconds",
        "How long the figures took to read.",
        read.one(lambda s: s.seconds),
    ),
)
