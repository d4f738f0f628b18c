"""Where listings lie: places found by their names, and what lies around a point."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pincali_sync.db.models.listings import folded
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import PRESENT

MOST_LISTINGS = 1_000  # that are counted of a place
_MOST_PLACES = 8  # of a kind
_MOST_READ = 500
_NEAR_DEGREES = (0.003, 0.02)  # a few streets; where hardly anybody lives there, some kilometres
_FEW, _MOST_NEAR = 5, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A listing on a map."""

    property_id: str
    title: str
    neighborhood: str | None
    city: str | None
    price: Decimal | None
    currency: str | None
    price_unit: str
    latitude: Decimal
    longitude: Decimal


POINT = ", ".join(f"l.{each}" for each in Point.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlace:
    """A place in which there are listings."""

    kind: str  # city, state, neighborhood
    name: str
    city: str | None  # of a neighbourhood
    listings: int  # present ones; MOST_LISTINGS + 1 stands for more


def _known(column: str) -> str:
    """The different names in a column, from one to the next in its index, whatever the rows."""
    name = folded(f"l.{column}")
    return f"""(
    WITH RECURSIVE known AS (
        (SELECT {name} AS name FROM properties_live l WHERE {name} IS NOT NULL
          ORDER BY {name} LIMIT 1)
        UNION ALL
        SELECT (SELECT {name} FROM properties_live l WHERE {name} > known.name
                 ORDER BY {name} LIMIT 1)
          FROM known WHERE known.name IS NOT NULL
    )
    SELECT '{column}' AS kind, NULL AS city, name,
           (SELECT {column} FROM properties_live l WHERE {name} = known.name LIMIT 1) AS shown
      FROM known WHERE position({folded(":name")} IN name) > 0
     ORDER BY name <> {folded(":name")}, length(name), name LIMIT {_MOST_PLACES})"""


def _listings_of(column: str) -> str:
    return f"""(SELECT count(*) FROM (
            SELECT FROM properties_live l WHERE {folded(f"l.{column}")} = found.name
               AND l.listing_status IN {PRESENT} LIMIT {MOST_LISTINGS + 1}) AS counted)"""


_FIND = f"""
WITH found AS MATERIALIZED (
    {_known("city")} UNION ALL {_known("state")}
)
SELECT kind, shown AS name, city,
       CASE kind WHEN 'city' THEN {_listings_of("city")}
            ELSE {_listings_of("state")} END AS listings
  FROM found
"""
_FIND_NEIGHBORHOODS = f"""
SELECT 'neighborhood' AS kind, min(neighborhood) AS name, min(city) AS city, count(*) AS listings
  FROM (SELECT neighborhood, city FROM properties_live l
         WHERE {folded("l.neighborhood")} = {folded(":name")} AND l.listing_status IN {PRESENT}
         LIMIT {_MOST_READ}) AS there
 GROUP BY {folded("city")} ORDER BY count(*) DESC, 3 LIMIT {_MOST_PLACES}
"""
_NEAR = f"""
SELECT {POINT} FROM properties_live l
 WHERE l.latitude BETWEEN CAST(:latitude AS numeric) - CAST(:degrees AS numeric)
                      AND CAST(:latitude AS numeric) + CAST(:degrees AS numeric)
   AND l.longitude BETWEEN CAST(:longitude AS numeric) - CAST(:degrees AS numeric)
                       AND CAST(:longitude AS numeric) + CAST(:degrees AS numeric)
   AND l.listing_status IN {PRESENT} AND l.property_id <> :property_id
 LIMIT {_MOST_NEAR}
"""


class PlaceRepository(Repository):
    """Reads where listings lie."""

    async def find_places(self, name: str) -> list[FoundPlace]:
        """Cities and states whose names have the name in them, neighbourhoods of that name."""
        # Each looks at the first rows of an index: a bitmap is of all of them.
        await self._run("SET LOCAL enable_bitmapscan = off")
        await self._run("SET LOCAL jit = off")
        places = await self._all(FoundPlace, _FIND, name=name)
        return places + await self._all(FoundPlace, _FIND_NEIGHBORHOODS, name=name)

    async def near(self, property_id: str, latitude: float, longitude: float) -> list[Point]:
        """Present listings around one: close by or, where there are hardly any, further off."""
        await self._run("SET LOCAL jit = off")
        found: list[Point] = []
        for degrees in _NEAR_DEGREES:
            there = {"latitude": latitude, "longitude": longitude, "degrees": degrees}
            found = await self._all(Point, _NEAR, property_id=property_id, **there)
            if len(found) >= _FEW:
                break
        return found
