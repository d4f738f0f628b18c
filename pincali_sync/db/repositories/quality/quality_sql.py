"""The questions of the quality report, each one pass over the live table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from pincali_sync.db.repositories.listings.live_columns import LIVE_COLUMNS
from pincali_sync.db.repositories.listings.scrapes_sql import PRICED, REPAIR
from pincali_sync.db.repositories.removal.status import PRESENT
from pincali_sync.domain.listing_fields import COVERED_FIELDS
from pincali_sync.domain.prices import Operation
from pincali_sync.pages.coordinates import LATITUDES, LONGITUDES

EXAMPLES = 5
AGE_BOUNDS = (0, 1, 7, 14, 30, 45, 60)  # days since the last visit
WITHIN_DAYS = (7, 14, 30)

_OPERATIONS = ", ".join(f"'{each.value}'" for each in Operation)


def age_names() -> tuple[str, ...]:
    """The classes of age: "0-1", "1-7", ... "60+", and "never"."""
    return (*(f"{low}-{high}" for low, high in pairwise(AGE_BOUNDS)), f"{AGE_BOUNDS[-1]}+", "never")


def _older_than(days: int) -> str:
    return f"last_full_scrape_at <= CAST(:now AS timestamptz) - interval '{days} days'"


def _ages() -> str:
    """A count for each class of age, in the order of `age_names`."""
    youngest = f"last_full_scrape_at IS NOT NULL AND NOT {_older_than(AGE_BOUNDS[1])}"
    between = [
        f"{_older_than(low)} AND NOT {_older_than(high)}" for low, high in pairwise(AGE_BOUNDS[1:])
    ]
    classes = [youngest, *between, _older_than(AGE_BOUNDS[-1]), "last_full_scrape_at IS NULL"]
    return ", ".join(
        f'count(*) FILTER (WHERE {each}) AS "age_{name}"'
        for each, name in zip(classes, age_names(), strict=True)
    )


_FIELDS = ", ".join(
    f"count(*) FILTER (WHERE {LIVE_COLUMNS[name].is_there}) AS has_{name}"
    for name in COVERED_FIELDS
)
OVERVIEW = f"""
SELECT CASE WHEN operation_type IN ({_OPERATIONS}) THEN operation_type ELSE 'other' END
           AS operation,
       count(*) AS listings,
       {
    ", ".join(
        f"count(*) FILTER (WHERE {LIVE_COLUMNS[c].is_there}) AS has_{c}" for c in COVERED_FIELDS
    )
},
       {_ages()},
       {
    ", ".join(
        f"count(*) FILTER (WHERE NOT {_older_than(days)}) AS within_{days}" for days in WITHIN_DAYS
    )
},
       min(last_full_scrape_at) AS oldest,
       count(*) FILTER (WHERE verification_status = 'flagged') AS flagged,
       count(*) FILTER (WHERE listing_status = 'likely_removed') AS likely_removed,
       coalesce(sum(data_completeness_score), 0)::float8 AS completeness
  FROM properties_live WHERE listing_status IN {PRESENT}
 GROUP BY operation ORDER BY operation
"""

# What can be said of a row by itself. A listing date may be a day ahead: it is a local date.
ODD_ROWS: Mapping[str, str] = {
    "price_of_nothing": "price BETWEEN 0 AND 1",
    "outside_mexico": f"NOT (latitude BETWEEN {LATITUDES[0]} AND {LATITUDES[1]} "
    f"AND longitude BETWEEN {LONGITUDES[0]} AND {LONGITUDES[1]})",
    "listed_in_the_future": "listing_date > CAST(:now AS timestamptz) + interval '1 day'",
}


def rows_that(conditions: Sequence[str]) -> str:
    """How many rows meet each condition, by its place in the sequence, and which for example."""
    numbered = ", ".join(f"({n}, {each})" for n, each in enumerate(conditions))
    return f"""
WITH met AS (
    SELECT each.number, l.property_id,
           row_number() OVER (PARTITION BY each.number ORDER BY l.property_id) AS place
      FROM properties_live l
     CROSS JOIN LATERAL (VALUES {numbered}) AS each (number, is_met)
     WHERE l.listing_status IN {PRESENT}
       AND ({" OR ".join(f"({each})" for each in conditions)}) AND each.is_met
)
SELECT number, count(*) AS listings,
       array_agg(property_id ORDER BY place) FILTER (WHERE place <= {EXAMPLES}) AS examples
  FROM met GROUP BY number
