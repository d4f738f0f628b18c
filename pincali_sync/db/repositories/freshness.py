"""What is old, and what the month wants visited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories import freshness_sql as sql


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTarget:
    """How many stale records and samples a month wants visited, and how many were queued."""

    month: date
    stale_target: int
    sample_target: int
    stale_queued: int
    sample_queued: int
    stale_before: datetime
    set_at: datetime


class FreshnessRepository:
    """SQL of ages and targets."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def stale(self, *, stale_before: datetime) -> int:
        """How many listings that are there were not visited since."""
        return int((await self._run(sql.COUNT_STALE, stale_before=stale_before)).scalar_one())

    async def present(self) -> int:
        """How many listings are there, or may be."""
        return int((await self._run(sql.COUNT_PRESENT)).scalar_one())

    async def set_target(
        self,
        month: date,
        *,
        run_id: UUID | None,
        stale_target: int,
        sample_target: int,
        stale_before: datetime,
        now: datetime,
    ) -> None:
        """Sets a month's target; one that is set stands."""
        await self._run(
            sql.SET_TARGET,
            month=month,
            run_id=run_id,
            stale_target=stale_target,
            sample_target=sample_target,
            stale_before=stale_before,
            now=now,
        )

    async def target(self) -> RefreshTarget | None:
        """The latest target."""
        row = (await self._run(sql.GET_TARGET)).mappings().first()
        return None if row is None else RefreshTarget(**row)

    async def count_queued(self, *, stale: int = 0, sample: int = 0) -> None:
        """Adds to what was queued for the latest target."""
        await self._run(sql.COUNT_QUEUED, stale=stale, sample=sample)

    async def _run(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.execute(text(statement), parameters)
