"""The live table on its way out, row by row from one statement: one consistent picture."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.live import LIVE_COLUMNS, LiveColumn

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


class ExportFormat(StrEnum):
    """What a file can be."""

    PARQUET = "parquet"
    CSV = "csv"
    GEOJSON = "geojson"


class ExportRepository(Repository):
    """Rows as bytes."""

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
