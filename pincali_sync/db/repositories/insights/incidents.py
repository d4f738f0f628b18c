"""`alert_incidents`: what is the matter, since when, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.domain.alerts import Firing


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


_SELECT = f"SELECT {', '.join(Incident.__dataclass_fields__)} FROM alert_incidents"
# The latest value and words, the first time.
_NOTE = """
INSERT INTO alert_incidents AS i (alert, subject, severity, message, value, opened_at)
VALUES (:alert, :subject, :severity, :message, :value, :now)
ON CONFLICT (alert, subject) WHERE resolved_at IS NULL
DO UPDATE SET severity = excluded.severity, message = excluded.message, value = excluded.value
"""


class IncidentRepository(Repository):
    """SQL of incidents. Repeating a statement changes nothing."""

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

    async def clean_up(self, *, before: datetime) -> int:
        """Deletes incidents that ended before a time."""
        statement = "DELETE FROM alert_incidents WHERE resolved_at < :before"
        return await self._count(statement, before=before)
