"""What rows become in a file: Parquet."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from pincali_sync.db.repositories.export.export_sql import EXPORT_COLUMNS, ColumnKind, ExportColumn
from pincali_sync.db.unit_of_work import UnitOfWork

_TYPES = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.JSON: pa.string(),
    ColumnKind.INTEGER: pa.int32(),
    ColumnKind.BOOLEAN: pa.bool_(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.TIME: pa.timestamp("us", tz="UTC"),
}


def _type_of(column: ExportColumn) -> pa.DataType:
    if column.kind is ColumnKind.DECIMAL:
        return pa.decimal128(column.precision, column.scale)
    return _TYPES[column.kind]


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


class ParquetFile:
    """One row group a batch; JSON columns hold JSON text."""

    def __init__(self, stream: BinaryIO) -> None:
        self._writer = pyarrow.parquet.ParquetWriter(stream, _SCHEMA, compression="zstd")

    def rows(self, tx: UnitOfWork, since: datetime | None) -> AsyncGenerator[list[bytes], None]:
        return tx.exports.table(since)

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
