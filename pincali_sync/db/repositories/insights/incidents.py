"""`alert_incidents`: what is the matter, since when, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

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


_COLUMNS = ", ".join(Incident.__dataclass_fields__)
# The latest value and words, the first time.
_NOTE = """
INSERT INTO alert_incidents AS i (alert, subject, severity, message, value, opened_at)
VALUES (:alert, :subject, :severity, :message, :value, :now)
ON CONFLICT (alert, subject) WHERE resolved_at IS NULL
DO UPDATE SET severity = excluded.severity, message = excluded.message, value = excluded.value
"""
_RESOLVE = """
UPDATE alert_incidents SET resolved_at = :now
 WHERE resolved_at IS NULL AND NOT (alert || '|' || subject = ANY(CAST(:firing AS text[])))
"""
_FORGET = "DELETE FROM alert_incidents WHERE id = ANY(:ids)"
_OPEN = f"""
SELECT {_COLUMNS} FROM alert_incidents WHERE resolved_at IS NULL
 ORDER BY severity, opened_at, alert, subject
"""
_RECOVERED = f"""
SELECT {_COLUMNS} FROM alert_incidents
 WHERE resolved_at IS NOT NULL AND recovery_announced_at IS NULL
 ORDER BY resolved_at, alert, subject
"""
_ANNOUNCED = "UPDATE alert_incidents SET announced_at = :now WHERE id = ANY(:ids)"
# Their beginning too: people may not have been within reach while it lasted.
_RECOVERY_ANNOUNCED = """
UPDATE alert_incidents
   SET recovery_announced_at = :now, announced_at = coalesce(announced_at, :now)
 WHERE id = ANY(:ids)
"""
_CLEAN_UP = "DELETE FROM alert_incidents WHERE resolved_at < :before"


class IncidentRepository(Repository):
    """SQL of incidents. Repeating a statement changes nothing."""

    async def settle(self, firing: Sequence[Firing], *, now: datetime) -> None:
        """Opens an incident for what fires and had none; ends those of what no longer fires."""
        rows = [
            {
                "alert": each.rule.name,
                "subject": each.subject,
                "severity": each.rule.severity,
                "message": each.message,
                "value": each.value,
                "now": now,
            }
            for each in firing
        ]
        if rows:
            await self._connection.execute(text(_NOTE), rows)
        keys = [f"{row['alert']}|{row['subject']}" for row in rows]
        await self._run(_RESOLVE, firing=keys, now=now)

    async def open(self) -> list[Incident]:
        """What is the matter now, critical things first."""
        return [Incident(**row) for row in (await self._run(_OPEN)).mappings()]

    async def recovered(self) -> list[Incident]:
        """Incidents that ended, and nobody was told so yet."""
        return [Incident(**row) for row in (await self._run(_RECOVERED)).mappings()]

    async def forget(self, incidents: Sequence[Incident]) -> None:
        """Deletes incidents that did not last long enough to be told."""
        await self._run(_FORGET, ids=[each.id for each in incidents])

    async def mark_announced(
        self, opened: Sequence[Incident], recovered: Sequence[Incident], *, now: datetime
    ) -> None:
        """People were told."""
        await self._run(_ANNOUNCED, ids=[each.id for each in opened], now=now)
        await self._run(_RECOVERY_ANNOUNCED, ids=[each.id for each in recovered], now=now)

    async def clean_up(self, *, before: datetime) -> int:
        """Deletes incidents that ended before a time."""
        return await self._count(_CLEAN_UP, before=before)
