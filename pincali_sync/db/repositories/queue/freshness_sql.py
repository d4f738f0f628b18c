"""Crawl value as SQL: the rule of `domain.freshness`; a test holds the two together."""

from __future__ import annotations

from pincali_sync.db.repositories.removal.transition import PRESENT
from pincali_sync.domain.freshness import (
    PRIOR_DAYS,
    PRIOR_NEWS,
    PRIOR_VISITS,
    PRIORITY_FLOORS,
    PRIORITY_HORIZON_DAYS,
)


def change_rate(revisits: str, news: str, days: str) -> str:
    """An expression for the estimated changes a day."""
    # Floats: PostgreSQL takes decimal literals for numeric, whose logarithms cost a hundredfold.
    n = f"({revisits} + {PRIOR_VISITS}::float8)"
    x = f"({news} + {PRIOR_NEWS}::float8)"
    half = "0.5::float8"
    return f"(-ln(({n} - {x} + {half}) / ({n} + {half})) * {n} / ({days} + {PRIOR_DAYS}::float8))"


def crawl_value(rate: str, age_days: str) -> str:
    """An expression for the days of freshness that a visit gains."""
    return f"((1 - (1 + {rate} * {age_days}) * exp(-{rate} * {age_days})) / {rate})"


def scrape_priority(rate: str) -> str:
    """An expression for the priority, 1 to 5, of the next visit."""
    value = crawl_value(rate, f"{PRIORITY_HORIZON_DAYS}::float8")
    floors = " ".join(f"WHEN {value} >= {f} THEN {p}" for p, f in enumerate(PRIORITY_FLOORS, 1))
    return f"CASE {floors} ELSE {len(PRIORITY_FLOORS) + 1} END"


# The first visit to a record tells nothing about how often it changes.
RATE_OF_LIVE = change_rate("greatest(l.visits - 1, 0)", "l.visits_with_news", "l.observed_days")

# Rows due for a visit, with what it is worth. Beyond the age ceiling the oldest come first,
# whatever their value: nothing may grow older than the ceiling. A page that failed or was not
# there is not asked for again at once: it would be the first in line every time. Exponents are
# bounded, so that a row of decades ago is no underflow.
STALE = f"""
    SELECT s.property_id, s.source_url, s.age_days,
           s.age_days >= :max_age_days AS overdue,
           {crawl_value("s.rate", "least(s.age_days, 600 / s.rate)")} AS value
      FROM (SELECT l.property_id, l.source_url, {RATE_OF_LIVE} AS rate,
                   extract(epoch FROM CAST(:now AS timestamptz)
                                      - coalesce(l.last_full_scrape_at, '2000-01-01'))
                   / 86400.0::float8 AS age_days
              FROM properties_live l
             WHERE l.listing_status IN {PRESENT}
               AND coalesce(l.last_full_scrape_at, '-infinity') < :stale_before
               AND NOT EXISTS (
                   SELECT 1 FROM scrape_queue q WHERE q.property_id = l.property_id
                      AND (q.status IN ('pending', 'in_progress')
                           OR (q.status IN ('failed', 'cancelled')
                               AND q.completed_at > CAST(:now AS timestamptz)
                                                    - interval '7 days')))) s
"""
COUNT_STALE = f"""
SELECT count(*) FROM properties_live
 WHERE listing_status IN {PRESENT} AND coalesce(last_full_scrape_at, '-infinity') < :stale_before
"""
COUNT_PRESENT = f"SELECT count(*) FROM properties_live WHERE listing_status IN {PRESENT}"

# --- the month's target ---
SET_TARGET = """
INSERT INTO refresh_targets AS t (month, run_id, stale_target, sample_target, stale_before, set_at)
VALUES (:month, CAST(:run_id AS uuid), :stale_target, :sample_target, :stale_before, :now)
ON CONFLICT (month) DO NOTHING
"""
GET_TARGET = """
SELECT month, stale_target, sample_target, stale_queued, sample_queued, stale_before, set_at
  FROM refresh_targets ORDER BY month DESC LIMIT 1
"""
COUNT_QUEUED = """
UPDATE refresh_targets
   SET stale_queued = greatest(0, stale_queued + :stale),
       sample_queued = greatest(0, sample_queued + :sample)
 WHERE month = (SELECT max(month) FROM refresh_targets)
"""

# After a visit: one interval more is known of, with or without news. An adopted row's first visit
# repairs it and teaches nothing.
LEARN = f"""
UPDATE properties_live l
   SET scrape_priority = {scrape_priority(RATE_OF_LIVE)}
  FROM (SELECT property_id FROM scraped WHERE accepted ORDER BY property_id) s
 WHERE l.property_id = s.property_id
   AND l.scrape_priority IS DISTINCT FROM {scrape_priority(RATE_OF_LIVE)}
"""
