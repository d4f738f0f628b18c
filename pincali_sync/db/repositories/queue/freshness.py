"""What is old, and what the month wants visited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.queue import freshness_sql as sql


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


class FreshnessRepository(Repository):
    """SQL of ages and targets."""

    async def stale(self, *, stale_before: datetime) -> int:
        """How many listings that are there were not visited since."""
        return int(await self._scalar(sql.COUNT_STALE, stale_before=stale_before))

    async def present(self) -> int:
        """How many listings are there, or may be."""
        return int(await self._scalar(sql.COUNT_PRESENT))

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
        return await self._first(RefreshTarget, sql.GET_TARGET)

    async def count_queued(self, *, stale: int = 0, sample: int = 0) -> None:
        """Adds to what was queued for the latest target."""
        await self._run(sql.COUNT_QUEUED, stale=stale, sample=sample)
