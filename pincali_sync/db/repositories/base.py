"""What all repositories share: statements run on the connection of their unit of work."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncConnection

Row = TypeVar("Row")


class Repository:
    """SQL of one subject. Statements take named parameters and may be repeated."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _run(self, statement: str, **parameters: Any) -> CursorResult[Any]:
        return await self._connection.execute(text(statement), parameters)

    async def _all(self, kind: type[Row], statement: str, **parameters: Any) -> list[Row]:
        """Each row as a value of a dataclass whose fields are the statement's columns."""
        rows = await self._run(statement, **parameters)
        return [kind(**row) for row in rows.mappings()]

    async def _first(self, kind: type[Row], statement: str, **parameters: Any) -> Row | None:
        """The first row as such a value; None where there is none."""
        row = (await self._run(statement, **parameters)).mappings().first()
        return None if row is None else kind(**row)

    async def _scalar(self, statement: str, **parameters: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        return (await self._run(statement, **parameters)).scalar()

    async def _count(self, statement: str, **parameters: Any) -> int:
        """How many rows a statement touched."""
        return (await self._run(statement, **parameters)).rowcount
