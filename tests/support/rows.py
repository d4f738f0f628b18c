"""Looking into tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from pincali_sync.db.engine import Database


async def rows(db: Database, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query, as dictionaries."""
    async with db.transaction() as tx:
        result = await tx.connection.execute(text(statement), parameters)
        return [dict(row) for row in result.mappings()]
