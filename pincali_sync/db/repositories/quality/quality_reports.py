"""`quality_reports`: what the data were worth at each report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pincali_sync.db.repositories.base import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The figures of a report, and those of the one before it."""

    created_at: datetime
    figures: Mapping[str, Any]
    previous_at: datetime | None
    previous: Mapping[str, Any] | None


class QualityReportRepository(Repository):
    """Keeps the figures of reports."""

    async def keep(
        self, figures: Mapping[str, Any], *, run_id: UUID | None, now: datetime
    ) -> QualityReport:
        """Stores a report; a run that reports again replaces its own and keeps its time."""
        given = {"figures": json.dumps(figures), "run_id": run_id}
        kept = await self._report(
            """UPDATE quality_reports SET figures = CAST(:figures AS jsonb)
                WHERE run_id = CAST(:run_id AS uuid) RETURNING id, created_at""",
            **given,
        ) or await self._report(
            """INSERT INTO quality_reports (run_id, created_at, figures)
               VALUES (CAST(:run_id AS uuid), :now, CAST(:figures AS jsonb))
               RETURNING id, created_at""",
            now=now,
            **given,
        )
        previous = await self._report(
            """SELECT created_at, figures FROM quality_reports
                WHERE created_at <= :created_at AND id <> :id
                ORDER BY created_at DESC LIMIT 1""",
            id=kept.id,
            created_at=kept.created_at,
        )
        return QualityReport(
            created_at=kept.created_at,
            figures=figures,
            previous_at=previous.created_at if previous else None,
            previous=previous.figures if previous else None,
        )

    async def clean_up(self, *, before: datetime) -> int:
        """Deletes reports made before a time; returns their number."""
        result = await self._connection.execute(
            text("DELETE FROM quality_reports WHERE created_at < :before"), {"before": before}
        )
        return int(result.rowcount)

    async def _report(self, statement: str, **parameters: Any) -> Any:
        return (await self._connection.execute(text(statement), parameters)).one_or_none()
