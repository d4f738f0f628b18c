"""Every metric: its name, what it means, and how it is read from a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pincali_sync.domain.alerts import Sample
from pincali_sync.services.insights import metric_readers as read
from pincali_sync.services.insights.metric_readers import Reader
from pincali_sync.services.insights.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: a gauge, or a counter, which never falls."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Reader

    @property
    def kind(self) -> str:
        """A counter or a gauge, by Prometheus' convention for names."""
        return "counter" if self.name.endswith("_total") else "gauge"

    def samples(self, snapshot: Snapshot) -> Iterator[Sample]:
        """Its values; unknown ones are left out."""
        for values, value in self.read(snapshot):
            if value is not None:
                labels = dict(zip(self.labels, values, strict=True))
                yield Sample(metric=self.name, labels=labels, value=_as_number(value))


def samples_of(snapshot: Snapshot) -> list[Sample]:
    """All values of all metrics."""
    return [sample for metric in METRICS for sample in metric.samples(snapshot)]


def _as_number(value: float | datetime | timedelta) -> float:
    match value:
        case datetime():
            return value.timestamp()
        case timedelta():
            return value.total_seconds()
    return float(value)


def _metric(name: str, meaning: str, reader: Reader) -> Metric:
    """A metric with its labels behind the name, as Prometheus writes them."""
    name, _, labels = name.rstrip("}").partition("{")
    named = tuple(labels.split(",")) if labels else ()
    return Metric(name=f"pincali_{name}", help=meaning, labels=named, read=reader)


def _one(name: str, meaning: str, path: str) -> Metric:
    """A figure of the whole, by its path in the snapshot."""
    return _metric(name, meaning, lambda s: [((), read.at(s, path))])


def _tier(name: str, meaning: str, path: str) -> Metric:
    """A figure of each tier that is enabled, by its path in `TierFigures`."""
    return _metric(
        f"{name}{{tier}}",
        meaning,
        lambda s: [((label,), read.at(each, path)) for label, each in read.enabled(s)],
    )


def _live(name: str, meaning: str, path: str) -> Metric:
    """A figure of the live table."""
    return _one(f"live_{name}", meaning, f"live.{path}")


def _tier_total(name: str, meaning: str, series: str) -> Metric:
    """What the runs of each tier add up to, by its name in `RUN_TOTALS`."""
    return _metric(
        f"tier_{name}_total{{tier}}",
        meaning,
        lambda s: [((label,), s.counters.get((series, label), 0)) for label, _ in read.enabled(s)],
    )


def _last_run(name: str, meaning: str, path: str) -> Metric:
    """A figure of each tier's last run that ended."""
    return _tier(f"tier_last_run_{name}", meaning, f"last_ended.{path}")


def _certificate(name: str, meaning: str, path: str) -> Metric:
    """A figure of each source's latest certificate."""
    return _metric(
        f"certificate_{name}{{source}}",
        meaning,
        lambda s: [((each.source,), read.at(each, path)) for each in s.certificates],
    )


