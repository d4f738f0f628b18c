"""What was, and since when: figures over time, signs of life, and incidents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.scrapes import REPAIR
from pincali_sync.domain.alerts import Firing, told

_DAY = "CAST(created_at AT TIME ZONE CAST(:zone AS text) AS date) AS day"
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
    """So many on one day."""

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

    async def forget_beats(self, prefix: str) -> None:
        """Takes back what was noted of all whose names begin so."""
        await self._run("DELETE FROM service_heartbeats WHERE starts_with(name, :p)", p=prefix)

    async def keep(self, figures: Mapping[str, float], *, at: datetime) -> None:
        """Keeps figures for the trends."""
        statement = """INSERT INTO insight_history (taken_at, figures)
            VALUES (:at, CAST(:figures AS jsonb)) ON CONFLICT (taken_at) DO NOTHING"""
        await self._run(statement, figures=json.dumps(dict(figures)), at=at)

    async def has_any_since(self, since: datetime, *, until: datetime) -> bool:
        """Whether figures were kept after a time, and up to another."""
        statement = """SELECT EXISTS (
            SELECT 1 FROM insight_history WHERE taken_at > :since AND taken_at <= :until)"""
        return bool(await self._scalar(statement, since=since, until=until))

    async def points(self, *, since: datetime) -> list[HistoryPoint]:
        """Figures as they were kept, the oldest first; see `HISTORY_METRICS`."""
        statement = """SELECT taken_at, figures FROM insight_history
             WHERE taken_at >= :since ORDER BY taken_at"""
        return await self._all(HistoryPoint, statement, since=since)

    async def by_day(self, *, since: datetime, zone: str = "UTC") -> list[DayCount]:
        """Listings whose price changed and confirmed removals, by day of a zone (its IANA name).

        Repairs of adopted rows are no changes.
        """
        return await self._all(DayCount, _BY_DAY, since=since, zone=zone, repair=REPAIR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One alert about one subject."""

    id: UUID
    alert: str
    subject: str  # such as "tier=2"; empty: the whole
    severity: str  # warning, critical
    message: str
    value: float
    opened_at: datetime
    announced_at: datetime | None
    resolved_at: datetime | None

    @property
    def told(self) -> str:
        """The message in the language spoken."""
        return told(self.alert, self.subject, self.value, self.message)


_SELECT = f"SELECT {', '.join(Incident.__dataclass_fields__)} FROM alert_incidents"
# The latest value and words, the first time.
_NOTE = """
INSERT INTO alert_incidents AS i (alert, subject, severity, message, value, opened_at)
VALUES (:alert, :subject, :severity, :message, :value, :now)
ON CONFLICT (alert, subject) WHERE resolved_at IS NULL
DO UPDATE SET severity = excluded.severity, message = excluded.message, value = excluded.value
"""


class IncidentRepository(Repository):
    """SQL of `alert_incidents`. Repeating a statement changes nothing."""

    async def settle(self, firing: Sequence[Firing], *, now: datetime) -> None:
        """Opens an incident for what fires and had none; ends those of what no longer fires."""
        rows = [
            {
                "alert": each.rule.name,
                "subject": each.sample.subject,
                "severity": each.rule.severity,
                "message": each.message,
                "value": each.sample.value,
                "now": now,
            }
            for each in firing
        ]
        await self._run_each(_NOTE, rows)
        await self._run(
            """UPDATE alert_incidents SET resolved_at = :now
                WHERE resolved_at IS NULL
                  AND NOT (alert || '|' || subject = ANY(CAST(:firing AS text[])))""",
            firing=[f"{row['alert']}|{row['subject']}" for row in rows],
            now=now,
        )

    async def open(self) -> list[Incident]:
        """What is the matter now, critical things first."""
        return await self._all(
            Incident,
            f"{_SELECT} WHERE resolved_at IS NULL ORDER BY severity, opened_at, alert, subject",
        )

    async def recovered(self) -> list[Incident]:
        """Incidents that ended, and nobody was told so yet."""
        statement = f"""{_SELECT} WHERE resolved_at IS NOT NULL AND recovery_announced_at IS NULL
            ORDER BY resolved_at, alert, subject"""
        return await self._all(Incident, statement)

    async def forget(self, incidents: Sequence[Incident]) -> None:
        """Deletes incidents that did not last long enough to be told."""
        ids = [each.id for each in incidents]
        await self._run("DELETE FROM alert_incidents WHERE id = ANY(:ids)", ids=ids)

    async def mark_announced(
        self, opened: Sequence[Incident], recovered: Sequence[Incident], *, now: datetime
    ) -> None:
        """People were told; of what is over its beginning too, if they were out of reach then."""
        await self._run(
            """UPDATE alert_incidents
                  SET announced_at = coalesce(announced_at, :now),
                      recovery_announced_at =
                          CASE WHEN id = ANY(:recovered) THEN CAST(:now AS timestamptz) END
                WHERE id = ANY(:opened) OR id = ANY(:recovered)""",
            opened=[each.id for each in opened],
            recovered=[each.id for each in recovered],
            now=now,
        )
