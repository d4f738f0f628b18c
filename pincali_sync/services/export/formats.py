"""What rows become in a file: CSV, GeoJSON, Parquet."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from datetime import date, datetime
from typing import BinaryIO, Protocol, get_type_hints

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from pincali_sync.db.repositories.export.columns import ExportColumn
from pincali_sync.db.repositories.export.exports import LISTS, ExportFormat, Wanted
from pincali_sync.domain.published import SCHEMA_VERSION, PublishedOffer
from pincali_sync.exceptions import WriteError, line_of

SCHEMA_KEY = "pincali_sync.schema"  # of a Parquet file's metadata
_LINE_END = b"\r\n"  # RFC 4180
_PARSING = pyarrow.csv.ParseOptions(newlines_in_values=True)


class FileFormat(Protocol):
    """One export being written; formats define what they need of it."""

    def write(self, batch: list[bytes]) -> None:
        """Appends rows, as the repository hands them out for this format."""

    def finish(self) -> None:
        """Writes what comes after the last row."""

    def abandon(self) -> None:
        """Lets go of a stream that did not come to its end."""


class CsvFile(FileFormat):
    """RFC 4180, UTF-8, with a line of column names."""

    def __init__(self, stream: BinaryIO, wanted: Wanted) -> None:
        self._stream = stream
        stream.write(",".join(column.name for column in wanted.columns).encode() + _LINE_END)

    def write(self, batch: list[bytes]) -> None:
        """The rows as they are, but for the ends of their lines."""
        self._stream.writelines(row[:-1] + _LINE_END for row in batch)


class GeoJsonFile(FileFormat):
    """RFC 7946: a FeatureCollection, one feature a line. Abandoned, it is no valid JSON."""

    def __init__(self, stream: BinaryIO, _wanted: Wanted) -> None:
        self._stream = stream
        self._before = b"\n"
        stream.write(b'{"type": "FeatureCollection", "features": [')

    def write(self, batch: list[bytes]) -> None:
        """COPY doubles backslashes; JSON has no other character that it would escape."""
        features = (row[:-1].replace(b"\\\\", b"\\") for row in batch)
        self._stream.write(self._before + b",\n".join(features))
        self._before = b",\n"

    def finish(self) -> None:
        """Ends the collection."""
        self._stream.write(b"\n]}\n")


_TYPES = {
    str: pa.string(),
    int: pa.int32(),
    float: pa.float64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}
_AMOUNT_DIGITS = (15, 2)


def _type_of(column: ExportColumn, *, exact: bool) -> pa.DataType:
    if column.is_list:
        return pa.list_(_offer(exact=exact) if column.holds is PublishedOffer else pa.string())
    if exact and column.digits:
        return pa.decimal128(*column.digits)
    return _TYPES[column.holds]


def _offer(*, exact: bool) -> pa.DataType:
    amount = pa.decimal128(*_AMOUNT_DIGITS) if exact else pa.float64()
    types = {str: pa.string(), bool: pa.bool_()}
    hints = get_type_hints(PublishedOffer)
    return pa.struct([(f.name, types.get(hints[f.name], amount)) for f in fields(PublishedOffer)])


class ParquetFile(FileFormat):
    """One row group a batch. Lists are lists, decimals are floats unless they are to be exact."""

    def __init__(self, stream: BinaryIO, wanted: Wanted) -> None:
        types = {each.name: _type_of(each, exact=wanted.exact) for each in wanted.columns}
        self._schema = pa.schema(types.items(), metadata={SCHEMA_KEY: str(SCHEMA_VERSION)})
        lists = {each.name for each in wanted.columns if each.is_list}
        cells = {name: kind for name, kind in types.items() if name not in lists}
        self._lists = pa.schema((name, types[name]) for name in types if name in lists)
        self._names = [*cells, LISTS]
        # PostgreSQL's CSV: NULL is empty, empty text is quoted.
        self._values = pyarrow.csv.ConvertOptions(
            column_types={**cells, LISTS: pa.string()},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        )
        self._writer = pyarrow.parquet.ParquetWriter(stream, self._schema, compression="zstd")

    def write(self, batch: list[bytes]) -> None:
        """The batch is CSV, and its lists are JSON: pyarrow reads both without a Python object for
        each value.

        Raises:
            WriteError: for a value that its column cannot hold, such as one of more digits.
        """
        try:
            self._append(batch)
        except pa.ArrowException as error:
            raise WriteError(
                f"a Parquet file cannot hold a value that is there ({line_of(error)}): "
                "export it without --exact, or with --format csv; `pincali-sync doctor` names "
                "columns of another type than ours"
            ) from error

    def _append(self, batch: list[bytes]) -> None:
        content = b"".join(batch)
        cells = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            read_options=pyarrow.csv.ReadOptions(
                column_names=self._names, block_size=len(content) + 1
            ),
            parse_options=_PARSING,
            convert_options=self._values,
        )
        found = {name: cells.column(name) for name in self._names}
        found |= self._read_lists(found.pop(LISTS))
        self._writer.write_table(pa.table(found).select(self._schema.names).cast(self._schema))

    def _read_lists(self, objects: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
        if not self._lists.names:
            return {}
        lines = "\n".join(objects.to_pylist()).encode()  # JSON has no line ends of its own
        lists = pyarrow.json.read_json(
            pa.BufferReader(lines),
            read_options=pyarrow.json.ReadOptions(block_size=len(lines) + 1),
            parse_options=pyarrow.json.ParseOptions(explicit_schema=self._lists),
        )
        return {name: lists.column(name) for name in self._lists.names}

    def finish(self) -> None:
        """Writes the footer."""
        self._writer.close()

    def abandon(self) -> None:
        """A writer that is not closed writes when it is collected, to a file that is closed."""
        with suppress(OSError):
            self._writer.close()


FORMATS: dict[ExportFormat, Callable[[BinaryIO, Wanted], FileFormat]] = {
    ExportFormat.PARQUET: ParquetFile,
    ExportFormat.CSV: CsvFile,
    ExportFormat.GEOJSON: GeoJsonFile,
}
