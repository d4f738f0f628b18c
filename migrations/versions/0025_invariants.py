"""What the program relies on is held by the database, whoever writes.

A check that rows of an adopted database break is left out: it would keep those rows from every
later update. `pincali-sync doctor` tells of them, and adds it once they are mended.

Revision ID: 0025_invariants
Revises: 0024_one_clock
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_checks, be_patient, drop_checks

revision = "0025_invariants"
down_revision = "0024_one_clock"
branch_labels = None
depends_on = None


def _none_below_zero(*columns: str) -> str:
    return " AND ".join(f"{column} >= 0" for column in columns)


def _lists(*columns: str) -> str:
    return " AND ".join(f"jsonb_typeof({column}) = 'array'" for column in columns)


_CURRENCY = "currency IN ('MXN', 'USD', 'EUR')"
_UNIT = "price_unit IN ('total', 'm2')"
# By table: name and condition of each check.
CHECKS = {
    "scraping_sessions": {
        "status": "status IN ('running', 'completed', 'failed')",
        "counts": _none_below_zero(
            *("total_pages", "pages_scraped", "properties_found"),
            *("properties_inserted", "properties_updated"),
        ),
    },
    "sync_runs": {
        "ended": "(status = 'running') = (completed_at IS NULL)",
        "counts": _none_below_zero(
            *("pages_scanned", "properties_in_manifest", "new_properties_found"),
            *("price_changes_detected", "removals_detected", "properties_queued"),
            *("properties_scraped", "error_count"),
        ),
    },
    "sync_run_jobs": {
        "ended": "(status IN ('scheduled', 'running')) = (finished_at IS NULL)",
        "begun": "status <> 'running' OR started_at IS NOT NULL",
        "attempt": "attempt > 0",
    },
    "scrape_queue": {
        "lease": "(status IS NOT NULL AND status = 'in_progress') = (lease_token IS NOT NULL) "
        "AND (lease_token IS NULL) = (lease_expires_at IS NULL) "
        "AND (lease_token IS NULL OR claimed_at IS NOT NULL AND worker_id IS NOT NULL)",
        "ended": "(status IN ('pending', 'in_progress')) = (completed_at IS NULL)",
        "attempt_count": "attempt_count >= 0",
    },
    "queue_outside": {"priority": "priority BETWEEN 1 AND 5"},
    "properties_live": {
        "missing": "consecutive_missing_count >= 0 AND (consecutive_missing_count < 3 "
        "OR listing_status NOT IN ('active', 'relisted'))",
        "older_status": "CASE WHEN listing_status IN ('active', 'relisted') "
        "THEN status = 'active' WHEN listing_status IN ('confirmed_removed', 'sold') "
        "THEN status <> 'active' END",
        "price": "price >= 0 AND price <> 'NaN' AND price_per_m2 >= 0 AND price_per_m2 <> 'NaN'",
        "currency": _CURRENCY,
        "offers": _lists("offers"),
        "visits": "visits_with_news BETWEEN 0 AND visits AND observed_days >= 0",
    },
    "property_manifest": {
        "price": "listing_page_price >= 0 AND listing_page_price <> 'NaN'",
        "currency": _CURRENCY,
        "price_unit": _UNIT,
        "offers": _lists("offers"),
    },
    "manifest_pages": {
        "counts": "page_number > 0 AND "
        + _none_below_zero("entries", "dropped", "new_entries", "changed_entries"),
    },
    "manifest_walks": {
        "counts": _none_below_zero("parts", "pages_wanted", "unpriced_wanted", "unpriced_found"),
        "lists": _lists("gaps", "holes"),
    },
    "scan_certificates": {
        "proves_absence": "certified OR NOT proves_absence",
        "counts": _none_below_zero("pages_read", "pages_lost", "distinct_properties"),
        "lists": _lists("reasons", "holes"),
    },
    "sitemap_passes": {
        "is_complete": "finished_at IS NOT NULL OR NOT is_complete",
        "counts": _none_below_zero("shards", "urls", "new_urls"),
    },
    "removal_batches": {
        "counts": _none_below_zero("candidates", "would_remove", "removal_limit", "removed"),
        "decided": "status NOT IN ('applied', 'rejected') OR decided_at IS NOT NULL",
    },
    "removal_audits": {"checked": "(verdict IS NULL) = (checked_at IS NULL)"},
    "price_reviews": {
        "settled": "(status = 'open') = (settled_at IS NULL)",
        "prices": _none_below_zero("old_price", "new_price"),
        "currency": _CURRENCY,
        "price_unit": _UNIT,
    },
    "identity_candidates": {
        "settled": "(status = 'open') = (settled_at IS NULL)",
        "pair": "property_id <> earlier_property_id",
    },
    "site_pace": {"strikes": "strikes >= 0", "page_cap": "page_cap > 0"},
    "sync_pauses": {"scope": "scope ~ '^(all|tier:[1-4])$'"},
    "refresh_targets": {
        "counts": _none_below_zero(
            *("stale_target", "sample_target", "stale_queued", "sample_queued")
        )
    },
    "refresh_returns": {"counts": _none_below_zero("stale", "sample")},
    "signal_lessons": {"news": "news BETWEEN 0 AND visits"},
    "retired_totals": {"value": "value >= 0"},
}
# What earlier versions, and queues of others, left behind; it tells nothing that would be lost.
_MENDED = (
    "UPDATE scrape_queue SET lease_token = NULL, lease_expires_at = NULL "
    "WHERE status IS DISTINCT FROM 'in_progress' "
    "AND num_nonnulls(lease_token, lease_expires_at) > 0",
    "UPDATE scrape_queue SET status = 'pending', completed_at = NULL, lease_token = NULL, "
    "lease_expires_at = NULL WHERE status = 'in_progress' "
    "AND num_nulls(lease_token, lease_expires_at, claimed_at, worker_id) > 0",
    "UPDATE scrape_queue SET completed_at = coalesce(claimed_at, queued_at, now()) "
    "WHERE status IN ('completed', 'failed', 'cancelled') AND completed_at IS NULL",
    "UPDATE scrape_queue SET completed_at = NULL "
    "WHERE status IN ('pending', 'in_progress') AND completed_at IS NOT NULL",
    "UPDATE sync_runs SET completed_at = coalesce(updated_at, started_at, now()) "
    "WHERE status <> 'running' AND completed_at IS NULL",
    "UPDATE sync_runs SET completed_at = NULL "
    "WHERE status = 'running' AND completed_at IS NOT NULL",
    "UPDATE sync_run_jobs SET finished_at = coalesce(heartbeat_at, started_at, scheduled_at) "
    "WHERE status NOT IN ('scheduled', 'running') AND finished_at IS NULL",
    "UPDATE price_reviews SET settled_at = now() WHERE status <> 'open' AND settled_at IS NULL",
)


def upgrade() -> None:
    be_patient()
    for statement in _MENDED:
        op.execute(statement)
    with op.get_context().autocommit_block():
        for table, checks in CHECKS.items():
            add_checks(table, checks)
    be_patient()


def downgrade() -> None:
    be_patient()
    for table, checks in CHECKS.items():
        drop_checks(table, checks)
