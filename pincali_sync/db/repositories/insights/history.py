"""Figures over time: those that are kept, those that the journal tells, and signs of life."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.scrapes import REPAIR
from pincali_sync.domain.schedule import SITE_ZONE

_DAY = f"(created_at AT TIME ZONE '{SITE_ZONE.key}')::date AS day"  # as the site's slots are
_BY_DAY = f"""
SELECT 'price changes' AS series, {_DAY}, count(DISTINCT property_id) AS count
  FROM property_changes
 WHERE field_name = 'price' AND created_at >= :since AND change_reason IS DISTINCT FROM :repair
 GROUP BY day
UNION ALL
SELECT 'removals', {_DAY}, count(*)
  FROM property_changes WHERE change_type = 'removed' AND created_at >= :since
 GROUP BY day ORDER BY series, day
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """Figures as they were kept at a moment, by sample key."""

    taken_at: datetime
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """So many on one day of the site's country."""

    series: str  # price changes, removals
    day: date
    count: int


class HistoryRepository(Repository):
    """SQL of `insight_history` and `service_heartbeats`; every time is an argument."""

    async def last_beat(self, name: str) -> datetime | None:
        """When a standing service last did its work; None: never."""
        statement = "SELECT at FROM service_heartbeats WHERE name = :name"
        at: datetime | None = await self._scalar(statement, name=name)
        return at

    async def beat(self, name: str, *, now: datetime) -> None:
        """Notes that a standing service did its work."""
        statement = """INSERT INTO service_heartbeats (name, at) VALUES (:name, :now)
            ON CONFLICT (name) DO UPDATE SET at = excluded.at"""
        await self._run(statement, name=name, now=now)

    async def keep(self, figures: Mapping[str, float], *, at: datetime) -> None:
        """Keeps figures for the trends."""
        statement = """INSERT INTO insight_history (taken_at, figures)
            VALUES (:at, CAST(:figures AS jsonb)) ON CONFLICT (taken_at) DO NOTHING"""
        await self._run(statement, figures=json.dumps(dict(figures)), at=at)

    async def has_any_since(self, since: datetime) -> bool:
        """Whether figures were kept after a time."""
        statement = "SELECT EXISTS (SELECT 1 FROM insight_history WHERE taken_at > :since)"
        return bool(await self._scalar(statement, since=since))

    async def points(self, *, since: datetime) -> list[HistoryPoint]:
        """Figures as they were kept, the oldest first; see `HISTORY_METRICS`."""
        statement = """SELECT taken_at, figures FROM insight_history
             WHERE taken_at >= :since ORDER BY taken_at"""
        return await self._all(HistoryPoint, statement, since=since)

    async def forget(self, *, before: datetime) -> int:
        """Deletes figures kept before a time."""
        return await self._count(
            "DELETE FROM insight_history WHERE taken_at < :before", before=before
        )

    async def by_day(self, *, since: datetime) -> list[DayCount]:
        """Listings whose price changed and confirmed removals, by day of the site's country.

        Repairs of adopted rows are no changes.
        """
        return await self._all(DayCount, _BY_DAY, since=since, repair=REPAIR)
