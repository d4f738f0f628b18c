"""Which rows give way at a full queue to what is worth more, and to whom a share of it belongs.

They go back outside, where their tables know of them. One that was asked for stays, or its attempt
would be forgotten.
"""

from __future__ import annotations

from pincali_sync.db.repositories.queue.room import ROOM

# Missing listings have a fifth of the queue, as news has: what changed in a great scan may fill it
# for hours, and their time is limited. Of more than that they leave again for news.
_FIFTH = "floor(CAST(:max_pending AS integer) * 0.2)::integer"
LEFT_OF_A_FIFTH = f"""greatest(0, {_FIFTH} - (
    SELECT count(*) FROM scrape_queue
     WHERE queue_reason = 'verification' AND status IN ('pending', 'in_progress'))::integer)"""
_UNASKED = "q.status = 'pending' AND q.attempt_count = 0"


def giving_way(room: str, share: str) -> str:
    """For the CTE `wanted`: `room` (how many rows there is a place for), `moved` (those that gave
    way).

    Only rows worth less than what comes give way, the worst and the latest first; news to none, but
    where a share is left, which others do not fill: then the latest of what waits outside as well.

    Args:
        room: rows that may be added beside what is there.
        share: rows that may be added whatever is there.
    """
    return f"""
room_beside AS MATERIALIZED (
    SELECT {room} AS rows, {ROOM} AS free, {share} AS share
), kept AS MATERIALIZED (
    SELECT q.id FROM scrape_queue q WHERE q.status = 'pending' AND q.queue_reason = 'verification'
     ORDER BY q.priority, q.queued_at, q.id LIMIT {_FIFTH}
), least_valuable AS (
    SELECT q.id FROM scrape_queue q
     WHERE {_UNASKED} AND q.priority > greatest(2, (SELECT min(priority) FROM wanted))
       AND NOT EXISTS (SELECT FROM kept WHERE kept.id = q.id)
     ORDER BY q.priority DESC, q.queued_at DESC
     LIMIT greatest(0, (SELECT count(*) FROM wanted) - (SELECT rows FROM room_beside))
       FOR UPDATE SKIP LOCKED
), room AS MATERIALIZED (
    SELECT r.rows + least(own.rows, own.free) AS rows, own.rows - own.free AS lacking
      FROM room_beside r
     CROSS JOIN LATERAL (
           SELECT greatest(0, least(r.share, (SELECT count(*) FROM wanted)) - r.rows
                              - (SELECT count(*) FROM least_valuable)) AS rows,
                  greatest(0, r.free - r.rows) AS free) own
), news AS (
    SELECT q.id FROM scrape_queue q
     WHERE {_UNASKED} AND q.priority <= 3 AND q.queue_reason IS DISTINCT FROM 'verification'
       AND EXISTS (SELECT FROM property_manifest m
                    WHERE m.property_id = q.property_id AND m.needs_full_scrape)
     ORDER BY q.priority DESC, q.queued_at DESC
     LIMIT (SELECT greatest(0, lacking) FROM room)
       FOR UPDATE SKIP LOCKED
), moved AS (
    DELETE FROM scrape_queue q
     USING (SELECT id FROM least_valuable UNION ALL SELECT id FROM news) v
     WHERE q.id = v.id
    RETURNING q.queue_reason
)"""
