"""The manifest compared with the live table, a session at a time: one statement a question."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.prices.price_change import LIVE_OFFER, PRICE_CHANGE_KIND
from pincali_sync.db.repositories.removal.transition import PRESENT


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyPriceChange:
    """A listing whose card shows another price than the live table."""

    property_id: str
    old_price: Decimal | None
    new_price: Decimal | None
    percent_change: float | None  # None: not comparable, see `kind`
    kind: str  # amount, currency, unit, operation


# `seen_in_session_id` names only the last session: the sightings know all.
_SEEN = """(seen_in_session_id = CAST(:session_id AS uuid) OR EXISTS (
        SELECT 1 FROM property_sightings s WHERE s.session_id = CAST(:session_id AS uuid)
           AND s.property_id = found.property_id))"""

DETECT_NEW = f"""
SELECT property_id FROM property_manifest found
 WHERE is_new = true AND {_SEEN} ORDER BY property_id
"""

# Compared first and asked afterwards which of the few were seen: two tables of a million rows are
# joined once, and the sightings are looked up by index.
DETECT_PRICE_CHANGES = f"""
WITH found AS MATERIALIZED (
    SELECT o.property_id, o.live_amount AS old_price, o.amount AS new_price, o.seen_in_session_id,
           o.currency = o.live_currency AND o.unit = o.live_unit
               AND o.operation = o.live_operation AS is_comparable,
           {PRICE_CHANGE_KIND} AS kind
      FROM (SELECT m.property_id, true AS is_live, m.price_changed, m.seen_in_session_id,
                   coalesce(m.operation_type, 'sale') AS operation,
                   m.operation_type AS manifest_operation,
                   m.listing_page_price AS amount, coalesce(m.currency, 'MXN') AS currency,
                   m.price_unit AS unit, {LIVE_OFFER}
              FROM property_manifest m
              JOIN properties_live l USING (property_id)
             WHERE l.listing_status IN {PRESENT}) o
     WHERE o.price_changed OR ({PRICE_CHANGE_KIND}) IS NOT NULL
)
SELECT property_id, old_price, new_price, coalesce(kind, 'amount') AS kind,
       CASE WHEN is_comparable AND old_price <> 0
            THEN round(100 * (new_price - old_price) / old_price, 2)::float8
       END AS percent_change
  FROM found WHERE {_SEEN}
 ORDER BY property_id
"""


class DiffRepository(Repository):
    """SQL of differences."""

    async def new_properties(self, session_id: UUID) -> list[str]:
        """Records that the session saw and that are not live."""
        await self._set_work_mem()
        return [row.property_id for row in await self._run(DETECT_NEW, session_id=session_id)]

    async def price_changes(self, session_id: UUID) -> list[PropertyPriceChange]:
        """Records that the session saw at another price than the live one."""
        await self._set_work_mem()
        return await self._all(PropertyPriceChange, DETECT_PRICE_CHANGES, session_id=session_id)
