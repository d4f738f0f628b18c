"""Two records that may be one property: found by place and price, settled by a person."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.identity.merging import MergeRepository
from pincali_sync.db.repositories.removal.transition import REMOVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A newcomer and a listing that is missing, at the same place for a similar price."""

    property_id: str
    earlier_property_id: str
    title: str
    earlier_title: str
    metres: float
    price_ratio: float  # the smaller price by the larger


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCandidate:
    """A pair that waits for a person."""

    id: UUID
    property_id: str
    earlier_property_id: str
    title: str | None
    earlier_title: str | None
    metres: float
    title_similarity: float  # 0 to 100
    price_ratio: float
    status: str
    created_at: datetime


# About 55 m north and south, a little less east and west. Pins that are not exact stand for a
# whole neighbourhood and prove nothing.
_NEAR_DEGREES = 0.0005
_METRES_PER_DEGREE = 111_320
# A newcomer is put into its cell of the map and the eight around it: a join that can be hashed.
_CELLS = 1_000  # a degree
_MIN_PRICE_RATIO = 0.9

# What came lately, beside what went lately. A record that is seen on pages is nobody's past.
_NEIGHBOURS = f"""
WITH newcomers AS MATERIALIZED (
    SELECT property_id, latitude, longitude, property_type, operation_type, currency, price_unit,
           listing_page_price AS price, coalesce(listing_page_title, '') AS title,
           floor(latitude * {_CELLS}) + y AS row, floor(longitude * {_CELLS}) + x AS col
      FROM property_manifest
     CROSS JOIN generate_series(-1, 1) AS y CROSS JOIN generate_series(-1, 1) AS x
     WHERE first_seen_at >= :since AND exact_location AND listing_page_price > 0
), earlier AS MATERIALIZED (
    SELECT property_id, latitude, longitude, property_type, operation_type, currency, price_unit,
           price, title, floor(latitude * {_CELLS}) AS row, floor(longitude * {_CELLS}) AS col
      FROM properties_live
     WHERE (consecutive_missing_count > 0 OR listing_status IN {REMOVED}) AND price > 0
)
SELECT n.property_id, e.property_id AS earlier_property_id, n.title, e.title AS earlier_title,
       {_METRES_PER_DEGREE} * sqrt(
           power((n.latitude - e.latitude)::float8, 2)
           + power((n.longitude - e.longitude)::float8 * cos(radians(e.latitude::float8)), 2)
       ) AS metres,
       (least(n.price, e.price) / greatest(n.price, e.price))::float8 AS price_ratio
  FROM newcomers n JOIN earlier e USING (row, col)
 WHERE greatest(abs(n.latitude - e.latitude), abs(n.longitude - e.longitude)) <= {_NEAR_DEGREES}
   AND n.property_id <> e.property_id
   AND (n.property_type, n.operation_type, n.currency, n.price_unit)
       IS NOT DISTINCT FROM (e.property_type, e.operation_type, e.currency, e.price_unit)
   AND least(n.price, e.price) >= {_MIN_PRICE_RATIO} * greatest(n.price, e.price)
   AND NOT EXISTS (SELECT 1 FROM identity_candidates c
                    WHERE c.property_id = n.property_id
                      AND c.earlier_property_id = e.property_id)
"""

_PROPOSE = """
INSERT INTO identity_candidates
       (property_id, earlier_property_id, metres, title_similarity, price_ratio, created_at)
VALUES (:property_id, :earlier_property_id, :metres, :title_similarity, :price_ratio, :now)
ON CONFLICT (property_id, earlier_property_id) DO NOTHING
"""
_CANDIDATES = """
SELECT c.id, c.property_id, c.earlier_property_id,
       coalesce(m.listing_page_title, n.title) AS title, e.title AS earlier_title,
       c.metres, c.title_similarity, c.price_ratio, c.status, c.created_at
  FROM identity_candidates c
  LEFT JOIN property_manifest m ON m.property_id = c.property_id
  LEFT JOIN properties_live n ON n.property_id = c.property_id
  LEFT JOIN properties_live e ON e.property_id = c.earlier_property_id
"""

