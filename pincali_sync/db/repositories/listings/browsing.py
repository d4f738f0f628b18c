"""The live table as people browse it: counted within bounds, and a page at a time.

Where a filter finds little, all of it is gathered and sorted. Where it finds much, an order is
walked from its beginning, as far as it may be: rows that are wanted may all lie at its end. So no
page is made by walking through the whole table for a few rows, whatever the planner believes.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pincali_sync.db.repositories.listings.ages import AGE_COLUMNS, AGES
from pincali_sync.db.repositories.listings.ordered import LISTED_FIRST, PLACED, OrderedQuery
from pincali_sync.db.repositories.listings.places import POINT, PlaceRepository, Point
from pincali_sync.domain.listing_filter import ListingFilter, ListingOrder

MOST_COUNTED = 5_000
_LOOKED_AT = 8_000  # rows of an order, before those that are wanted are gathered
_MOST_SORTED = 20_000  # of these
_SAMPLED_PAGES = 2_000  # of the table, where more is found than is counted

# Compiling takes longer than these statements run. Rows of a few pages are read from memory more
# often than not: an index of half the table is no help beside one of a few thousand rows.
_SETTINGS = (
    "SET LOCAL jit = off",
    "SET LOCAL random_page_cost = 1.1",
    "SET LOCAL work_mem = '32MB'",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """What a list tells of a live listing."""

    property_id: str
    public_id: str | None
    title: str
    source_url: str
    listing_status: str
    property_type: str | None
    operation_type: str | None
    neighborhood: str | None
    city: str | None
    state: str | None
    price: Decimal | None
    currency: str | None
    price_unit: str
    bedrooms: int | None
    bathrooms: int | None
    total_area_m2: Decimal | None
    latitude: Decimal | None
    longitude: Decimal | None
    first_seen_at: datetime | None
    last_updated_at: datetime | None
    presence_as_of: datetime | None
    price_as_of: datetime | None
    details_as_of: datetime | None

    @property
    def point(self) -> Point | None:
        """Where it lies; None where nobody says."""
        values = {name: getattr(self, name) for name in Point.__dataclass_fields__}
        return None if self.latitude is None or self.longitude is None else Point(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """A page of what was found."""

    found: int | None  # None: more than `MOST_COUNTED`
    rows: list[ListingRow]
    points: list[Point]  # of the first that were found, whichever page this is
    next: str | None  # a cursor; None: nothing follows


_GATHERED = """
WITH found AS MATERIALIZED (
    SELECT l.id, {key} AS key, {placed} AS is_placed
      FROM properties_live l WHERE {shelves} AND {condition} LIMIT :most + 1
)
SELECT count(*) AS found,
       ARRAY(SELECT id FROM found WHERE {after_found}
              ORDER BY key {way}, id {way} LIMIT :size) AS rows,
       ARRAY(SELECT id FROM found WHERE is_placed
              ORDER BY key {way}, id {way} LIMIT :points) AS points
  FROM found
"""
# Shelves that hold a good part of the table.
_LARGE = """
SELECT value FROM pg_stats s, unnest(s.most_common_vals::text::integer[], s.most_common_freqs)
       AS known (value, share)
 WHERE s.schemaname = current_schema() AND s.tablename = 'idx_live_newest' AND share > 0.1
   AND s.attname = (SELECT attname FROM pg_attribute
                     WHERE attrelid = to_regclass('idx_live_newest') AND attnum = 1)
"""
_COLUMNS = ListingRow.__dataclass_fields__
_ROWS = f"""
SELECT {", ".join(f"l.{each}" for each in _COLUMNS if each not in AGE_COLUMNS)},
       {", ".join(AGE_COLUMNS)}, {{key}}::text || '~' || l.id AS cursor
  FROM properties_live l {{ages}}
 WHERE l.id = ANY(:ids) ORDER BY {{key}} {{way}}, l.id {{way}} LIMIT :size
"""
_POINTS = f"SELECT {POINT} FROM properties_live l WHERE l.id = ANY(:ids)"
# Of rows all over the table: what an index comes to first lies in one corner of the map.
_SAMPLED = f"""
SELECT {POINT} FROM properties_live l TABLESAMPLE SYSTEM (:percent) REPEATABLE (1)
 WHERE {{shelves}} AND {{condition}} AND {PLACED} ORDER BY hashtext(l.property_id) LIMIT :points
"""
_PAGES = "SELECT relpages FROM pg_class WHERE oid = CAST('properties_live' AS regclass)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """How many rows match, and the first of them in the order."""

    found: int
    rows: list[UUID]
    points: list[UUID]


class BrowsingRepository(PlaceRepository):
    """Reads what a filter selects, and where that lies."""

    async def page(
        self,
        wanted: ListingFilter,
        order: ListingOrder,
        *,
        after: str | None = None,
        size: int,
        points: int = 0,
    ) -> ListingPage:
        """The rows that follow a cursor, and the first points for a map.

        Args:
            after: a cursor, as `ListingPage.next` has it.
            size: how many rows at most.
            points: how many points at most; where more is found than is counted, those of a sample.

        Raises:
            UsageError: when no page in this order ended there.
        """
        query = OrderedQuery.of(wanted, order, after)
        for setting in _SETTINGS:
            await self._run(setting)
        large = {*(await self._run(_LARGE)).scalars()}
        found = await self._gather(query, query.beside(large), size + 1, points)
        is_counted = found.found <= MOST_COUNTED
        ids = found.rows if is_counted else await self._first_ones(query, large, size + 1)
        listings = await self._all(dict, query.sql(_ROWS, ages=AGES), ids=ids, size=size + 1)
        cursors = [each.pop("cursor") for each in listings]
        return ListingPage(
            found=found.found if is_counted else None,
            rows=[ListingRow(**each) for each in listings[:size]],
            points=await self._points(query, found.points if is_counted else None, points),
            next=cursors[size - 1] if len(listings) > size else None,
        )

    async def _gather(
        self, query: OrderedQuery, shelves: str, size: int, points: int, most: int = MOST_COUNTED
    ) -> _Gathered:
        statement = query.sql(_GATHERED, shelves=shelves, placed=PLACED)
        asked = {**query.parameters, "size": size, "points": points, "most": most}
        return await self._one(_Gathered, statement, **asked)

    async def _first_ones(
        self, query: OrderedQuery, large: AbstractSet[int], size: int
    ) -> list[UUID]:
        """The first of each shelf, in no order: each has its own place in the indexes."""
        rows: list[UUID] = []
        for shelf in query.shelves:
            first = await self._walk(query, shelf, size, str(_LOOKED_AT))
            if len(first) < size:
                there = query.beside(large, [shelf])
                gathered = await self._gather(query, there, size, 0, _MOST_SORTED)
                first = gathered.rows
                if gathered.found > _MOST_SORTED:
                    first = await self._walk(query, shelf, size, "ALL")
            rows += first
        return rows

    async def _walk(self, query: OrderedQuery, shelf: int, size: int, most: str) -> Sequence[UUID]:
        statement = query.sql(LISTED_FIRST, shelves=query.on([shelf]), most=most)
        return (await self._run(statement, **query.parameters, size=size)).scalars().all()

    async def _points(self, query: OrderedQuery, ids: list[UUID] | None, most: int) -> list[Point]:
        if ids is not None or not most:
            return await self._all(Point, _POINTS, ids=ids or [])
        percent = min(100.0, 100.0 * _SAMPLED_PAGES / max(1, await self._number(_PAGES)))
        statement = query.sql(_SAMPLED, shelves=query.on(query.shelves))
        return await self._all(Point, statement, **query.parameters, percent=percent, points=most)
