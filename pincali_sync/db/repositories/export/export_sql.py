"""What exports hold: the columns of `properties_live` in their order, in the words of each format.

The order is part of what consumers rely on: new columns go to the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    JSON = "json"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumn:
    """A column of `properties_live`."""

    name: str
    kind: ColumnKind
    precision: int = 0  # of decimals
    scale: int = 0


def _columns(kind: ColumnKind, *names: str, **digits: int) -> tuple[ExportColumn, ...]:
    return tuple(ExportColumn(name=name, kind=kind, **digits) for name in names)


EXPORT_COLUMNS = (
    *_columns(ColumnKind.TEXT, "property_id", "public_id", "listing_status"),
    *_columns(ColumnKind.TEXT, "source_url", "title", "title_original", "description"),
    *_columns(ColumnKind.TEXT, "property_type", "operation_type"),
    *_columns(ColumnKind.DECIMAL, "price", precision=15, scale=2),
    *_columns(ColumnKind.TEXT, "currency", "price_unit"),
    *_columns(ColumnKind.DECIMAL, "price_per_m2", precision=10, scale=2),
    *_columns(ColumnKind.JSON, "offers"),
    *_columns(ColumnKind.TEXT, "address", "neighborhood", "city", "state", "postal_code"),
    *_columns(ColumnKind.DECIMAL, "latitude", precision=10, scale=8),
    *_columns(ColumnKind.DECIMAL, "longitude", precision=11, scale=8),
    *_columns(ColumnKind.TEXT, "gps_coordinates"),
    *_columns(ColumnKind.INTEGER, "bedrooms", "bathrooms", "half_bathrooms", "parking_spaces"),
    *_columns(
        ColumnKind.DECIMAL,
        *("total_area_m2", "covered_area_m2", "lot_size_m2"),
        precision=10,
        scale=2,
    ),
    *_columns(ColumnKind.INTEGER, "floor_number", "total_floors", "age_years"),
    *_columns(ColumnKind.INTEGER, "construction_year"),
    *_columns(ColumnKind.JSON, "features", "amenities"),
    *_columns(ColumnKind.TEXT, "main_image_url"),
    *_columns(ColumnKind.JSON, "image_urls"),
    *_columns(ColumnKind.TEXT, "virtual_tour_url", "video_url"),
    *_columns(ColumnKind.TEXT, "agent_name", "agent_phone", "agent_email", "agency_name"),
    *_columns(ColumnKind.TEXT, "message_url"),
    *_columns(ColumnKind.BOOLEAN, "is_featured", "is_premium"),
    *_columns(ColumnKind.DATE, "listing_date"),
    *_columns(ColumnKind.TIME, "first_seen_at", "last_seen_at", "last_manifest_seen_at"),
    *_columns(ColumnKind.TIME, "last_full_scrape_at", "last_updated_at"),
    *_columns(ColumnKind.DECIMAL, "data_completeness_score", precision=3, scale=2),
    *_columns(ColumnKind.TEXT, "verification_status"),
)

# A cell that a spreadsheet would take for a formula, blanks and invisible signs before it included:
# an apostrophe makes it text. The wide forms count as signs where East Asian keyboards are used.
_FORMULA = r"^([[:space:]\u00a0\u200b\u2060\ufeff]*[-=+@＝＋－＠]|[\t\r])"


def _finite(column: ExportColumn) -> str:
    """The value, or nothing for one that no format can hold: NaN, an infinite time."""
    if column.kind is ColumnKind.DECIMAL:
        return f"nullif({column.name}, 'NaN')"
    if column.kind in {ColumnKind.DATE, ColumnKind.TIME}:
        return (
            f"CASE WHEN {column.name} BETWEEN '0001-01-01' AND '9999-12-31' THEN {column.name} END"
        )
    return column.name


def _cell(column: ExportColumn) -> str:
    """The value as a spreadsheet is given it."""
    if column.kind is ColumnKind.TEXT:
        name = column.name
        return f"CASE WHEN {name} ~ '{_FORMULA}' THEN '''' || {name} ELSE {name} END"
    if column.kind is ColumnKind.BOOLEAN:
        return f"{column.name}::text"  # true, false
    if column.kind is ColumnKind.TIME:
        return f"""to_char({_finite(column)}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return _finite(column)


def _rows(expression: Callable[[ExportColumn], str], since: bool) -> str:
    columns = ", ".join(f"{expression(each)} AS {each.name}" for each in EXPORT_COLUMNS)
    return f"SELECT {columns} FROM properties_live{_SINCE if since else ''}"


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


def table_statement(*, since: bool) -> str:
    """Rows as CSV with plain values: NULL is empty, empty text is quoted."""
    return f"COPY ({_rows(_finite, since)}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"


def spreadsheet_statement(*, since: bool) -> str:
    """Rows as CSV for people's programs: no text is a formula; times in ISO 8601."""
    return f"COPY ({_rows(_cell, since)}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"


def features_statement(*, since: bool) -> str:
    """Rows as GeoJSON features, in COPY's text format."""
    features = _FEATURE.format(rows=_rows(_finite, since))
    return f"COPY ({features}) TO STDOUT (ENCODING 'UTF8')"
