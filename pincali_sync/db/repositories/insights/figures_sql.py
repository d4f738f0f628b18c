"""The statements behind the figures that operators see. Each reads everything it needs at once."""

from __future__ import annotations

from pincali_sync.db.repositories.removal.status import INACTIVE_AFTER

# What the totals of `sync_runs` are called once their rows are past their term.
RUN_TOTALS = {
    "run_pages": "pages_scanned",
    "run_new": "new_properties_found",
    "run_price_changes": "price_changes_detected",
    "run_missing": "removals_detected",
    "run_scraped": "properties_scraped",
    "run_errors": "error_count",
}
RUNS_ENDED = "runs_ended"
QUEUE_FINISHED = "queue_finished"

# --- runs ---
_SUMS = ", ".join(f"sum({column})::bigint AS {series}" for series, column in RUN_TOTALS.items())
RUNS = f"""
SELECT tier_level, status, count(*) AS runs, {_SUMS}, max(completed_at) AS last_completed_at,
       max(greatest(slot_at, started_at)) AS last_served_at, min(started_at) AS first_started_at
  FROM sync_runs GROUP BY tier_level, status ORDER BY tier_level, status
"""
RETIRED = "SELECT series, label, value FROM retired_totals"
HEARTBEATS = "SELECT name, at FROM service_heartbeats"
BEAT = """
INSERT INTO service_heartbeats (name, at) VALUES (:name, :now)
ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""

# --- the queue ---
# Open rows and those set aside have indexes of their own, finished ones are far more.
_GROUP = """
SELECT priority, coalesce(queue_reason, 'unknown') AS reason, status, count(*) AS rows,
       min(queued_at) AS oldest_queued_at
  FROM scrape_queue WHERE {condition} GROUP BY priority, queue_reason, status
"""
QUEUE = " UNION ALL ".join(
    _GROUP.format(condition=condition)
    for condition in ("status IN ('pending', 'in_progress')", "status = 'failed'")
)
QUEUE_EVER = """
SELECT coalesce(queue_reason, 'unknown') AS reason, status, count(*) AS rows
  FROM scrape_queue WHERE status IN ('completed', 'cancelled') GROUP BY queue_reason, status
"""
QUEUE_RECENT = """
SELECT coalesce(queue_reason, 'unknown') AS reason, status, count(*) AS rows,
       count(*) FILTER (WHERE completed_at >= :hour_ago) AS rows_in_last_hour,
       avg(extract(epoch FROM completed_at - queued_at))::float8 AS average_seconds
  FROM scrape_queue WHERE completed_at >= :day_ago GROUP BY queue_reason, status
"""
OUTSIDE = """
SELECT count(*) FROM property_manifest m
 WHERE m.needs_full_scrape = true
   AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = m.property_id
                      AND q.status IN ('pending', 'in_progress'))
   AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = m.property_id
                      AND q.status = 'failed')
"""

# --- scans, removals, pace ---
CERTIFICATES = """
SELECT DISTINCT ON (source) source, session_id, certified, proves_absence, reasons,
       distinct_properties, expected_properties, pages_read, pages_lost, issued_at
  FROM scan_certificates ORDER BY source, issued_at DESC
"""
REMOVALS = f"""
SELECT (SELECT count(*) FROM property_changes WHERE change_type = 'removed') AS confirmed,
       (SELECT count(*) FROM property_changes
         WHERE change_type = 'removed' AND created_at >= :week_ago) AS confirmed_last_week,
       (SELECT count(*) FROM removal_batches WHERE status = 'held') AS batches_held,
       (SELECT count(*) FROM properties_live WHERE listing_status = 'likely_removed'
                        AND consecutive_missing_count >= {INACTIVE_AFTER}) AS unsettled
"""
AUDITED = """
SELECT count(*) FILTER (WHERE verdict = 'alive') AS alive,
       count(*) FILTER (WHERE verdict IN ('gone', 'sold')) AS gone,
       count(*) FILTER (WHERE verdict = 'unknown') AS unknown,
       count(*) FILTER (WHERE verdict IS NULL) AS waiting,
       max(checked_at) AS last_checked_at
  FROM removal_audits WHERE drawn_at >= :since
"""
PACE = """
SELECT extract(epoch FROM next_free_at - clock_timestamp())::float8 AS next_free_in_seconds,
       greatest(0, extract(epoch FROM held_until - clock_timestamp()))::float8 AS held_seconds,
       strikes
  FROM site_pace WHERE host = :host
"""

# --- the live table: one walk along an index, without a look at the wide rows ---
AGES = """
SELECT listing_status, width_bucket(last_full_scrape_at, CAST(:edges AS timestamptz[])) AS bucket,
       count(*) AS rows, min(last_full_scrape_at) AS oldest
  FROM properties_live GROUP BY listing_status, bucket
"""
OPEN_REVIEWS = """
SELECT (SELECT count(*) FROM price_reviews WHERE status = 'open') AS price_reviews,
       (SELECT count(*) FROM identity_candidates WHERE status = 'open') AS identity_candidates
"""

# --- figures over time ---
HAS_HISTORY = "SELECT EXISTS (SELECT 1 FROM insight_history WHERE taken_at > :since)"
KEEP_HISTORY = """
INSERT INTO insight_history (taken_at, figures) VALUES (:at, CAST(:figures AS jsonb))
ON CONFLICT (taken_at) DO NOTHING
"""
HISTORY = """
SELECT taken_at, figures FROM insight_history WHERE taken_at >= :since ORDER BY taken_at
"""
FORGET_HISTORY = "DELETE FROM insight_history WHERE taken_at < :before"

# By day of the site's country, as its slots are.
PRICE_CHANGES_BY_DAY = """
SELECT (created_at AT TIME ZONE :zone)::date AS day, count(DISTINCT property_id) AS count
  FROM property_changes
 WHERE field_name = 'price' AND created_at >= :since
   AND change_reason IS DISTINCT FROM :repair
 GROUP BY day ORDER BY day
"""
REMOVED_BY_DAY = """
SELECT (created_at AT TIME ZONE :zone)::date AS day, count(*) AS count
  FROM property_changes WHERE change_type = 'removed' AND created_at >= :since
 GROUP BY day ORDER BY day
"""
