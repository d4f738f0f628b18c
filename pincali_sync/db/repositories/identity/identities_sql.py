"""The statements of identity over time."""

from __future__ import annotations

from pincali_sync.db.repositories.removal.transition import REMOVED, count_changed, transition
from pincali_sync.domain.listing_status import Cause

# About 55 m north and south, a little less east and west. Pins that are not exact stand for a
# whole neighbourhood and prove nothing.
_NEAR_DEGREES = 0.0005
_METRES_PER_DEGREE = 111_320
# A newcomer is put into its cell of the map and the eight around it: a join that can be hashed.
_CELLS = 1_000  # a degree
_MIN_PRICE_RATIO = 0.9

# What came lately, beside what went lately. A record that is seen on pages is nobody's past.
NEIGHBOURS = f"""
WITH newcomers AS MATERIALIZED (
    SELECT property_id, latitude, longitude, property_type, operation_type, currency, price_unit,
           listing_page_price AS price, coalesce(listing_page_title, '') AS title,
           coalesce(neighborhood, '') AS address,
           floor(latitude * {_CELLS}) + y AS row, floor(longitude * {_CELLS}) + x AS col
      FROM property_manifest
     CROSS JOIN generate_series(-1, 1) AS y CROSS JOIN generate_series(-1, 1) AS x
     WHERE first_seen_at >= :since AND exact_location AND listing_page_price > 0
       AND latitude IS NOT NULL AND longitude IS NOT NULL
), earlier AS MATERIALIZED (
    SELECT l.property_id, l.latitude, l.longitude, l.property_type, l.operation_type, l.currency,
           l.price_unit, l.price, l.title, coalesce(l.neighborhood, '') AS address,
           floor(l.latitude * {_CELLS}) AS row, floor(l.longitude * {_CELLS}) AS col
      FROM properties_live l
     WHERE (l.consecutive_missing_count > 0 OR l.listing_status IN {REMOVED}) AND l.price > 0
       AND l.latitude IS NOT NULL AND l.longitude IS NOT NULL
)
SELECT n.property_id, e.property_id AS earlier_property_id, n.title, e.title AS earlier_title,
       n.address, e.address AS earlier_address,
       {_METRES_PER_DEGREE} * sqrt(
           power((n.latitude - e.latitude)::float8, 2)
           + power((n.longitude - e.longitude)::float8 * cos(radians(e.latitude::float8)), 2)
       ) AS metres,
       (least(n.price, e.price) / greatest(n.price, e.price))::float8 AS price_ratio
  FROM newcomers n
  JOIN earlier e
    ON n.row = e.row AND n.col = e.col
   AND abs(n.latitude - e.latitude) <= {_NEAR_DEGREES}
   AND abs(n.longitude - e.longitude) <= {_NEAR_DEGREES}
   AND n.property_id <> e.property_id
   AND n.property_type IS NOT DISTINCT FROM e.property_type
   AND n.operation_type IS NOT DISTINCT FROM e.operation_type
   AND n.currency IS NOT DISTINCT FROM e.currency AND n.price_unit = e.price_unit
   AND least(n.price, e.price) >= {_MIN_PRICE_RATIO} * greatest(n.price, e.price)
 WHERE NOT EXISTS (SELECT 1 FROM identity_candidates c
                    WHERE c.property_id = n.property_id
                      AND c.earlier_property_id = e.property_id)
 ORDER BY n.property_id, e.property_id LIMIT :limit
"""

