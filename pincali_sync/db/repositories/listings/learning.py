"""What visits teach: how often a record changes, and what a change on its card is worth.

Statements on the transaction's `scraped`, as `ScrapeRepository` fills it.
"""

from __future__ import annotations

from pincali_sync.db.repositories.queue.freshness import RATE_OF_LIVE, scrape_priority
from pincali_sync.domain.schedule import SITE_ZONE

# One interval more is known of, with or without news. An adopted row's first visit repairs it and
# teaches nothing.
LEARN_RATES = f"""
UPDATE properties_live l
   SET scrape_priority = {scrape_priority(RATE_OF_LIVE)}
  FROM scraped s
 WHERE s.accepted AND l.property_id = s.property_id
   AND l.scrape_priority IS DISTINCT FROM {scrape_priority(RATE_OF_LIVE)}
"""

# Before the live rows are written. Visits that the sample drew, not what is being learned; a price
# that changed would have led to the visit anyway.
LEARN_FROM_SAMPLE = f"""
INSERT INTO signal_lessons AS t (month, signals, visits, news, expected_news)
SELECT date_trunc('month', CAST(:now AS timestamptz) AT TIME ZONE '{SITE_ZONE.key}')::date,
       m.card_signals, count(*), count(*) FILTER (WHERE s.change_type = 'updated'),
       sum(1 - exp(greatest({RATE_OF_LIVE} / -86400.0::float8
                            * extract(epoch FROM :now - l.last_full_scrape_at), -600)))
  FROM scraped s
  JOIN properties_live l ON l.property_id = s.property_id
  JOIN property_manifest m ON m.property_id = s.property_id
 WHERE s.is_sample AND s.accepted AND l.visits > 0 AND NOT m.needs_full_scrape
 GROUP BY m.card_signals ORDER BY m.card_signals
ON CONFLICT (month, signals) DO UPDATE
   SET visits = t.visits + excluded.visits, news = t.news + excluded.news,
       expected_news = t.expected_news + excluded.expected_news
"""
