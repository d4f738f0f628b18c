"""The statements of the queue."""

from __future__ import annotations

# One writer at a time fills the queue, so that the ceiling is never passed by two at once. The
# lock is the transaction's: it works through a transaction pooler and cannot be left behind.
LOCK_FILL = "SELECT pg_advisory_xact_lock(hashtext('pincali_sync.queue_fill'))"

# Rows in progress count: they may come back.
_ROOM = """greatest(0, CAST(:max_pending AS integer) - (
        SELECT count(*) FROM scrape_queue WHERE status IN ('pending', 'in_progress')))"""

# Why a record of the batch should be fetched. A new listing that was set aside after its
# attempts is not queued again by being seen again: `retry` is a person's decision.
_REASONS_OF_BATCH = """
    SELECT b.property_id, b.source_url, b.queued_priority,
           CASE WHEN b.is_live THEN 2 ELSE 1 END AS priority,
           CASE WHEN NOT b.is_live THEN 'new_property'
                WHEN b.is_relisted THEN 'relisted'
                ELSE 'price_change' END AS reason
      FROM batch b
     WHERE b.is_relisted OR b.price_change IS NOT NULL
        OR (NOT b.is_live AND b.is_set_aside IS NULL)
"""

RAISE_FROM_BATCH = f"""
WITH reasons AS ({_REASONS_OF_BATCH}), locked AS (
    SELECT q.id, r.priority, r.reason, r.source_url
      FROM reasons r JOIN scrape_queue q ON q.property_id = r.property_id
     WHERE r.queued_priority > r.priority
       AND q.status = 'pending' AND q.priority > r.priority
     ORDER BY q.property_id FOR UPDATE OF q
)
UPDATE scrape_queue q
   SET priority = l.priority, queue_reason = l.reason, source_url = l.source_url
  FROM locked l WHERE q.id = l.id
"""

FILL_FROM_BATCH = f"""
WITH reasons AS ({_REASONS_OF_BATCH}), fitting AS (
    SELECT * FROM reasons WHERE queued_priority IS NULL
     ORDER BY priority, property_id LIMIT {_ROOM}
)
INSERT INTO scrape_queue
       (property_id, source_url, priority, queue_reason, queued_at, available_at, run_id)
SELECT property_id, source_url, priority, reason, :now, :now, CAST(:run_id AS uuid)
  FROM fitting ORDER BY property_id
ON CONFLICT (property_id) WHERE status IN ('pending', 'in_progress') DO NOTHING
"""

FILL_FROM_MANIFEST = f"""
WITH fitting AS (
    SELECT m.property_id, m.source_url,
           CASE WHEN m.is_new THEN 1 ELSE 2 END AS priority,
           CASE WHEN m.is_new THEN 'new_property'
                WHEN m.price_changed THEN 'price_change'
                ELSE 'relisted' END AS reason
      FROM property_manifest m
     WHERE m.needs_full_scrape
       AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = m.property_id
                          AND q.status IN ('pending', 'in_progress', 'failed'))
     ORDER BY priority, m.first_seen_at DESC, m.property_id LIMIT {_ROOM}
)
INSERT INTO scrape_queue
       (property_id, source_url, priority, queue_reason, queued_at, available_at, run_id)
SELECT property_id, source_url, priority, reason, :now, :now, CAST(:run_id AS uuid)
  FROM fitting ORDER BY property_id
ON CONFLICT (property_id) WHERE status IN ('pending', 'in_progress') DO NOTHING
"""

# MATERIALIZED: the inner query must run once, or LIMIT with SKIP LOCKED may lock more rows.
CLAIM = """
WITH next AS MATERIALIZED (
    SELECT id FROM scrape_queue
     WHERE status = 'pending' AND available_at <= :now
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

# The wait doubles with each attempt.
FINISH = """
UPDATE scrape_queue
   SET status = CASE WHEN CAST(:succeeded AS boolean) THEN 'completed'
                     WHEN CAST(:may_retry AS boolean) AND attempt_count < :max_attempts
                          THEN 'pending'
                     ELSE 'failed' END,
       completed_at = CASE WHEN CAST(:succeeded AS boolean)
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

CLAIMABLE = "SELECT count(*) FROM scrape_queue WHERE status = 'pending' AND available_at <= :now"

COUNT_OF_RUN = """
SELECT count(*) AS queued,
       count(*) FILTER (WHERE status IN ('pending', 'in_progress')) AS open,
       count(*) FILTER (WHERE status = 'completed') AS completed,
       count(*) FILTER (WHERE status = 'failed') AS failed
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