PROPOSE = """
INSERT INTO identity_candidates
       (property_id, earlier_property_id, metres, title_similarity, price_ratio, created_at)
VALUES (:property_id, :earlier_property_id, :metres, :title_similarity, :price_ratio, :now)
ON CONFLICT (property_id, earlier_property_id) DO NOTHING
"""
LIST = """
SELECT c.id, c.property_id, c.earlier_property_id,
       coalesce(m.listing_page_title, n.title) AS title, e.title AS earlier_title,
       c.metres, c.title_similarity, c.price_ratio, c.status, c.created_at
  FROM identity_candidates c
  LEFT JOIN property_manifest m ON m.property_id = c.property_id
  LEFT JOIN properties_live n ON n.property_id = c.property_id
  LEFT JOIN properties_live e ON e.property_id = c.earlier_property_id
 WHERE c.status = 'open' ORDER BY c.created_at, c.property_id LIMIT :limit
"""
LOCK = """
SELECT property_id, earlier_property_id FROM identity_candidates
 WHERE id = :id AND status = 'open' FOR UPDATE
"""
SETTLE = """
UPDATE identity_candidates SET status = :status, settled_at = :now, settled_by = :settled_by
 WHERE id = :id
"""

# In the lock order queue, live, manifest. The newcomer's own live row is kept in the journal.
MERGE = (
    """
    UPDATE scrape_queue SET status = 'cancelled', completed_at = :now,
           last_error = 'the record was merged into another'
     WHERE property_id = :property_id AND status = 'pending'
    """,
    """
    INSERT INTO property_changes
           (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
    SELECT CAST(:earlier_property_id AS text), 'updated', 'property_id',
           to_jsonb(l) - 'search_vector',
           to_jsonb(CAST(:earlier_property_id AS text)), 'merged by ' || :settled_by, :now
      FROM properties_live l WHERE l.property_id = :property_id
    """,
    # The live row's EasyBroker id is what pages must show: from now on the newcomer's.
    count_changed(
        transition(
            Cause.MERGER,
            """
      FROM properties_live l
      LEFT JOIN property_manifest m ON m.property_id = :property_id
      LEFT JOIN properties_live n ON n.property_id = :property_id
     WHERE l.property_id = :earlier_property_id""",
            carried=[
                "coalesce(m.public_id, n.public_id, l.public_id) AS public_id",
                "coalesce(m.source_url, n.source_url, l.source_url) AS source_url",
            ],
            missing="0",
            also=["public_id = r.public_id", "source_url = r.source_url"],
            reason="'merged by ' || :settled_by",
        )
    ),
    "DELETE FROM properties_live WHERE property_id = :property_id",
    "DELETE FROM property_manifest WHERE property_id = :earlier_property_id",
    """
    UPDATE property_manifest
       SET property_id = CAST(:earlier_property_id AS text), is_new = false,
           needs_full_scrape = true
     WHERE property_id = :property_id
    """,
    """
    INSERT INTO property_aliases (alias, property_id, source_url, created_at)
    SELECT CAST(:property_id AS text), CAST(:earlier_property_id AS text),
           (SELECT source_url FROM property_manifest WHERE property_id = :earlier_property_id),
           CAST(:now AS timestamptz)
    ON CONFLICT (alias) DO UPDATE SET property_id = excluded.property_id
    """,
    """
    UPDATE property_aliases SET property_id = CAST(:earlier_property_id AS text)
     WHERE property_id = :property_id
    """,
    """
    UPDATE property_sightings s SET property_id = CAST(:earlier_property_id AS text)
     WHERE s.property_id = :property_id
       AND NOT EXISTS (SELECT 1 FROM property_sightings o
                        WHERE o.session_id = s.session_id AND o.source = s.source
                          AND o.part = s.part AND o.page_number = s.page_number
                          AND o.property_id = :earlier_property_id)
    """,
)

ALIASES = """
SELECT alias, source_url, created_at FROM property_aliases
 WHERE property_id = :property_id ORDER BY created_at, alias
"""
RESOLVE = """
SELECT property_id FROM (
    SELECT property_id, 1 AS rank FROM properties_live WHERE property_id = :name
    UNION ALL SELECT property_id, 2 FROM property_manifest WHERE property_id = :name
    UNION ALL SELECT property_id, 3 FROM property_aliases WHERE alias = :name
    UNION ALL SELECT property_id, 4 FROM property_manifest WHERE public_id = upper(:name)
    UNION ALL SELECT property_id, 5 FROM properties_live WHERE public_id = upper(:name)
) found ORDER BY rank LIMIT 1
"""
