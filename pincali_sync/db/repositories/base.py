"""What all repositories share: statements run on the connection of their unit of work."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.domain.numbers import MAX_INTEGER

Row = TypeVar("Row")
Kind = type[Row] | Callable[..., Row]

_BATCH_BYTES = 16 * 1024 * 1024

# Statements are few and long: each is looked through for its parameters once.
_parsed = lru_cache(maxsize=1024)(text)


def milliseconds(duration: str) -> str:
    """An expression for a duration in an integer column, which holds 24.8 days of them.

    What lasted longer lasted that long; what ended before it began, as the clock was set back, no
    time at all.
    """
    return f"least(greatest(extract(epoch FROM {duration}) * 1000, 0), {MAX_INTEGER})"


class Repository:
    """SQL of one subject. Statements take named parameters and may be repeated."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _run(self, statement: str, **parameters: Any) -> CursorResult[Any]:
        return await self._connection.execute(_parsed(statement), parameters)

    async def _run_each(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Runs a statement once for each of these parameters, in one go."""
        if rows:
            await self._connection.execute(_parsed(statement), rows)

    async def _all(self, kind: Kind[Row], statement: str, **parameters: Any) -> list[Row]:
        """Each row as a value; the kind, such as a dataclass, takes the columns by their names."""
        rows = await self._run(statement, **parameters)
        return [kind(**row) for row in rows.mappings()]

    async def _parts(
        self, kind: Kind[Row], statement: str, size: int, **parameters: Any
    ) -> AsyncGenerator[list[Row], None]:
        """The rows as such values, so many at a time, while the server keeps the rest."""
        async with self._connection.stream(_parsed(statement), parameters) as found:
            async for rows in found.mappings().partitions(size):
                yield [kind(**row) for row in rows]

    async def _first(self, kind: Kind[Row], statement: str, **parameters: Any) -> Row | None:
        """The first row as such a value; None where there is none."""
        row = (await self._run(statement, **parameters)).mappings().first()
        return None if row is None else kind(**row)

    async def _one(self, kind: Kind[Row], statement: str, **parameters: Any) -> Row:
        """The only row as such a value."""
        return kind(**(await self._run(statement, **parameters)).mappings().one())

    async def _scalar(self, statement: str, **parameters: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        return (await self._run(statement, **parameters)).scalar()

    async def _number(self, statement: str, **parameters: Any) -> int:
        """The one number that a statement answers."""
        return int((await self._run(statement, **parameters)).scalar_one())

    async def _pairs(self, statement: str, **parameters: Any) -> dict[Any, Any]:
        """The second column of each row, by the first."""
        rows: Sequence[Any] = (await self._run(statement, **parameters)).all()
        return dict(rows)

    async def _count(self, statement: str, **parameters: Any) -> int:
        """How many rows a statement touched."""
        return (await self._run(statement, **parameters)).rowcount

    async def _set_work_mem(self) -> None:
        """Memory for the few statements that join tables of a million rows.

        For the open transaction only: behind a pooler the connection is not ours to change.
        """
        await self._run("SET LOCAL work_mem = '128MB'")

    async def _load(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Fills a temporary table by COPY.

        Without ANALYZE, which costs as much as the statements that follow: of a table that was
        never analysed the planner takes the size as it is.
        """
        names = SQL(", ").join(map(Identifier, columns))
        statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), names)
        driver = await self._driver()
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)

    async def _copy_out(
        self, statement: str, **parameters: Any
    ) -> AsyncGenerator[list[bytes], None]:
        """What a COPY ... TO STDOUT answers, as it comes: rows, in batches of some megabytes."""
        driver = await self._driver()
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

    async def _driver(self) -> psycopg.AsyncConnection[Any]:
        raw = await self._connection.get_raw_connection()
        driver: psycopg.AsyncConnection[Any] = raw.driver_connection  # type: ignore[assignment]
        return driver
