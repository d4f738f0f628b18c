"""The statements of price reviews: changes by more than half, for a person to look at."""

from __future__ import annotations

from pincali_sync.db.repositories.prices.price_change import is_unusual

# A person said that this price is wrong: while the site shows it, the live price stays. A page
# without offers keeps what is live.
KEEP_REJECTED = """
UPDATE scraped s SET offers = '[]'::jsonb
  FROM price_reviews r
 WHERE r.property_id = s.property_id AND r.status = 'rejected'
   AND r.new_price = s.price AND r.currency = s.currency AND r.price_unit = s.price_unit
   AND r.operation = s.operation_type
"""

# Like with like, against the live price; an adopted row's first visit is a repair and no news.
_UNUSUAL = f"""
    SELECT s.property_id, s.operation_type, s.currency, s.price_unit, s.price AS new_price,
           l.price AS old_price,
           jsonb_build_object('price', l.price, 'currency', l.currency, 'offers', l.offers,
                              'price_unit', l.price_unit, 'price_per_m2', l.price_per_m2,
                              'operation_type', l.operation_type) AS old_values
      FROM scraped s JOIN properties_live l ON l.property_id = s.property_id
     WHERE s.accepted AND s.offers <> '[]'::jsonb AND l.visits > 0
       AND s.operation_type = l.operation_type AND s.currency = l.currency
       AND s.price_unit = l.price_unit
       AND {is_unusual("s.price", "l.price")}
       AND NOT EXISTS (SELECT 1 FROM price_reviews r
                        WHERE r.property_id = s.property_id AND r.status = 'open')
"""
OPEN = f"""
INSERT INTO price_reviews
       (property_id, session_id, operation, currency, price_unit, old_price, new_price,
        old_values, created_at)
SELECT property_id, CAST(:session_id AS uuid), operation_type, currency, price_unit, old_price,
       new_price, old_values, CAST(:now AS timestamptz)
  FROM ({_UNUSUAL}) unusual ORDER BY property_id
ON CONFLICT (property_id) WHERE status = 'open' DO NOTHING
"""

# An open review follows the site: another price now, or none to wonder about any more.
FOLLOW = f"""
UPDATE price_reviews r
   SET new_price = s.price,
       status = CASE WHEN s.price_unit <> r.price_unit OR s.currency <> r.currency
                          OR s.operation_type <> r.operation
                          OR NOT {is_unusual("s.price", "r.old_price")}
                     THEN 'superseded' ELSE 'open' END,
       settled_at = CASE WHEN NOT {is_unusual("s.price", "r.old_price")}
                         THEN CAST(:now AS timestamptz) END
  FROM scraped s
 WHERE r.property_id = s.property_id AND r.status = 'open' AND s.accepted
   AND s.price IS NOT NULL AND s.offers <> '[]'::jsonb
"""

# The live row says so too, for whoever reads it.
FLAG = """
UPDATE scraped s SET verification_status = 'flagged'
  FROM price_reviews r WHERE r.property_id = s.property_id AND r.status = 'open'
"""

_COLUMNS = """r.id, r.property_id, r.operation, r.currency, r.price_unit, r.old_price, r.new_price,
       r.status, r.created_at, r.settled_at, r.settled_by, l.title, l.source_url"""
LIST = f"""
SELECT {_COLUMNS} FROM price_reviews r
  LEFT JOIN properties_live l ON l.property_id = r.property_id
 WHERE r.status = 'open' ORDER BY r.created_at, r.property_id LIMIT :limit
"""
OF_PROPERTY = f"""
SELECT {_COLUMNS} FROM price_reviews r
  LEFT JOIN properties_live l ON l.property_id = r.property_id
 WHERE r.property_id = :property_id ORDER BY r.created_at DESC LIMIT :limit
"""
LOCK = "SELECT property_id FROM price_reviews WHERE id = :id AND status = 'open' FOR UPDATE"
SETTLE = """
UPDATE price_reviews SET status = :status, settled_at = :now, settled_by = :settled_by
 WHERE id = :id
"""
UNFLAG = """
UPDATE properties_live SET verification_status = 'verified'
 WHERE property_id = :property_id AND verification_status = 'flagged'
"""
RESTORE = """
WITH review AS (SELECT * FROM price_reviews WHERE id = :id), restored AS (
    UPDATE properties_live l
       SET price = (r.old_values ->> 'price')::numeric, currency = r.old_values ->> 'currency',
           offers = r.old_values -> 'offers', price_unit = r.old_values ->> 'price_unit',
           price_per_m2 = (r.old_values ->> 'price_per_m2')::numeric,
           operation_type = r.old_values ->> 'operation_type',
           verification_status = 'verified', last_updated_at = :now
      FROM review r WHERE l.property_id = r.property_id
    RETURNING l.property_id, r.new_price, r.old_price
)
INSERT INTO property_changes
       (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
SELECT property_id, 'updated', 'price', to_jsonb(new_price), to_jsonb(old_price),
       'price rejected by ' || :settled_by, :now
  FROM restored
"""
