"""What named a record that went into another names the other: its past, and its pairs.

Statements on the transaction's `merged` (see `merging`).
"""

from __future__ import annotations

from pincali_sync.db.base import words
from pincali_sync.db.repositories.listings.merged import PRICED
from pincali_sync.domain.listing_status import ChangeType

# Where each had a live row, these tell of the one that went: the row that stays never had those
# prices, nor was it removed then, and prices and days on the market are read from its entries.
_OF_ITS_ROW = f"""(
    t.field_name IN {words(sorted({*PRICED, "listing_status"}))}
    OR t.change_type IN ('{ChangeType.REMOVED}', '{ChangeType.REACTIVATED}'))"""


def _renamed(table: str) -> str:
    """All rows of a table that names records but keeps no two of one record apart."""
    return f"UPDATE {table} t SET property_id = p.stays FROM merged p WHERE t.property_id = p.gone"


def _rekeyed(table: str, *columns: str) -> str:
    """Rows of which a record may have one a key: what the record that stays has too goes."""
    others = ", ".join(columns)
    return f"""
WITH gone AS (
    DELETE FROM {table} t USING merged p WHERE t.property_id = p.gone
    RETURNING p.stays, {", ".join(f"t.{each}" for each in columns)}
)
INSERT INTO {table} (property_id, {others}) SELECT stays, {others} FROM gone
ON CONFLICT DO NOTHING
"""


HISTORY = (
    f"{_renamed('property_changes')} AND (p.is_live AND NOT p.moves AND {_OF_ITS_ROW}) IS NOT TRUE",
    _renamed("removal_checks"),
    # What it asked of a person was about the row that went.
    """
UPDATE price_reviews r
   SET property_id = p.stays, settled_at = coalesce(r.settled_at, :now),
       status = CASE r.status WHEN 'open' THEN 'superseded' ELSE r.status END
  FROM merged p WHERE r.property_id = p.gone
""",
    """
UPDATE property_scrapes_staging t SET property_id = p.stays
  FROM merged p
 WHERE t.property_id = p.gone
   AND NOT EXISTS (SELECT 1 FROM property_scrapes_staging o
                    WHERE o.session_id = t.session_id AND o.id <> t.id
                      AND o.property_id = ANY (array_append(
                          ARRAY(SELECT gone FROM merged q WHERE q.stays = p.stays), p.stays)))
""",
    _rekeyed("property_sightings", "session_id", "source", "part", "page_number", "seen_at"),
    _rekeyed("removal_audits", "week", "removed_at", "drawn_at", "verdict", "checked_at"),
)
# A pair that became one record is settled; other pairs are from now on the one record's.
CANDIDATES = (
    """
UPDATE identity_candidates c
   SET status = 'confirmed', settled_at = :now, settled_by = CAST(:reason AS text)
  FROM merged p
 WHERE c.status = 'open' AND (c.property_id, c.earlier_property_id)
       IN ((p.gone, p.stays), (p.stays, p.gone))
""",
    """
WITH named AS (
    SELECT c.id, coalesce(p.stays, c.property_id) AS property_id,
           coalesce(e.stays, c.earlier_property_id) AS earlier_property_id
      FROM (SELECT c.* FROM merged JOIN identity_candidates c ON c.property_id = gone
             UNION
            SELECT c.* FROM merged JOIN identity_candidates c ON c.earlier_property_id = gone) c
      LEFT JOIN merged p ON p.gone = c.property_id
      LEFT JOIN merged e ON e.gone = c.earlier_property_id
), gone AS (
    DELETE FROM identity_candidates c USING named n
     WHERE c.id = n.id AND n.property_id <> n.earlier_property_id
    RETURNING c.id, n.property_id, n.earlier_property_id, c.metres, c.title_similarity,
              c.price_ratio, c.status, c.created_at, c.settled_at, c.settled_by
)
INSERT INTO identity_candidates
       (id, property_id, earlier_property_id, metres, title_similarity, price_ratio, status,
        created_at, settled_at, settled_by)
SELECT * FROM gone ON CONFLICT (property_id, earlier_property_id) DO NOTHING
""",
)
