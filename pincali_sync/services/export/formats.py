"""What rows become in a file: CSV, GeoJSON."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from pincali_sync.db.repositories.export.exports import EXPORT_COLUMNS

_LINE_END = b"\r\n"  # RFC 4180


class FileFormat(Protocol):
    """One export being written; what is not said below happens by itself."""

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
        self._stream.writelines(row[:-1] + _LINE_END for row in batch)


class GeoJsonFile(FileFormat):
    """RFC 7946: a FeatureCollection, one feature a line. Abandoned, it is no valid JSON."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._before = b"\n"
        stream.write(b'{"type": "FeatureCollection", "features": [')

    def write(self, batch: list[bytes]) -> None:
        # COPY doubles backslashes; JSON has no other character that it would escape.
        features = (row[:-1].replace(b"\\\\", b"\\") for row in batch)
        self._stream.write(self._before + b",\n".join(features))
        self._before = b",\n"

    def finish(self) -> None:
        self._stream.write(b"\n]}\n")
