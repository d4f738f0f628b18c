"""What rows become in a file: CSV, GeoJSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import BinaryIO, Protocol

from pincali_sync.db.repositories.export.export_sql import EXPORT_COLUMNS
from pincali_sync.db.unit_of_work import UnitOfWork

_LINE_END = b"\r\n"  # RFC 4180


class FileFormat(Protocol):
    """One export being written."""

    def rows(self, tx: UnitOfWork, since: datetime | None) -> AsyncGenerator[list[bytes], None]:
        """The rows in the form that `write` takes."""

    def write(self, batch: list[bytes]) -> None:
        """Appends rows."""

    def finish(self) -> None:
        """Writes what comes after the last row."""

    def abandon(self) -> None:
        """Lets go of a stream that did not come to its end."""


class CsvFile:
    """RFC 4180, UTF-8, with a line of column names."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.write(",".join(column.name for column in EXPORT_COLUMNS).encode() + _LINE_END)

    def rows(self, tx: UnitOfWork, since: datetime | None) -> AsyncGenerator[list[bytes], None]:
        return tx.exports.spreadsheet(since)

    def write(self, batch: list[bytes]) -> None:
        self._stream.writelines(row[:-1] + _LINE_END for row in batch)

    def finish(self) -> None:
        """Nothing follows."""

    def abandon(self) -> None:
        """Nothing is held."""


class GeoJsonFile:
    """RFC 7946: a FeatureCollection, one feature a line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._before = b"\n"
        stream.write(b'{"type": "FeatureCollection", "features": [')

    def rows(self, tx: UnitOfWork, since: datetime | None) -> AsyncGenerator[list[bytes], None]:
        return tx.exports.features(since)

    def write(self, batch: list[bytes]) -> None:
        self._stream.write(self._before + b",\n".join(row[:-1] for row in batch))
        self._before = b",\n"

    def finish(self) -> None:
        self._stream.write(b"\n]}\n")

    def abandon(self) -> None:
        """Nothing is held; what was written is no valid JSON, as it should be."""
