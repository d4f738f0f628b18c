"""The statements that work the queue off."""

from __future__ import annotations

from pincali_sync.db.repositories.insights.figures import QUEUE_FINISHED

# What the verification spider looks at, and the detail spider leaves to it.
_VERIFIED = "queue_reason IN ('verification', 'removal_audit')"

# MATERIALIZED: the inner query must run once, or LIMIT with SKIP LOCKED may lock more rows.
CLAIM = f"""
WITH next AS MATERIALIZED (
    SELECT id FROM scrape_queue
     WHERE status = 'pending' AND available_at <= :now
       AND ({_VERIFIED}) IS TRUE = CAST(:verification AS boolean)
     ORDER BY priority, queued_at
     LIMIT :batch_size FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE scrape_queue q
       SET status = 'in_progress', claimed_at = :now, worker_id = :worker_id,
           session_id = CAST(:session_id AS uuid), lease_token = CAST(:lease_token AS uuid),
           lease_expires_at = :lease_expires_at, attempt_count = q.attempt_count + 1
      FROM next WHERE q.id = next.id
    RETURNING q.id, q.property_id, q.source_url, q.priority, q.queue_reason, q.queued_at,
              q.attempt_count
)
SELECT c.id, c.property_id, coalesce(m.source_url, c.source_url) AS source_url, c.priority,
       c.queue_reason, c.queued_at, c.attempt_count, coalesce(m.public_id, l.public_id) AS public_id
  FROM claimed c
  LEFT JOIN property_manifest m ON m.property_id = c.property_id
  LEFT JOIN properties_live l ON l.property_id = c.property_id
"""

# The wait doubles with each attempt. A page that is not there is no failure of ours: its row is
# cancelled, so that the listing is queued afresh should it be seen again.
FINISH = """
UPDATE scrape_queue
   SET status = CASE WHEN CAST(:succeeded AS boolean) THEN 'completed'
                     WHEN CAST(:is_gone AS boolean) THEN 'cancelled'
                     WHEN CAST(:may_retry AS boolean) AND attempt_count < :max_attempts
                          THEN 'pending'
                     ELSE 'failed' END,
       completed_at = CASE WHEN CAST(:succeeded AS boolean) OR CAST(:is_gone AS boolean)
                             OR NOT CAST(:may_retry AS boolean) OR attempt_count >= :max_attempts
                           THEN CAST(:now AS timestamptz) END,
       available_at = CAST(:now AS timestamptz)
                      + CAST(:retry_after AS interval) * power(2, attempt_count - 1),
       last_error = CAST(:error AS text),
       lease_token = NULL, lease_expires_at = NULL
 WHERE id = :id
"""

EXTEND_LEASES = """
UPDATE scrape_queue SET lease_expires_at = :lease_expires_at
 WHERE lease_token = :lease_token AND status = 'in_progress'
"""

RELEASE = """
UPDATE scrape_queue
   SET status = 'pending', attempt_count = attempt_count - 1, claimed_at = NULL,
       worker_id = NULL, lease_token = NULL, lease_expires_at = NULL
 WHERE lease_token = :lease_token AND status = 'in_progress'
"""

RECLAIM_EXPIRED = """
WITH expired AS MATERIALIZED (
    SELECT id FROM scrape_queue
     WHERE status = 'in_progress' AND lease_expires_at < :now
     ORDER BY property_id FOR UPDATE SKIP LOCKED
)
UPDATE scrape_queue q
   SET status = CASE WHEN q.attempt_count < :max_attempts THEN 'pending' ELSE 'failed' END,
       completed_at = CASE WHEN q.attempt_count < :max_attempts THEN NULL
                           ELSE CAST(:now AS timestamptz) END,
       last_error = 'the worker ' || coalesce(q.worker_id, '?') || ' was not heard of any more',
       lease_token = NULL, lease_expires_at = NULL
  FROM expired e WHERE q.id = e.id
"""

FORGET_GONE = """
UPDATE property_manifest m SET needs_full_scrape = false
  FROM (SELECT property_id FROM scrape_queue WHERE id = ANY(CAST(:ids AS uuid[]))
         ORDER BY property_id) q
 WHERE m.property_id = q.property_id
"""

