"""The live table as people browse it: counted within bounds, and a page at a time.

Where a filter finds little, all of it is gathered and sorted. Where it finds much, an order is
walked from its beginning, as far as it may be: rows that are wanted may all lie at its end. A page
that the walk does not fill ends where looking ended, says so, and the next one goes on from there:
none is made by reading the whole table for a few rows, whatever the planner believes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from pincali_sync.db.repositories.listings.ages import AGE_COLUMNS, AGES, READABLE_AGES
from pincali_sync.db.repositories.listings.live import PLACED, readable
from pincali_sync.db.repositories.listings.ordered import (
    LISTED_FIRST,
    LOOKED_LAST,
    OrderedQuery,
)
from pincali_sync.db.repositories.listings.places import POINT, PlaceRepository, Point
from pincali_sync.domain.listing_filter import ListingFilter, ListingOrder

MOST_COUNTED = 5_000
LOOKED_AT = 8_000  # rows of an order on each shelf, for a page
_MOST_SORTED = 20_000  # that are wanted, where too few of those are among them
_PATIENCE_MS = 150  # of a statement that gathers what an index may find anywhere in the table
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

    found: int | None  # None: not counted
    is_many: bool  # it is known that there are more than `MOST_COUNTED`
    rows: list[ListingRow]
    points: list[Point]  # of the first that were found, whichever page this is
    next: str | None  # a cursor; None: nothing follows
    is_cut: bool  # the page ends where looking ended: `LOOKED_AT`, and the next one looks further


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
SELECT {", ".join(readable(each) for each in _COLUMNS if each not in AGE_COLUMNS)},
       {READABLE_AGES}, {{key}}::text || '~' || l.id AS cursor
  FROM properties_live l {{ages}}
 WHERE l.id = ANY(:ids) AND {{within}} ORDER BY {{key}} {{way}}, l.id {{way}} LIMIT :size
"""
# Shelves end in different places: what is shown must be complete on each of them.
_WITHIN = """({key}, l.id) {until} ALL (
    SELECT {key}, l.id FROM properties_live l WHERE l.id = ANY(:ends))"""
_NEAREST = """
SELECT {key}::text || '~' || l.id FROM properties_live l WHERE l.id = ANY(:ends)
 ORDER BY {key} {way}, l.id {way} LIMIT 1
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
        is_many = found is not None and found.found > MOST_COUNTED
        if found is None or is_many:
            sorting = query.beside(large) if is_many else None  # nothing that takes long as it is
            listings, end = await self._walked(query, sorting, size + 1)
            points_of = None
        else:
            listings, end = await self._listed(query, found.rows, (), size + 1), None
            points_of = found.points
        cursors = [each.pop("cursor") for each in listings]
        following = cursors[size - 1] if len(listings) > size else end
        count = None if found is None or is_many else found.found
        if count is None and query.is_first and following is None:
            count = len(listings)
        return ListingPage(
            found=count,
            is_many=is_many,
            rows=[ListingRow(**each) for each in listings[:size]],
            points=await self._points(query, points_of, points),
            next=following,
            is_cut=end is not None,
        )

    async def _gather(
        self, query: OrderedQuery, shelves: str, size: int, points: int, most: int | None = None
    ) -> _Gathered | None:
        """None: it takes too long."""
        statement = query.sql(_GATHERED, shelves=shelves, placed=PLACED)
        asked = {"size": size, "points": points, "most": most or MOST_COUNTED}
        try:
            async with self._connection.begin_nested() as part:
                await self._run(f"SET LOCAL statement_timeout = {_PATIENCE_MS}")
                found = await self._one(_Gathered, statement, **query.parameters, **asked)
                await part.rollback()  # of the setting
        except DBAPIError as error:
            if isinstance(error.orig, psycopg.errors.QueryCanceled):
                return None
            raise
        return found

    async def _walked(
        self, query: OrderedQuery, sorting: str | None, size: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """The first of all shelves, and a cursor for where looking ended before the order did.

        Each shelf has its own place in the indexes.

        Args:
            sorting: the shelves' condition, if what is wanted may be gathered instead.
        """
        rows: list[UUID] = []
        ends: list[UUID] = []
        for shelf in query.shelves:
            first = await self._ids(query, LISTED_FIRST, shelf, size=size)
            rows += first
            if len(first) < size:
                ends += await self._ids(query, LOOKED_LAST, shelf)
        listings = await self._listed(query, rows, ends, size)
        if not ends or len(listings) == size:
            return listings, None
        if sorting is not None:
            found = await self._gather(query, sorting, size, 0, _MOST_SORTED)
            if found is not None and found.found <= _MOST_SORTED:
                return await self._listed(query, found.rows, (), size), None
        return listings, await self._scalar(query.sql(_NEAREST), ends=ends)

    async def _ids(
        self, query: OrderedQuery, statement: str, shelf: int, **of: int
    ) -> Sequence[UUID]:
        walk = query.sql(statement, shelves=query.on([shelf]), most=LOOKED_AT)
        return (await self._run(walk, **query.parameters, **of)).scalars().all()

    async def _listed(
        self, query: OrderedQuery, ids: Sequence[UUID], ends: Sequence[UUID], size: int
    ) -> list[dict[str, Any]]:
        """These rows in their order, none behind an end."""
        within = query.sql(_WITHIN) if ends else "true"
        statement = query.sql(_ROWS, ages=AGES, within=within)
        limits = {"ends": ends} if ends else {}
        return await self._all(dict, statement, ids=ids, size=size, **limits)

    async def _points(self, query: OrderedQuery, ids: list[UUID] | None, most: int) -> list[Point]:
        if ids is not None or not most:
            return await self._all(Point, _POINTS, ids=ids or [])
        percent = min(100.0, 100.0 * _SAMPLED_PAGES / max(1, await self._number(_PAGES)))
        statement = query.sql(_SAMPLED, shelves=query.on(query.shelves))
        return await self._all(Point, statement, **query.parameters, percent=percent, points=most)
