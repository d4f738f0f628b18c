"""Rows that refresh what is old, only into the room that is left to it; and a fair sample."""

from __future__ import annotations

from pincali_sync.db.repositories.identity.takeovers import SHOWED_ANOTHER
from pincali_sync.db.repositories.queue.freshness import RATE_OF_LIVE, crawl_value
from pincali_sync.db.repositories.queue.rest import (
    IN_VAIN,
    RESTED,
    THERE_AGAIN,
    WAS_IN_VAIN,
    may_be_fetched,
)
from pincali_sync.db.repositories.queue.room import ROOM_BESIDE_NEWS, insert
from pincali_sync.db.repositories.removal.transition import LISTED
from pincali_sync.items import ANOTHER_TRY, CANARY

# Beyond the age ceiling the oldest come first, whatever their value: nothing may grow older than
# the ceiling. A page that was asked for in vain would be the first in line every time. What is
# likely removed is left to the verification. What cards told since the last visit makes it worth
# more, and a younger record worth a visit where it is in place of a stale one's.
# A canary's page tells of the site: the record is as old as it was; and so is one that was gone for
# a while. How long one rests that failed is said by what was in vain.
_TOUCHED = f"""(q.status IN ('pending', 'in_progress')
                 OR q.completed_at > :now - interval '7 days'
                AND q.queue_reason IS DISTINCT FROM '{CANARY}'
                AND NOT (({THERE_AGAIN} OR q.status = 'failed')
                         AND {may_be_fetched("q.property_id")}))"""
# A fifth of the rows where cards tell much; where they are few, found by an index of their own.
_TOLD = "SELECT property_id, card_signals FROM property_manifest WHERE card_signals <> 0"
_IS_TOLD = "(CAST(:doubts AS float8[]))[told.card_signals + 1] < 0"
_RECALL = "CAST(:recall AS float8)"
_LOG_FRESH = f"(doubt - (1 - {_RECALL}) * rate * age_days)"
_WORTH = f"""CASE WHEN age_days >= :max_age_days THEN age_days
                     ELSE {crawl_value("rate", _LOG_FRESH, _RECALL)} END"""
_BY_WORTH = "is_too_old DESC, worth DESC, property_id"
# Beyond what is wanted only what is too old.
CHOOSE_STALE = f"""
WITH stale AS (
    SELECT l.property_id, l.source_url, {WAS_IN_VAIN} AS was_in_vain, {RATE_OF_LIVE} AS rate,
           extract(epoch FROM :now - coalesce(l.last_full_scrape_at, '2000-01-01'))
           / 86400.0::float8 AS age_days,
           coalesce((CAST(:doubts AS float8[]))[told.card_signals + 1], 0) AS doubt
      FROM properties_live l
      LEFT JOIN ({_TOLD}) told ON told.property_id = l.property_id
     CROSS JOIN {IN_VAIN}
     WHERE l.listing_status IN {LISTED}
       AND (coalesce(l.last_full_scrape_at, '-infinity') < :stale_before
            OR {_IS_TOLD} AND l.last_full_scrape_at < :told_before)
       AND {RESTED} AND NOT {SHOWED_ANOTHER}
       AND NOT EXISTS (SELECT 1 FROM scrape_queue q
                        WHERE q.property_id = l.property_id AND {_TOUCHED})
), best AS (
    SELECT *, age_days >= :max_age_days AS is_too_old, {_WORTH} AS worth FROM stale
     ORDER BY {_BY_WORTH} LIMIT :fitting
), placed AS (
    SELECT *, row_number() OVER (ORDER BY {_BY_WORTH}) AS place FROM best
)
SELECT property_id, source_url, 4 AS priority,
       CASE WHEN was_in_vain THEN '{ANOTHER_TRY}' ELSE 'stale_data' END AS reason
  FROM placed WHERE is_too_old OR place <= :wanted ORDER BY place
"""

# A seeded hash of the id: a fair draw that repeats itself, so that a crash draws no second one.
CHOOSE_SAMPLE = f"""
SELECT l.property_id, l.source_url, 5 AS priority, 'random_sample' AS reason
  FROM properties_live l
 CROSS JOIN {IN_VAIN}
 WHERE l.listing_status IN {LISTED} AND {RESTED} AND NOT {SHOWED_ANOTHER}
   AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = l.property_id
                      AND ({_TOUCHED} OR q.queued_at >= :drawn_since))
 ORDER BY md5(l.property_id || CAST(:seed AS text))
 LIMIT :fitting
"""

# What was chosen, as far as it still fits.
QUEUE_CHOSEN = f"""
WITH fitting AS (
    SELECT * FROM unnest(CAST(:property_ids AS text[]), CAST(:source_urls AS text[]),
                         CAST(:priorities AS integer[]), CAST(:reasons AS text[]))
                  AS chosen (property_id, source_url, priority, reason)
     LIMIT {ROOM_BESIDE_NEWS}
){insert()}"""
