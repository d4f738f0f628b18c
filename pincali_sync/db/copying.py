"""Bulk loading and unloading: rows go by COPY, over the driver's own connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy.ext.asyncio import AsyncConnection

_BATCH_BYTES = 16 * 1024 * 1024


async def copy_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Appends rows to a table (or temporary table) within the open transaction."""
    driver = await _driver_connection(connection)
    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns))
    statement = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(table), names
    )
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


async def copy_out(
    connection: AsyncConnection, statement: str, parameters: Mapping[str, Any]
) -> AsyncGenerator[list[bytes], None]:
    """What a COPY ... TO STDOUT answers, as it comes: rows, in batches of some megabytes."""
    driver = await _driver_connection(connection)
    batch: list[bytes] = []
    size = 0
    async with driver.cursor() as cursor, cursor.copy(statement.encode(), parameters) as copy:
        async for row in copy:  # the protocol's messages are rows
            batch.append(bytes(row))
            size += len(row)
            if size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


async def _driver_connection(connection: AsyncConnection) -> psycopg.AsyncConnection[Any]:
    raw = await connection.get_raw_connection()
    driver: psycopg.AsyncConnection[Any] = raw.driver_connection  # type: ignore[assignment]
    return driver