"""


# Far out in Tukey's sense, on a scale of factors: three times the distance of the quartiles beyond
# them, and never less than a factor of 1.8, where a group is all alike. A square metre of land is
# compared with land, a rent in dollars with rents in dollars; groups too small say nothing.
OUTLIERS = f"""
WITH measured AS MATERIALIZED (
    SELECT 'price_per_m2' AS kind, property_id,
           concat_ws('/', operation_type, currency, property_type) AS peers,
           ln(price::float8
              / CASE price_unit WHEN 'm2' THEN 1 ELSE total_area_m2::float8 END) AS size
      FROM properties_live
     WHERE listing_status IN {PRESENT} AND price > 1 AND (price_unit = 'm2' OR total_area_m2 > 0)
    UNION ALL
    SELECT 'total_area', property_id, concat_ws('/', operation_type, property_type),
           ln(total_area_m2::float8)
      FROM properties_live WHERE listing_status IN {PRESENT} AND total_area_m2 > 0
), fences AS (
    SELECT kind, peers, quartile[1] - 3 * greatest(quartile[2] - quartile[1], 0.2) AS low,
           quartile[2] + 3 * greatest(quartile[2] - quartile[1], 0.2) AS high
      FROM (SELECT kind, peers,
                   percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY size) AS quartile
              FROM measured GROUP BY kind, peers HAVING count(*) >= :enough) grouped
), outlying AS (
    SELECT m.kind, m.property_id,
           row_number() OVER (PARTITION BY m.kind ORDER BY m.property_id) AS place
      FROM measured m JOIN fences f ON f.kind = m.kind AND f.peers = m.peers
     WHERE m.size < f.low OR m.size > f.high
)
SELECT kind, count(*) AS listings,
       array_agg(property_id ORDER BY place) FILTER (WHERE place <= {EXAMPLES}) AS examples
  FROM outlying GROUP BY kind
"""

SAME_TITLE = f"""
WITH titles AS (
    SELECT min(property_id) AS property_id, count(*) AS listings
      FROM properties_live WHERE listing_status IN {PRESENT}
     GROUP BY title HAVING count(*) > :most
)
SELECT coalesce(sum(listings), 0)::bigint AS listings,
       ARRAY(SELECT property_id FROM titles ORDER BY listings DESC, property_id LIMIT {EXAMPLES})
           AS examples
  FROM titles
"""

# What two records of one listing would share. No key of them holds a value that is not there.
DOUBLES: Mapping[str, tuple[str, ...]] = {
    "same_public_id": ("public_id",),
    "same_url": ("source_url",),
    "same_offer_at_the_same_place": (
        "latitude",
        "longitude",
        "price",
        "currency",
        "operation_type",
        "title",
    ),
}


def doubles(columns: Sequence[str]) -> str:
    """Groups of rows that share these columns, with two of each of the largest."""
    there = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return f"""
WITH doubled AS (
    SELECT min(property_id) AS one, max(property_id) AS other, count(*) AS listings
      FROM properties_live WHERE listing_status IN {PRESENT} AND {there}
     GROUP BY {", ".join(columns)} HAVING count(*) > 1
)
SELECT count(*) AS groups, coalesce(sum(listings), 0)::bigint AS listings,
       (SELECT array_agg(ARRAY[one, other] ORDER BY listings DESC, one)
          FROM (SELECT * FROM doubled ORDER BY listings DESC, one LIMIT {EXAMPLES}) largest)
           AS examples
  FROM doubled
"""


# A page that is not there ends its row as cancelled, with the answer for its error; so do rows
# that a person or a removal takes out, unvisited. The journal of a visit is written by its job
# between claim and end.
SAMPLES = f"""
WITH visits AS (
    SELECT property_id, session_id, claimed_at, completed_at, status
      FROM scrape_queue
     WHERE queue_reason = 'random_sample' AND completed_at >= :since AND completed_at <= :now
       AND (status IN ('completed', 'failed')
            OR (status = 'cancelled' AND claimed_at IS NOT NULL AND last_error LIKE 'HTTP %'))
), judged AS (
    SELECT v.status, coalesce(news.of_price, false) AS has_price_news,
           news.of_price IS NOT NULL AS has_news
      FROM visits v
      LEFT JOIN LATERAL (
           SELECT bool_or(c.field_name IN ({", ".join(f"'{c}'" for c in sorted(PRICED))}))
                      AS of_price
             FROM property_changes c
            WHERE v.status = 'completed' AND c.property_id = v.property_id
              AND c.created_at BETWEEN v.claimed_at AND v.completed_at
              AND (v.session_id IS NULL OR c.session_id = v.session_id)
              AND c.change_reason IS DISTINCT FROM '{REPAIR}') news ON true
)
SELECT count(*) AS visited, count(*) FILTER (WHERE status = 'completed') AS there,
       count(*) FILTER (WHERE has_news) AS with_news,
       count(*) FILTER (WHERE has_price_news) AS with_price_news,
       count(*) FILTER (WHERE status = 'cancelled') AS gone,
       count(*) FILTER (WHERE status = 'failed') AS failed
  FROM judged
"""

AUDITS = """
SELECT count(*) FILTER (WHERE verdict = 'alive') AS alive,
       count(*) FILTER (WHERE verdict = 'gone') AS gone,
       count(*) FILTER (WHERE verdict = 'sold') AS sold,
       count(*) FILTER (WHERE verdict = 'unknown') AS unknown,
       count(*) FILTER (WHERE verdict IS NULL) AS waiting
  FROM removal_audits WHERE drawn_at >= :since AND drawn_at <= :now
"""
