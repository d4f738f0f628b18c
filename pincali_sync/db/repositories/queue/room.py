"""The queue's ceiling, and rows that fit under it."""

from __future__ import annotations

# One writer at a time fills the queue, so that the ceiling is never passed by two at once. The
# lock is the transaction's: it works through a transaction pooler and cannot be left behind.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('pincali_sync.queue_fill'))"

# Rows in progress count: they may come back.
OPEN = "(SELECT count(*) FROM scrape_queue WHERE status IN ('pending', 'in_progress'))"
ROOM = f"greatest(0, CAST(:max_pending AS integer) - {OPEN})"
# Priorities 4 and 5 (stale, sample) leave a fifth of the ceiling free for what is news.
ROOM_FOR_REFRESH = f"""greatest(0, least(
        CAST(:wanted AS integer),
        floor(CAST(:max_pending AS integer) * 0.8)::integer - {OPEN}))"""

INSERT = """
INSERT INTO scrape_queue
       (property_id, source_url, priority, queue_reason, queued_at, available_at, run_id)
SELECT property_id, source_url, priority, reason, :now, :now, CAST(:run_id AS uuid)
  FROM fitting ORDER BY property_id
ON CONFLICT (property_id) WHERE status IN ('pending', 'in_progress') DO NOTHING
"""