# One statement decides, so that a decision is taken once.
_SETTLE = """
UPDATE identity_candidates SET status = :status, settled_at = :now, settled_by = :settled_by
 WHERE id = :id AND status = 'open' RETURNING property_id, earlier_property_id
"""
# A slug may lead to another record than the one whose id was computed from it.
_RESOLVE = """
SELECT property_id FROM (
    SELECT property_id, 1 AS rank FROM properties_live WHERE property_id = :name
    UNION ALL SELECT property_id, 2 FROM property_manifest WHERE property_id = :name
    UNION ALL SELECT property_id, 3 FROM property_aliases WHERE alias = :name
    UNION ALL SELECT property_id, 4 FROM property_manifest WHERE public_id = upper(:name)
    UNION ALL SELECT property_id, 5 FROM properties_live WHERE public_id = upper(:name)
    UNION ALL SELECT property_id, 6 FROM property_aliases WHERE alias = :computed_id
    UNION ALL SELECT property_id, 7 FROM properties_live WHERE property_id = :computed_id
    UNION ALL SELECT property_id, 8 FROM property_manifest WHERE property_id = :computed_id
) found ORDER BY rank LIMIT 1
"""


class IdentityRepository(MergeRepository):
    """SQL of candidates and aliases."""

    def neighbours(self, *, since: datetime, size: int) -> AsyncGenerator[list[Neighbour], None]:
        """Newcomers since then, each with the missing listings it may be; so many at a time."""
        return self._parts(Neighbour, _NEIGHBOURS, size, since=since)

    async def propose(self, pairs: Sequence[tuple[Neighbour, float]], *, now: datetime) -> None:
        """Writes pairs down with the likeness of their titles; known ones stay as they are."""
        rows = [asdict(pair) | {"title_similarity": alike, "now": now} for pair, alike in pairs]
        await self._run_each(_PROPOSE, rows)

    async def proposed_since(self, moment: datetime) -> int:
        """How many pairs were written down since then."""
        statement = "SELECT count(*) FROM identity_candidates WHERE created_at >= :moment"
        return await self._number(statement, moment=moment)

    async def open_candidates(self, limit: int = 100) -> list[IdentityCandidate]:
        """Pairs that wait, the oldest first."""
        statement = f"""{_CANDIDATES}
             WHERE c.status = 'open' ORDER BY c.created_at, c.property_id LIMIT :limit"""
        return await self._all(IdentityCandidate, statement, limit=limit)

    async def get(self, candidate_id: UUID) -> IdentityCandidate | None:
        """One pair by its id."""
        statement = f"{_CANDIDATES} WHERE c.id = :id"
        return await self._first(IdentityCandidate, statement, id=candidate_id)

    async def settle(
        self, candidate_id: UUID, *, confirm: bool, settled_by: str, now: datetime
    ) -> bool:
        """Makes the pair one record, or says that it is two; False when it is not open.

        The earlier record stays, under its own id: other tables refer to it. The newcomer's id
        becomes its alias, and its page is fetched anew under the record.
        """
        given = {"settled_by": settled_by, "now": now}
        status = "confirmed" if confirm else "rejected"
        pair = await self._first(dict, _SETTLE, id=candidate_id, status=status, **given)
        if pair is not None and confirm:
            gone, stays = pair["property_id"], pair["earlier_property_id"]
            await self.merge([(gone, stays)], reason=f"merged by {settled_by}", now=now)
        return pair is not None

    async def aliases(self, property_id: str) -> list[dict[str, Any]]:
        """All forms of a record's id."""
        return await self._all(
            dict,
            """SELECT alias, source_url, created_at FROM property_aliases
                WHERE property_id = :property_id ORDER BY created_at, alias""",
            property_id=property_id,
        )

    async def resolve(self, name: str, *, computed_id: str | None = None) -> str | None:
        """The record that an id, an alias or an EasyBroker id means.

        Args:
            computed_id: what the name computes to as a slug or URL; None where it is neither.
        """
        found: str | None = await self._scalar(_RESOLVE, name=name, computed_id=computed_id)
        return found
