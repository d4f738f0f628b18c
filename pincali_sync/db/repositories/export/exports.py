"""The live table on its way out, row by row from one statement: one consistent picture."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from sqlalchemy import text

from pincali_sync.db.copying import copy_out
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.export.export_sql import (
    features_statement,
    spreadsheet_statement,
    table_statement,
)

_SESSION = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL statement_timeout = 0",  # a slow disk at the other end is no reason to stop
)


class ExportRepository(Repository):
    """Rows as bytes, in batches of some megabytes. `since`: those that changed at or after it."""

    def table(self, since: datetime | None) -> AsyncGenerator[list[bytes], None]:
        """CSV rows with plain values: NULL is empty, empty text is quoted."""
        return self._batches(table_statement(since=since is not None), since)

    def spreadsheet(self, since: datetime | None) -> AsyncGenerator[list[bytes], None]:
        """CSV rows in which no text is a formula."""
        return self._batches(spreadsheet_statement(since=since is not None), since)

    async def features(self, since: datetime | None) -> AsyncGenerator[list[bytes], None]:
        """GeoJSON features."""
        statement = features_statement(since=since is not None)
        async with aclosing(self._batches(statement, since)) as batches:
            async for batch in batches:
                # COPY doubles backslashes; JSON has no other character that it would escape.
                yield [row.replace(b"\\\\", b"\\") for row in batch]

    async def _batches(
        self, statement: str, since: datetime | None
    ) -> AsyncGenerator[list[bytes], None]:
        for setting in _SESSION:
            await self._connection.execute(text(setting))
        rows = copy_out(self._connection, statement, {"since": since})
        async with aclosing(rows) as batches:
            async for batch in batches:
                yield batch
