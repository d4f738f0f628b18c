"""Memory for the few statements that join tables of a million rows."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_WORK_MEM = "128MB"


async def give_memory(connection: AsyncConnection) -> None:
    """For the open transaction only: behind a pooler the connection is not ours to change."""
    await connection.execute(text(f"SET LOCAL work_mem = '{_WORK_MEM}'"))
