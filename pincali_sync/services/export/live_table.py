"""The live table as a file: whole, consistent, in bounded memory."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

from pincali_sync.db.repositories.export.exports import EVERYTHING, ExportFormat, Wanted
from pincali_sync.domain.listing_filter import ListingFilter
from pincali_sync.domain.published import Listing
from pincali_sync.exceptions import UsageError, WriteError
from pincali_sync.files import WholeFile
from pincali_sync.services.base import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """What was written."""

    rows: int
    bytes: int | None  # None: of a stream, nobody counted
    seconds: float


Tell = Callable[[int], None]


def _tell_nobody(_rows: int) -> None:
    pass


class ExportService(Service):
    """Writes live rows, removed ones included unless they are filtered out.

    One statement in one transaction: what the file shows was true at one moment.
    """

    async def to_file(
        self,
        path: Path,
        form: ExportFormat,
        wanted: Wanted = EVERYTHING,
        *,
        tell: Tell = _tell_nobody,
    ) -> ExportResult:
        """Writes beside the path and puts the whole file into its place at the end.

        Args:
            tell: is told how many rows are written, now and then.

        Raises:
            UsageError: when the path is no place for a file.
            WriteError: when the disk is full, or fails; what was there stays.
            DatabaseUnavailableError: when the database goes away; what was there stays.
        """
        started = perf_counter()
        file = _open(path)
        try:
            with file as stream:
                if form is ExportFormat.CSV:
                    # Spreadsheets take a file without it for western text. Programs that read a
                    # stream would take it for part of the first name.
                    stream.write(BOM_UTF8)
                rows = await self._write(stream, form, wanted, tell)
                size = stream.tell()
        except OSError as error:
            raise WriteError(f"{path} could not be written: {error}") from error
        return ExportResult(rows=rows, bytes=size, seconds=perf_counter() - started)

    async def to_stream(
        self,
        stream: BinaryIO,
        form: ExportFormat,
        wanted: Wanted = EVERYTHING,
        *,
        tell: Tell = _tell_nobody,
    ) -> ExportResult:
        """Writes into something that is open already, such as standard output.

        Args:
            tell: as of `to_file`.

        Raises:
            UsageError: for Parquet, which is no stream.
            DatabaseUnavailableError: when the database goes away; the stream ends in the middle.
        """
        if form is ExportFormat.PARQUET:
            raise UsageError("Parquet goes into a file: --output FILE")
        started = perf_counter()
        rows = await self._write(stream, form, wanted, tell)
        return ExportResult(rows=rows, bytes=None, seconds=perf_counter() - started)

    async def page(self, where: ListingFilter, *, after: str, size: int) -> list[Listing]:
        """The next listings beyond a `property_id`, in its order."""
        return await self.db.run(lambda tx: tx.exports.page(where, after=after, size=size))

    async def _write(self, stream: BinaryIO, form: ExportFormat, wanted: Wanted, tell: Tell) -> int:
        # Not at the top: pyarrow is large, and most commands do without.
        from pincali_sync.services.export.formats import FORMATS  # noqa: PLC0415

        file = FORMATS[form](stream, wanted)
        count = 0
        try:
            async with (
                self.db.transaction() as tx,
                aclosing(tx.exports.rows(form, wanted)) as batches,
            ):
                async for batch in batches:
                    await _in_thread(file.write, batch)
                    count += len(batch)
                    tell(count)
            await _in_thread(file.finish)
        except BaseException:
            file.abandon()
            raise
        return count


def _open(path: Path) -> WholeFile:
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a file that could be replaced")
        return WholeFile(path)
    except OSError as error:
        raise UsageError(f"cannot write into the folder {path.parent}: {error.strerror}") from error


async def _in_thread(work: Callable[..., None], *arguments: Any) -> None:
    """Work on the file beside the loop. Interrupted or not, it is over before anybody closes it."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments))
    try:
        await asyncio.shield(task)
    finally:
        await asyncio.wait([task])
