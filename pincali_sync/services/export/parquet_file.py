"""What rows become in a file: Parquet."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from pincali_sync.db.repositories.export.exports import EXPORT_COLUMNS
from pincali_sync.db.repositories.listings.live_columns import LiveColumn
from pincali_sync.services.export.formats import FileFormat

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
        self._writer.close()

    def abandon(self) -> None:
        """A writer that is not closed writes when it is collected, to a file that is closed."""
        with suppress(OSError):
            self._writer.close()
