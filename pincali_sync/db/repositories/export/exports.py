"""The live table as bytes, in one consistent picture: what becomes an export."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.export.columns import (
    EXPORT_COLUMNS,
    ExportColumn,
    joins_of,
)
from pincali_sync.db.repositories.listings.selection import COPIED, selection
from pincali_sync.domain.listing_filter import ListingFilter
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.published import Listing, PublishedOffer

_SESSION = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL statement_timeout = 0",  # a slow disk at the other end is no reason to stop
)
# A cell that a spreadsheet would take for a formula, blanks and invisible signs before it included:
# an apostrophe makes it text. The wide forms count as signs where East Asian keyboards are used.
_FORMULA = r"^([[:space:]\u00a0\u200b\u2060\ufeff]*[-=+@＝＋－＠]|[\t\r])"
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
  FROM (SELECT l.property_id, l.latitude, l.longitude, listing
          FROM {source}
         CROSS JOIN LATERAL (SELECT {columns}) AS listing
         WHERE {condition}) AS located"""
_VALUES = ", ".join(
    f"CAST({each.sql()} AS double precision) AS {each.name}"
    if each.holds is float
    else f"{each.sql()} AS {each.name}"
    for each in EXPORT_COLUMNS
)
# The page first, as everything else is looked up for its rows alone.
_CHOSEN = """(SELECT * FROM properties_live l WHERE l.property_id > :after AND {condition}
                ORDER BY l.property_id LIMIT :size) AS l"""
LISTS = "lists"  # of Parquet's rows the last cell: all lists as one JSON object


class ExportFormat(StrEnum):
    """What a file can be."""

    PARQUET = "parquet"
    CSV = "csv"
    GEOJSON = "geojson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the live table goes into a file; all of it unless something else is said."""

    columns: Sequence[ExportColumn] = EXPORT_COLUMNS
    where: ListingFilter = field(default_factory=ListingFilter)
    exact: bool = False  # in Parquet: decimals, which most programs are slow with, not floats


EVERYTHING = Wanted()


class ExportRepository(Repository):
    """The live table as bytes, row by row from one statement."""

    async def rows(self, form: ExportFormat, wanted: Wanted) -> AsyncGenerator[list[bytes], None]:
        """The wanted rows, in batches of some megabytes.

        For Parquet as CSV with plain values, in which NULL is empty and empty text is quoted, and
        with all lists in one cell at the end; for CSV without a text that is a formula, times in
        ISO 8601; for GeoJSON as features, in which COPY doubles backslashes.
        """
        for setting in _SESSION:
            await self._run(setting)
        where = selection(wanted.where, COPIED)
        statement = _copy(form, wanted, where.condition)
        async with aclosing(self._copy_out(statement, **where.parameters)) as batches:
            async for batch in batches:
                yield batch

    async def page(self, where: ListingFilter, *, after: str, size: int) -> list[Listing]:
        """The next rows beyond a `property_id`, in its order."""
        chosen = selection(where)
        rows = f"{_CHOSEN.format(condition=chosen.condition)}{joins_of(EXPORT_COLUMNS)}"
        statement = f"SELECT {_VALUES} FROM {rows} ORDER BY l.property_id"
        parameters = {**chosen.parameters, "after": after, "size": size}
        return await self._all(_listing, statement, **parameters)


def _listing(**row: Any) -> Listing:
    row["offers"] = [PublishedOffer(**each) for each in row["offers"]]
    return Listing(**{**row, "listing_status": ListingStatus(row["listing_status"])})


def _copy(form: ExportFormat, wanted: Wanted, condition: str) -> str:
    source = f"properties_live l{joins_of(wanted.columns)}"
    columns = ", ".join(_COLUMNS_OF[form](wanted))
    if form is ExportFormat.GEOJSON:
        features = _FEATURE.format(source=source, columns=columns, condition=condition)
        return f"COPY ({features}) TO STDOUT (ENCODING 'UTF8')"
    rows = f"SELECT {columns} FROM {source} WHERE {condition}"
    return f"COPY ({rows}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"


def _plain(wanted: Wanted) -> list[str]:
    return [f"{each.sql()} AS {each.name}" for each in wanted.columns]


def _as_cells(wanted: Wanted) -> list[str]:
    return [f"{_cell(each)} AS {each.name}" for each in wanted.columns]


def _lists_at_the_end(wanted: Wanted) -> list[str]:
    cells = [each.sql() for each in wanted.columns if not each.is_list]
    lists = [
        f"'{each.name}', {each.sql(exact=wanted.exact)}" for each in wanted.columns if each.is_list
    ]
    return [*cells, f"json_build_object({', '.join(lists)}) AS {LISTS}"]


def _cell(column: ExportColumn) -> str:
    """The value as a spreadsheet is given it."""
    value = column.sql()
    if column.is_list:
        return value
    if column.holds is str:
        return f"CASE WHEN {value} ~ '{_FORMULA}' THEN '''' || {value} ELSE {value} END"
    if column.holds is bool:
        return f"CAST({value} AS text)"  # true, false
    if column.holds is datetime:
        return f"""to_char({value}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return value


_COLUMNS_OF = {
    ExportFormat.PARQUET: _lists_at_the_end,
    ExportFormat.CSV: _as_cells,
    ExportFormat.GEOJSON: _plain,
}
