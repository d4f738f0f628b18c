"""What rows become in a file: CSV, GeoJSON, Parquet."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from pincali_sync.db.repositories.export.exports import EXPORT_COLUMNS, ExportFormat
from pincali_sync.db.repositories.listings.live import LiveColumn

_LINE_END = b"\r\n"  # RFC 4180


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

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.write(",".join(column.name for column in EXPORT_COLUMNS).encode() + _LINE_END)

    def write(self, batch: list[bytes]) -> None:
        """The rows as they are, but for the ends of their lines."""
        self._stream.writelines(row[:-1] + _LINE_END for row in batch)


class GeoJsonFile(FileFormat):
    """RFC 7946: a FeatureCollection, one feature a line. Abandoned, it is no valid JSON."""

    def __init__(self, stream: BinaryIO) -> None:
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
    object: pa.string(),  # JSON text
    int: pa.int32(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def _type_of(column: LiveColumn) -> pa.DataType:
    if column.holds is Decimal:
        return pa.decimal128(column.precision, column.scale)
    return _TYPES[column.holds]


_SCHEMA = pa.schema([(column.name, _type_of(column)) for column in EXPORT_COLUMNS])
# PostgreSQL's CSV: NULL is empty, empty text is quoted.
_VALUES = pyarrow.csv.ConvertOptions(
    column_types=_SCHEMA,
    null_values=[""],
    strings_can_be_null=True,
    quoted_strings_can_be_null=False,
    true_values=["t"],
    false_values=["f"],
)
_PARSING = pyarrow.csv.ParseOptions(newlines_in_values=True)


class ParquetFile(FileFormat):
    """One row group a batch."""

    def __init__(self, stream: BinaryIO) -> None:
        self._writer = pyarrow.parquet.ParquetWriter(stream, _SCHEMA, compression="zstd")

    def write(self, batch: list[bytes]) -> None:
        """The batch is CSV, which pyarrow reads without a Python object for each value."""
        content = b"".join(batch)
        reading = pyarrow.csv.ReadOptions(column_names=_SCHEMA.names, block_size=len(content) + 1)
        self._writer.write_table(
            pyarrow.csv.read_csv(
                pa.BufferReader(content),
                read_options=reading,
                parse_options=_PARSING,
                convert_options=_VALUES,
            )
        )

    def finish(self) -> None:
        """Writes the footer."""
        self._writer.close()

    def abandon(self) -> None:
        """A writer that is not closed writes when it is collected, to a file that is closed."""
        with suppress(OSError):
            self._writer.close()


FORMATS: dict[ExportFormat, Callable[[BinaryIO], FileFormat]] = {
    ExportFormat.PARQUET: ParquetFile,
    ExportFormat.CSV: CsvFile,
    ExportFormat.GEOJSON: GeoJsonFile,
}
