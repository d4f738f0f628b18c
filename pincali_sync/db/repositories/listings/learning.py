"""What visits teach: how often a record changes, and what a change on its card is worth.

Statements on the transaction's `scraped`, as `ScrapeRepository` fills it.
"""

from __future__ import annotations

from pincali_sync.db.repositories.queue.freshness import RATE_OF_LIVE, change_rate, scrape_priority
from pincali_sync.domain.schedule import SITE_ZONE


def _priority_of(visits: str, news: str, days: str) -> str:
    """An expression for a record's priority, from expressions for what its visits taught."""
    rate = change_rate("greatest(visits - 1, 0)", "news", "days")
    return f"""(SELECT {scrape_priority("rate")} FROM (SELECT {rate} AS rate
        FROM (SELECT {visits} AS visits, {news} AS news, {days} AS days) learnt) rated)"""


# By column, what one visit more makes of a live row `l`, `excluded` being what is written. An
# interval more is known of, with or without news; an adopted row's first visit repairs it and
# teaches nothing.
_COUNTED = {
    "visits": "l.visits + 1",
    "visits_with_news": """l.visits_with_news
           + (l.visits > 0 AND excluded.last_updated_at IS NOT NULL)::integer""",
    "observed_days": """l.observed_days + CASE WHEN l.visits > 0 THEN greatest(
           0, extract(epoch FROM :now - l.last_full_scrape_at) / 86400.0) ELSE 0 END""",
}
LEARNT = {**_COUNTED, "scrape_priority": _priority_of(*_COUNTED.values())}
FIRST_PRIORITY = _priority_of("1", "0", "0")

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
