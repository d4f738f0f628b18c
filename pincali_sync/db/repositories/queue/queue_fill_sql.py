"""The statements that fill the queue: from pages, by name, from the manifest, with what is old."""

from __future__ import annotations

from pincali_sync.db.repositories.queue.freshness_sql import STALE
from pincali_sync.db.repositories.removal.transition import LIKELY, PRESENT

# One writer at a time fills the queue, so that the ceiling is never passed by two at once. The
# lock is the transaction's: it works through a transaction pooler and cannot be left behind.
LOCK_FILL = "SELECT pg_advisory_xact_lock(hashtext('pincali_sync.queue_fill'))"

# Priorities 4 and 5 (stale, sample) leave a fifth of the ceiling free for what is news.
_RESERVE = 0.2
_OPEN = "status IN ('pending', 'in_progress')"
# Rows in progress count: they may come back.
_ROOM = f"""greatest(0, CAST(:max_pending AS integer) - (
        SELECT count(*) FROM scrape_queue WHERE {_OPEN}))"""
_ROOM_FOR_REFRESH = f"""greatest(0, least(
        CAST(:wanted AS integer),
        floor(CAST(:max_pending AS integer) * (1 - {_RESERVE}))::integer - (
        SELECT count(*) FROM scrape_queue WHERE {_OPEN})))"""

_INSERT = """
INSERT INTO scrape_queue
       (property_id, source_url, priority, queue_reason, queued_at, available_at, run_id)
SELECT property_id, source_url, priority, reason, :now, :now, CAST(:run_id AS uuid)
  FROM fitting ORDER BY property_id
ON CONFLICT (property_id) WHERE status IN ('pending', 'in_progress') DO NOTHING
"""

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

# Why a record that a caller names should be fetched; those without a URL are unknown.
_REASONS_OF_NAMED = """
    SELECT n.property_id, coalesce(m.source_url, l.source_url) AS source_url,
           (SELECT q.priority FROM scrape_queue q
             WHERE q.property_id = n.property_id AND q.status IN ('pending', 'in_progress')
           ) AS queued_priority,
           CAST(:priority AS integer) AS priority, CAST(:reason AS text) AS reason
      FROM (SELECT DISTINCT unnest(CAST(:property_ids AS text[])) AS property_id) n
      LEFT JOIN property_manifest m ON m.property_id = n.property_id
      LEFT JOIN properties_live l ON l.property_id = n.property_id
     WHERE coalesce(m.source_url, l.source_url) IS NOT NULL
"""

# What the manifest still wants fetched: it found no place before, or was moved outside. What only
# the sitemap knows comes after what pages showed, and gives way to it at a full queue. A live
# row whose page was set aside is tried again after a week; a new listing only by `retry`.
_REASONS_OF_MANIFEST = """
    SELECT m.property_id, m.source_url, m.first_seen_at,
           CASE WHEN m.is_new AND m.sources = '{}' THEN 3
                WHEN m.is_new THEN 1 ELSE 2 END AS priority,
           CASE WHEN m.is_new AND m.sources = '{}' THEN 'sitemap'
                WHEN m.is_new THEN 'new_property'
                WHEN m.price_changed THEN 'price_change'
                ELSE 'relisted' END AS reason
      FROM property_manifest m
     WHERE m.needs_full_scrape
       AND NOT EXISTS (
           SELECT 1 FROM scrape_queue q WHERE q.property_id = m.property_id
              AND (q.status IN ('pending', 'in_progress')
                   OR (q.status = 'failed'
                       AND (m.is_new OR q.completed_at > CAST(:now AS timestamptz)
                                                         - interval '7 days'))))
"""

# Missing listings without a verdict from this scan's batch.
_REASONS_OF_MISSING = f"""
    SELECT l.property_id, coalesce(m.source_url, l.source_url) AS source_url,
           (SELECT q.priority FROM scrape_queue q
             WHERE q.property_id = l.property_id AND q.status IN ('pending', 'in_progress')
           ) AS queued_priority,
           3 AS priority, 'verification' AS reason
      FROM properties_live l
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     WHERE l.missing_session_id = CAST(:session_id AS uuid)
       AND l.listing_status = {LIKELY}
       AND NOT EXISTS (SELECT 1 FROM removal_checks c JOIN removal_batches b ON b.id = c.batch_id
                        WHERE c.property_id = l.property_id
                          AND b.session_id = CAST(:session_id AS uuid))
       AND NOT EXISTS (SELECT 1 FROM scrape_queue q
                        WHERE q.property_id = l.property_id AND q.status = 'failed'
                          AND q.queue_reason = 'verification' AND q.queued_at >= :began)
"""


