"""Figures about runs, queue, scans, removals and the live table, and those kept over time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.insights import figures_sql as sql
from pincali_sync.db.repositories.listings.scrapes_sql import REPAIR

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
# How long an audited removal counts: eight weekly samples.
AUDIT_WINDOW = timedelta(weeks=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTotals:
    """All runs of one tier that ended, or are, in one state."""

    tier_level: int
    status: str
    runs: int
    sums: Mapping[str, int]  # by the names of `figures_sql.RUN_TOTALS`
    last_completed_at: datetime | None
    last_served_at: datetime | None  # the latest slot or, where later, start
    first_started_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueGroup:
    """Rows of the queue of one priority, reason and state."""

    priority: int
    reason: str
    status: str
    rows: int
    oldest_queued_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedGroup:
    """Rows of one reason that ended in one state within a day."""

    reason: str
    status: str
    rows: int
    rows_in_last_hour: int
    average_seconds: float | None  # from queued to ended


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFigures:
    """A source's latest certificate."""

    source: str
    session_id: UUID
    certified: bool
    proves_absence: bool
    reasons: Sequence[str]
    distinct_properties: int
    expected_properties: int | None
    pages_read: int
    pages_lost: int
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalFigures:
    """Removals by how sure they are."""

    confirmed: int  # ever
    confirmed_last_week: int
    batches_held: int
    unsettled: int  # missing for long without a verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    """What confirmed removals showed when they were looked at again."""

    alive: int  # false positives
    gone: int
    unknown: int
    waiting: int  # drawn, and not looked at yet
    last_checked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceFigures:
    """The site's timeline."""

    next_free_in_seconds: float  # negative: nobody asked for so long
    held_seconds: float  # that the site is still left alone
    strikes: int  # refusals in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeGroup:
    """Live rows of one status between two ages."""

    listing_status: str
    bucket: int | None  # how many of the edges are not after it; None: never scraped
    rows: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """Figures as they were kept at a moment, by sample key."""

    taken_at: datetime
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """So many on one day of the site's country."""

    day: date
    count: int


class FiguresRepository(Repository):
    """SQL of figures. Every time is an argument, except that the pace has the database's clock."""

    async def run_totals(self) -> list[RunTotals]:
        """All runs by tier and state."""
        return [
            RunTotals(
                tier_level=row["tier_level"],
                status=row["status"],
                runs=row["runs"],
                sums={name: row[name] or 0 for name in sql.RUN_TOTALS},
                last_completed_at=row["last_completed_at"],
                last_served_at=row["last_served_at"],
                first_started_at=row["first_started_at"],
            )
            for row in (await self._run(sql.RUNS)).mappings()
        ]

    async def retired(self) -> dict[tuple[str, str], int]:
        """What deleted rows had counted, by series and label."""
        return {(row.series, row.label): row.value for row in await self._run(sql.RETIRED)}

    async def queue(self) -> list[QueueGroup]:
        """What waits, is under way or was set aside, by priority and reason."""
        return [QueueGroup(**row) for row in (await self._run(sql.QUEUE)).mappings()]

    async def finished_ever(self) -> dict[tuple[str, str], int]:
        """All finished rows that are still there, by reason and state."""
        return {(row.reason, row.status): row.rows for row in await self._run(sql.QUEUE_EVER)}

    async def finished(self, *, now: datetime) -> list[FinishedGroup]:
        """What ended within a day."""
        return await self._all(
            FinishedGroup, sql.QUEUE_RECENT, hour_ago=now - _HOUR, day_ago=now - _DAY
        )

    async def waiting_outside(self) -> int:
        """Listings that want a visit and found no place in the queue."""
        return int(await self._scalar(sql.OUTSIDE))

    async def certificates(self) -> list[CertificateFigures]:
        """Each source's latest."""
        return [CertificateFigures(**row) for row in (await self._run(sql.CERTIFICATES)).mappings()]

    async def removals(self, *, now: datetime) -> RemovalFigures:
        """Removals, confirmed and not."""
        row = (await self._run(sql.REMOVALS, week_ago=now - _WEEK)).mappings().one()
        return RemovalFigures(**row)

    async def audited(self, *, now: datetime) -> AuditFigures:
        """The removals that were drawn within the last eight weeks."""
        row = (await self._run(sql.AUDITED, since=now - AUDIT_WINDOW)).mappings().one()
        return AuditFigures(**row)

    async def pace(self, host: str) -> PaceFigures | None:
        """The timeline of a host; None before its first request."""
        row = (await self._run(sql.PACE, host=host)).mappings().first()
        return (
            None
            if row is None
            else PaceFigures(**{**row, "held_seconds": row["held_seconds"] or 0.0})
        )

    async def heartbeats(self) -> dict[str, datetime]:
        """When each standing service last did its work."""
        return {row.name: row.at for row in await self._run(sql.HEARTBEATS)}

    async def beat(self, name: str, *, now: datetime) -> None:
        """Notes that a standing service did its work."""
        await self._run(sql.BEAT, name=name, now=now)

    async def ages(self, edges: Sequence[datetime]) -> list[AgeGroup]:
        """Live rows by status and by when they were last scraped; `edges` ascend."""
        return await self._all(AgeGroup, sql.AGES, edges=list(edges))

    async def open_decisions(self) -> dict[str, int]:
        """What waits for a person, by kind."""
        return dict((await self._run(sql.OPEN_REVIEWS)).mappings().one())

    async def has_history_since(self, since: datetime) -> bool:
        """Whether figures were kept after a time."""
        return bool((await self._run(sql.HAS_HISTORY, since=since)).scalar_one())

    async def keep(self, figures: Mapping[str, float], *, at: datetime) -> None:
        """Keeps figures for the trends."""
        await self._run(sql.KEEP_HISTORY, figures=json.dumps(dict(figures)), at=at)

    async def history(self, *, since: datetime) -> list[HistoryPoint]:
        """Figures as they were kept, the oldest first."""
        return await self._all(HistoryPoint, sql.HISTORY, since=since)

    async def forget(self, *, before: datetime) -> int:
        """Deletes figures kept before a time."""
        return await self._count(sql.FORGET_HISTORY, before=before)

    async def price_changes_by_day(self, *, since: datetime, zone: str) -> list[DayCount]:
        """Listings whose price changed, by day; repairs of adopted rows are no changes."""
        return await self._all(
            DayCount, sql.PRICE_CHANGES_BY_DAY, since=since, zone=zone, repair=REPAIR
        )

    async def removed_by_day(self, *, since: datetime, zone: str) -> list[DayCount]:
        """Confirmed removals by day."""
        return await self._all(DayCount, sql.REMOVED_BY_DAY, since=since, zone=zone)