CLAIMABLE = f"""
SELECT count(*) FROM scrape_queue
 WHERE status = 'pending' AND available_at <= :now
   AND ({_VERIFIED}) IS TRUE = CAST(:verification AS boolean)
"""

# --- what a person does ---
# Back to the start of their attempts; those that are open again already stay as they are.
RETRY = """
UPDATE scrape_queue q
   SET status = 'pending', attempt_count = 0, completed_at = NULL, available_at = :now,
       queued_at = :now, lease_token = NULL, lease_expires_at = NULL
 WHERE q.id IN (
       SELECT DISTINCT ON (f.property_id) f.id FROM scrape_queue f
        WHERE f.status = 'failed'
          AND (CAST(:property_id AS text) IS NULL OR f.property_id = CAST(:property_id AS text))
          AND NOT EXISTS (SELECT 1 FROM scrape_queue o WHERE o.property_id = f.property_id
                             AND o.status IN ('pending', 'in_progress'))
        ORDER BY f.property_id, f.queued_at DESC)
"""
CANCEL = """
UPDATE scrape_queue SET status = 'cancelled', completed_at = :now, last_error = :reason
 WHERE property_id = :property_id AND status IN ('pending', 'failed')
"""
DEAD_LETTERS = """
SELECT property_id, source_url, queue_reason, attempt_count, last_error, completed_at
  FROM scrape_queue WHERE status = 'failed' ORDER BY completed_at DESC LIMIT :limit
"""
OF_PROPERTY = """
SELECT property_id, source_url, priority, queue_reason, status, queued_at, completed_at,
       attempt_count, last_error, worker_id
  FROM scrape_queue WHERE property_id = :property_id ORDER BY queued_at DESC LIMIT :limit
"""
HELD_ROW = """
SELECT id FROM scrape_queue
 WHERE property_id = :property_id AND lease_token = :lease_token AND status = 'in_progress'
"""
# What the rows had counted stays counted.
CLEAN_UP = f"""
WITH deleted AS (
    DELETE FROM scrape_queue
     WHERE status IN ('completed', 'cancelled') AND completed_at < :before
    RETURNING queue_reason, status
), kept AS (
    INSERT INTO retired_totals AS t (series, label, value)
    SELECT '{QUEUE_FINISHED}', coalesce(queue_reason, 'unknown') || '|' || status, count(*)
      FROM deleted GROUP BY 2
    ON CONFLICT (series, label) DO UPDATE SET value = t.value + excluded.value
)
SELECT count(*) FROM deleted
"""
COMPLETED_SINCE = """
SELECT count(*) FROM scrape_queue
 WHERE completed_at >= :since AND status IN ('completed', 'failed')
"""
OPEN_VERIFICATIONS = f"""
SELECT count(*) FROM scrape_queue
 WHERE status IN ('pending', 'in_progress') AND {_VERIFIED}
"""
OPEN_REFRESHES = f"""
SELECT count(*) FROM scrape_queue
 WHERE status IN ('pending', 'in_progress') AND priority >= 4 AND ({_VERIFIED}) IS NOT TRUE
"""

COUNT_OF_RUN = f"""
SELECT count(*) AS queued,
       count(*) FILTER (WHERE status IN ('pending', 'in_progress')) AS open,
       count(*) FILTER (WHERE status = 'completed') AS completed,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       count(*) FILTER (WHERE status IN ('pending', 'in_progress')
                          AND {_VERIFIED}) AS open_verifications
  FROM scrape_queue WHERE run_id = :run_id
"""

COUNT_BY_STATUS = """
SELECT count(*) FILTER (WHERE status = 'pending') AS pending,
       count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       count(*) FILTER (WHERE status = 'completed' AND completed_at >= :midnight)
           AS completed_today,
       count(*) FILTER (WHERE status = 'failed' AND completed_at >= :midnight) AS failed_today
  FROM scrape_queue
"""

COUNT_BY_PRIORITY = """
SELECT priority, count(*) AS rows FROM scrape_queue
 WHERE status IN ('pending', 'in_progress') GROUP BY priority ORDER BY priority
"""

COUNT_BY_REASON = """
SELECT queue_reason, count(*) AS rows FROM scrape_queue
 WHERE status IN ('pending', 'in_progress') GROUP BY queue_reason ORDER BY queue_reason
"""