def _raise(reasons: str) -> str:
    """A better reason raises the row that is there."""
    return f"""
WITH reasons AS ({reasons}), locked AS (
    SELECT q.id, r.priority, r.reason, r.source_url
      FROM reasons r JOIN scrape_queue q ON q.property_id = r.property_id
     WHERE r.queued_priority > r.priority
       AND q.status = 'pending' AND q.priority > r.priority
     ORDER BY q.property_id FOR UPDATE OF q
)
UPDATE scrape_queue q
   SET priority = l.priority, queue_reason = l.reason, source_url = l.source_url,
       run_id = coalesce(CAST(:run_id AS uuid), q.run_id)
  FROM locked l WHERE q.id = l.id
"""


def _make_room(reasons: str, *, waiting: str) -> str:
    """At a full queue the least valuable rows go back outside, where their tables know of them.

    Only rows that are worth less than what comes, the worst and the latest first.
    """
    return f"""
WITH reasons AS ({reasons}), wanted AS (
    SELECT priority, count(*) AS rows FROM reasons WHERE {waiting} GROUP BY priority
), short AS (
    SELECT greatest(0, coalesce((SELECT sum(rows) FROM wanted), 0) - {_ROOM}) AS rows,
           (SELECT min(priority) FROM wanted) AS best
), least_valuable AS (
    SELECT id FROM scrape_queue
     WHERE status = 'pending' AND priority > (SELECT best FROM short) AND priority > 2
     ORDER BY priority DESC, queued_at DESC
     LIMIT (SELECT rows FROM short) FOR UPDATE SKIP LOCKED
)
DELETE FROM scrape_queue q USING least_valuable v WHERE q.id = v.id
RETURNING q.queue_reason
"""


def _fill(reasons: str, *, waiting: str, order: str) -> str:
    """New rows, as many as fit under the ceiling."""
    return f"""
WITH reasons AS ({reasons}), fitting AS (
    SELECT * FROM reasons WHERE {waiting} ORDER BY {order} LIMIT {_ROOM}
){_INSERT}"""


_NOT_QUEUED = "queued_priority IS NULL"
RAISE_FROM_BATCH = _raise(_REASONS_OF_BATCH)
ROOM_FOR_BATCH = _make_room(_REASONS_OF_BATCH, waiting=_NOT_QUEUED)
FILL_FROM_BATCH = _fill(_REASONS_OF_BATCH, waiting=_NOT_QUEUED, order="priority, property_id")

RAISE_NAMED = _raise(_REASONS_OF_NAMED)
ROOM_FOR_NAMED = _make_room(_REASONS_OF_NAMED, waiting=_NOT_QUEUED)
FILL_NAMED = _fill(_REASONS_OF_NAMED, waiting=_NOT_QUEUED, order="property_id")

FILL_FROM_MANIFEST = _fill(
    _REASONS_OF_MANIFEST, waiting="true", order="priority, first_seen_at DESC, property_id"
)

RAISE_MISSING = _raise(_REASONS_OF_MISSING)
ROOM_FOR_MISSING = _make_room(_REASONS_OF_MISSING, waiting=_NOT_QUEUED)
FILL_MISSING = _fill(_REASONS_OF_MISSING, waiting=_NOT_QUEUED, order="property_id")
COUNT_MISSING_OUTSIDE = f"SELECT count(*) FROM ({_REASONS_OF_MISSING}) r WHERE {_NOT_QUEUED}"

# --- refreshing what is old: only into the room that is left to it ---
FILL_STALE = f"""
WITH fitting AS (
    SELECT property_id, source_url, 4 AS priority, 'stale_data' AS reason
      FROM ({STALE}) stale
     ORDER BY overdue DESC, CASE WHEN overdue THEN age_days ELSE value END DESC, property_id
     LIMIT {_ROOM_FOR_REFRESH}
){_INSERT}"""

# A seeded hash of the id: a fair draw that repeats itself, so that a crash draws no second one.
FILL_SAMPLE = f"""
WITH fitting AS (
    SELECT l.property_id, l.source_url, 5 AS priority, 'random_sample' AS reason
      FROM properties_live l
     WHERE l.listing_status IN {PRESENT}
       AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = l.property_id
                          AND (q.status IN ('pending', 'in_progress')
                               OR q.queued_at >= :drawn_since))
     ORDER BY md5(l.property_id || CAST(:seed AS text))
     LIMIT {_ROOM_FOR_REFRESH}
){_INSERT}"""