METRICS: tuple[Metric, ...] = (
    # --- the tier runner and the site ---
    _one(
        "runner_last_tick_timestamp_seconds",
        "When the tier runner last did its work.",
        "runner_seen_at",
    ),
    _metric(
        "paused{scope,kind}",
        "1 for what rests: kind is person, refused, busy or rate.",
        read.paused,
    ),
    _one(
        "site_held_seconds",
        "How long the site is still left alone at its own request.",
        "pace.held_seconds",
    ),
    _one(
        "site_booked_ahead_seconds",
        "How far ahead requests are booked on the site's timeline.",
        "pace.booked_ahead_seconds",
    ),
    _one(
        "pages_refused_since_timestamp_seconds",
        "Since when the site refuses pages; left out while it does not.",
        "pages_refused_since",
    ),
    _one("site_refusals_in_a_row", "Answers 429 or 503 since the last good one.", "pace.refusals"),
    # --- runs ---
    _metric("tier_runs_total{tier,status}", "Runs that ended, by how.", read.runs_ended),
    _tier_total("pages_scanned", "Listing pages read.", "run_pages"),
    _tier_total("new_properties", "New listings found.", "run_new"),
    _tier_total("price_changes", "Changed prices found.", "run_price_changes"),
    _tier_total("missing", "Listings missing for the second time.", "run_missing"),
    _tier_total("details_scraped", "Detail pages that runs had fetched.", "run_scraped"),
    _tier_total("errors", "Lost listing pages and failed detail pages.", "run_errors"),
    _tier("tier_running", "Whether a run of the tier is open.", "is_running"),
    _tier("tier_last_run_timestamp_seconds", "When the last run began.", "latest.started_at"),
    _tier(
        "tier_last_success_timestamp_seconds", "When a run was last completed.", "last_success_at"
    ),
    _tier(
        "tier_overdue_seconds", "How long ago a run should have been completed; 0: none.", "overdue"
    ),
    _tier(
        "tier_failures_in_a_row", "Failed runs since the last completed one.", "failures_in_a_row"
    ),
    _tier(
        "tier_error_ratio",
        "Share of the last run's requests that failed, from 50 requests on.",
        "error_ratio",
    ),
    _tier("tier_last_run_duration_seconds", "How long the last ended run took.", "last_duration"),
    _last_run("pages", "Listing pages it read.", "pages_scanned"),
    _last_run("properties", "Listings it saw.", "properties_in_manifest"),
    _last_run("new_properties", "New listings it found.", "new_properties_found"),
    _last_run("price_changes", "Changed prices it found.", "price_changes_detected"),
    _last_run("missing", "Listings it found missing for the second time.", "removals_detected"),
    _last_run("removed", "Removals it proved and carried out.", "details.removals.removed"),
    _last_run("details_scraped", "Detail pages of it that were fetched.", "properties_scraped"),
    _last_run("errors", "Pages of it that failed.", "error_count"),
    # --- scans ---
    _metric(
        "scan_found_ratio{tier,source}",
        "Listings that the last scan found, of those expected.",
        read.found_ratios,
    ),
    _tier(
        "scan_drop_ratio",
        "By how much the last weekly scan fell short of what is usual.",
        "scan_drop",
    ),
    _tier("run_anomalies", "In how many ways the last scan is unlike those before.", "anomalies"),
    _certificate("certified", "Whether the source's last full scan was complete.", "certified"),
    _certificate("timestamp_seconds", "When that was judged.", "issued_at"),
    _certificate("properties", "Listings that it found.", "distinct_properties"),
    # --- the queue ---
    _metric("queue_pending{priority,reason}", "Detail pages that wait.", read.rows("pending")),
    _metric(
        "queue_in_progress{priority,reason}", "Detail pages under way.", read.rows("in_progress")
    ),
    _metric(
        "queue_dead_letters{reason}", "Pages set aside after their attempts.", read.dead_letters
    ),
    _one("queue_backlog_ratio", "Waiting pages, of the number that is an alert.", "backlog_ratio"),
    _one("queue_ceiling", "The most pages that may wait.", "config.queue_max_pending"),
    _one(
        "queue_waiting_outside",
        "Listings that want a visit and found no place in the queue.",
        "counts.waiting_outside",
    ),
    _metric(
        "queue_oldest_pending_age_seconds{priority}",
        "How long the oldest page of a priority has waited.",
        read.oldest_pending,
    ),
    _metric(
        "queue_finished_total{reason,outcome}", "Pages done with for good, by how.", read.finished
    ),
    _metric(
        "queue_finished_last_hour{reason,outcome}",
        "Pages that ended within the last hour, by how.",
        read.finished_last_hour,
    ),
    _metric(
        "queue_failure_ratio{reason}",
        "Share of the last day's pages that were set aside, from 50 on, second tries left out.",
        read.failure_ratios,
    ),
    _metric(
        "queue_time_in_queue_seconds{reason}",
        "Average from queued to fetched, over the last day.",
        lambda s: [((each.reason,), each.average_seconds) for each in s.finished],
    ),
    # --- the live table ---
    _metric(
        "live_listings{status}", "Live rows by listing status.", read.mapping("live.by_status")
    ),
    _metric(
        "live_scraped_within{days}",
        "Present listings whose page was fetched within so many days.",
        read.mapping("live.scraped_within"),
    ),
    _metric(
        "live_scraped_within_ratio{days}",
        "The same as a share of all present listings.",
        read.scraped_share,
    ),
    _live("never_scraped", "Present listings whose page was never fetched.", "never_scraped"),
    _live("stale", "Present listings older than TIER_4_STALE_DAYS, or never fetched.", "stale"),
    _live(
        "oldest_scrape_timestamp_seconds",
        "When the oldest of them was fetched.",
        "oldest_scrape_at",
    ),
    _metric(
        "live_as_of_timestamp_seconds{kind,share}",
        "As of when, or later, this share of present listings is known: presence, price, details.",
        read.as_of,
    ),
    _one(
        "manifest_known_by_url",
        "Listings that the sitemap made known and no page has shown yet.",
        "counts.known_by_url",
    ),
    # --- removals, and what waits for a person ---
    _one("removals_confirmed_total", "Removals proven and carried out.", "counts.removed"),
    _one(
        "removals_confirmed_last_week", "Those of the last seven days.", "counts.removed_last_week"
    ),
    _one(
        "removal_batches_held",
        "Batches of removals that wait for a decision.",
        "counts.batches_held",
    ),
    _one("removals_unsettled", "Listings missing for long without a verdict.", "counts.unsettled"),
    _one(
        "removals_off_market",
        "Listings missing for long whose pages are there.",
        "counts.off_market",
    ),
    _metric(
        "removal_audited{verdict}",
        "Confirmed removals looked at again in eight weeks, by verdict.",
        read.each_of("audit", "alive", "gone", "unknown"),
    ),
    _metric(
        "removal_false_positive_ratio",
        "Share of them that are still on the site.",
        read.false_removals("share"),
    ),
    _metric(
        "removal_false_positive_ratio_low",
        "Lower end of its 95 % interval (Wilson).",
        read.false_removals("low"),
    ),
    _metric(
        "removal_false_positive_ratio_high",
        "Upper end of its 95 % interval (Wilson).",
        read.false_removals("high"),
    ),
    _metric(
        "decisions_waiting{kind}",
        "Price reviews and identity candidates that wait for a person.",
        read.each_of("counts", "price_reviews", "identity_candidates"),
    ),
    # --- webhooks ---
    _metric(
        "webhook_failing_seconds{target}",
        "How long a target of webhooks has taken nothing that it was sent; 0: it takes all.",
        read.webhooks_failing,
    ),
    _metric(
        "webhook_waiting{target}",
        "Changes that a target of webhooks did not take yet.",
        lambda s: [((target.label,), state.waiting) for target, state in s.webhooks],
    ),
    # --- the snapshot itself ---
    _one("snapshot_duration_seconds", "How long the figures took to read.", "seconds"),
)
