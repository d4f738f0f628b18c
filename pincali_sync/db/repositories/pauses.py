"""`sync_pauses`: what must not be started until a person resumes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ALL = "all"


def scope_of_tier(tier_level: int) -> str:
    """The scope of one tier."""
    return f"tier:{tier_level}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why a scope rests, and since when."""

    scope: str  # "all", or "tier:2"
    reason: str
    paused_by: str
    paused_at: datetime


class PauseRepository:
    """SQL of pauses."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def pause(self, scope: str, *, reason: str, paused_by: str, now: datetime) -> bool:
        """Pauses a scope; False when it rests already: the first reason stands."""
        result = await self._run(
            """INSERT INTO sync_pauses (scope, reason, paused_by, paused_at)
               VALUES (:scope, :reason, :paused_by, :now) ON CONFLICT (scope) DO NOTHING""",
            scope=scope,
            reason=reason,
            paused_by=paused_by,
            now=now,
        )
        return bool(result.rowcount)

    async def resume(self, scope: str | None) -> list[str]:
        """Ends one pause or (None) all of them; returns the scopes that were paused."""
        rows = await self._run(
            """DELETE FROM sync_pauses
                WHERE CAST(:scope AS text) IS NULL OR scope = CAST(:scope AS text)
               RETURNING scope""",
            scope=scope,
        )
        return sorted(row.scope for row in rows)

    async def in_force(self) -> list[Pause]:
        """All pauses, the oldest first."""
        rows = await self._run(
            "SELECT scope, reason, paused_by, paused_at FROM sync_pauses ORDER BY paused_at, scope"
        )
        return [Pause(**row) for row in rows.mappings()]

    async def of_tier(self, tier_level: int) -> Pause | None:
        """The pause that holds a tier back: its own, else that of all."""
        rows = await self._run(
            """SELECT scope, reason, paused_by, paused_at FROM sync_pauses
                WHERE scope IN (:all, :tier) ORDER BY scope = :all LIMIT 1""",
            all=ALL,
            tier=scope_of_tier(tier_level),
        )
        row = rows.mappings().first()
        return None if row is None else Pause(**row)

    async def _run(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.execute(text(statement), parameters)
