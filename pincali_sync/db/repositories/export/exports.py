"""What consumers take: the live table, in one consistent picture, and the feed of changes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.live import LIVE_COLUMNS, LiveColumn
from pincali_sync.db.repositories.listings.scrapes import REPAIR

# The order is part of what consumers rely on: new columns go to the end.
EXPORT_COLUMNS = tuple(
    LIVE_COLUMNS[name]
    for name in (
        *("property_id", "public_id", "listing_status", "source_url"),
        *("title", "title_original", "description", "property_type", "operation_type"),
        *("price", "currency", "price_unit", "price_per_m2", "offers"),
        *("address", "neighborhood", "city", "state", "postal_code"),
        *("latitude", "longitude", "gps_coordinates"),
        *("bedrooms", "bathrooms", "half_bathrooms", "parking_spaces"),
        *("total_area_m2", "covered_area_m2", "lot_size_m2"),
        *("floor_number", "total_floors", "age_years", "construction_year"),
        *("features", "amenities"),
        *("main_image_url", "image_urls", "virtual_tour_url", "video_url"),
        *("agent_name", "agent_phone", "agent_email", "agency_name", "message_url"),
        *("is_featured", "is_premium", "listing_date"),
        *("first_seen_at", "last_seen_at", "last_manifest_seen_at"),
        *("last_full_scrape_at", "last_updated_at"),
        *("data_completeness_score", "verification_status"),
    )
)
_SESSION = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL statement_timeout = 0",  # a slow disk at the other end is no reason to stop
)
# A cell that a spreadsheet would take for a formula, blanks and invisible signs before it included:
# an apostrophe makes it text. The wide forms count as signs where East Asian keyboards are used.
_FORMULA = r"^([[:space:]\u00a0\u200b\u2060\ufeff]*[-=+@＝＋－＠]|[\t\r])"
# Whatever was written down about a record counts: relisting, say, leaves `last_updated_at` alone.
_SINCE = """
 WHERE property_id IN (
       SELECT property_id FROM properties_live WHERE last_updated_at >= %(since)s
       UNION SELECT property_id FROM property_changes WHERE created_at >= %(since)s)"""
# RFC 7946: longitude comes first; 0, 0 is what forms hold that nobody filled in.
_FEATURE = """
SELECT json_build_object(
           'type', 'Feature', 'id', property_id,
           'geometry', CASE
               WHEN latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180
                    AND (latitude, longitude) <> (0, 0)
               THEN json_build_object('type', 'Point',
                                      'coordinates', json_build_array(longitude, latitude)) END,
           'properties', row_to_json(listing))
  FROM ({rows}) AS listing"""
# Until the end of the transaction. A statement of its own: the next one must see what the last
# holder committed.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('pincali_sync.change_feed'))"
_END = "SELECT coalesce(max(feed_position), 0) FROM property_changes WHERE feed_position > 0"
# The repair of an adopted row is no news of the site: 0, no part of the feed.
_NUMBER = f"""
WITH waiting AS (
    SELECT id, created_at, property_id, change_type, field_name,
           change_reason IS DISTINCT FROM '{REPAIR}' AS is_event
      FROM property_changes WHERE feed_position IS NULL ORDER BY created_at LIMIT :limit
), placed AS (
    SELECT id, is_event,
           count(*) FILTER (WHERE is_event) OVER (
               ORDER BY created_at, property_id, change_type, field_name, id) AS place
      FROM waiting
)
UPDATE property_changes c
   SET feed_position = CASE WHEN p.is_event THEN ({_END}) + p.place ELSE 0 END
  FROM placed p WHERE c.id = p.id
"""
_READ = """
SELECT feed_position AS position, property_id, change_type, field_name, old_value, new_value,
       change_reason AS reason, created_at
  FROM property_changes WHERE feed_position > 0 AND feed_position > :after
 ORDER BY feed_position LIMIT :limit
"""


class ExportFormat(StrEnum):
    """What a file can be."""

    PARQUET = "parquet"
    CSV = "csv"
    GEOJSON = "geojson"


class ExportRepository(Repository):
    """The live table as bytes, row by row from one statement."""

    async def rows(
        self, form: ExportFormat, since: datetime | None
    ) -> AsyncGenerator[list[bytes], None]:
        """All rows, or those that changed since a time, in batches of some megabytes.

        For Parquet as CSV with plain values, in which NULL is empty and empty text is quoted; for
        CSV without a text that is a formula, times in ISO 8601; for GeoJSON as features, in which
        COPY doubles backslashes.
        """
        for setting in _SESSION:
            await self._run(setting)
        async with aclosing(self._copy_out(_copy(form, since is not None), since=since)) as batches:
            async for batch in batches:
                yield batch


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One change of one record."""

    position: int
    property_id: str
    change_type: str  # created, updated, removed, reactivated
    field_name: str | None  # None: the record as a whole
    old_value: Any
    new_value: Any
    reason: str | None
    created_at: datetime


class ChangeFeedRepository(Repository):
    """Journal entries in the order of their positions.

    Positions are given to committed entries, one transaction after the other, and never change; so
    whoever has read up to one has missed nothing before it.
    """

    async def number(self, limit: int) -> int:
        """Gives positions to entries that have none, the oldest first; returns how many it took.

        Waits for whoever is at it.
        """
        await self._run(_LOCK)
        return await self._count(_NUMBER, limit=limit)

    async def read(self, after: int, limit: int) -> list[FeedEntry]:
        """Entries beyond a position, in order."""
        return await self._all(FeedEntry, _READ, after=after, limit=limit)

    async def end(self) -> int:
        """The last position that was given; 0 before the first."""
        return await self._number(_END)


def _copy(form: ExportFormat, has_since: bool) -> str:
    expression = _cell if form is ExportFormat.CSV else _finite
    columns = ", ".join(f"{expression(each)} AS {each.name}" for each in EXPORT_COLUMNS)
    rows = f"SELECT {columns} FROM properties_live{_SINCE if has_since else ''}"
    if form is ExportFormat.GEOJSON:
        return f"COPY ({_FEATURE.format(rows=rows)}) TO STDOUT (ENCODING 'UTF8')"
    return f"COPY ({rows}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"


def _finite(column: LiveColumn) -> str:
    """The value, or nothing for one that no format can hold: NaN, an infinite time."""
    name = column.name
    if column.holds is Decimal:
        return f"nullif({name}, 'NaN')"
    if column.holds in {date, datetime}:
        return f"CASE WHEN {name} BETWEEN '0001-01-01' AND '9999-12-31' THEN {name} END"
    return name


def _cell(column: LiveColumn) -> str:
    """The value as a spreadsheet is given it."""
    name = column.name
    if column.holds is str:
        return f"CASE WHEN {name} ~ '{_FORMULA}' THEN '''' || {name} ELSE {name} END"
    if column.holds is bool:
        return f"{name}::text"  # true, false
    if column.holds is datetime:
        return f"""to_char({_finite(column)}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return _finite(column)
