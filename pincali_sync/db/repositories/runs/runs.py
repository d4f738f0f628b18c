"""`sync_runs`: tier runs, one row each, moved from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository, milliseconds
from pincali_sync.db.repositories.insights.figures import RUN_TOTALS, RUNS_ENDED
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """One tier run as it is stored."""

    id: UUID
    session_id: UUID | None
    tier_level: int
    tier_name: str
    status: str  # running, completed, failed, cancelled
    step: str
    started_at: datetime
    completed_at: datetime | None
    slot_at: datetime | None
    window_ends_at: datetime | None
    pages_scanned: int
    properties_in_manifest: int
    new_properties_found: int
    price_changes_detected: int
    removals_detected: int
    properties_queued: int
    properties_scraped: int
    error_count: int
    error_summary: str | None
    execution_time_ms: int | None
    details: RunNotes

    @property
    def trouble(self) -> str | None:
        """Why it failed or was cancelled, or what keeps an open one from going on."""
        return self.details.held_up if self.status == "running" else self.error_summary


_RUNS = f"SELECT {', '.join(SyncRun.__dataclass_fields__)} FROM sync_runs"
# What the rows had counted stays counted.
_CLEAN_UP = f"""
WITH deleted AS (
    DELETE FROM sync_runs WHERE id IN (
        SELECT id FROM sync_runs WHERE status <> 'running' AND completed_at < :before LIMIT :size)
    RETURNING tier_level, status, {", ".join(RUN_TOTALS.values())}
), counted AS (
    SELECT '{RUNS_ENDED}' AS series, tier_level || '|' || status AS label, count(*) AS value
      FROM deleted GROUP BY 2
    {
    " ".join(
        f"UNION ALL SELECT '{series}', tier_level::text, sum({column}) FROM deleted GROUP BY 2"
        for series, column in RUN_TOTALS.items()
    )
}
), kept AS (
    INSERT INTO retired_totals AS t (series, label, value)
    SELECT series, label, coalesce(value, 0) FROM counted
    ON CONFLICT (series, label) DO UPDATE SET value = t.value + excluded.value
)
SELECT count(*) FROM deleted
"""


class RunRepository(Repository):
    """SQL of tier runs."""

    async def create(
        self,
        run_id: UUID,
        tier: Tier,
        *,
        session_id: UUID,
        slot_at: datetime | None,
        step: str,
        now: datetime,
    ) -> bool:
        """Opens a run; False when one of this tier is open already."""
        statement = """INSERT INTO sync_runs
                   (id, tier_level, tier_name, session_id, slot_at, started_at, updated_at,
                    status, step)
            VALUES (:id, :tier_level, :tier_name, :session_id, :slot_at, :now, :now,
                    'running', :step)
            ON CONFLICT (tier_level) WHERE status = 'running' DO NOTHING"""
        of_tier = {"tier_level": tier.value, "tier_name": tier.label, "slot_at": slot_at}
        of_run = {"id": run_id, "session_id": session_id, "step": step, "now": now}
        return await self._count(statement, **of_tier, **of_run) > 0

    async def get(self, run_id: UUID) -> SyncRun | None:
        """One run by its id."""
        return await self._first(_run_of, f"{_RUNS} WHERE id = :id", id=run_id)

    async def open_runs(self) -> list[SyncRun]:
        """Runs that are not over, the oldest first."""
        return await self._all(_run_of, f"{_RUNS} WHERE status = 'running' ORDER BY started_at")

    async def latest(self, tier_level: int) -> SyncRun | None:
        """The run of this tier that started last."""
        return next(iter(await self.recent(tier_level=tier_level, limit=1)), None)

    async def recent(
        self, *, tier_level: int | None, limit: int, status: str | None = None
    ) -> list[SyncRun]:
        """Runs of one tier or of all, in one state or any, the latest first."""
        statement = f"""{_RUNS}
             WHERE (CAST(:tier_level AS integer) IS NULL OR tier_level = :tier_level)
              AND (CAST(:status AS text) IS NULL OR status = :status)
            ORDER BY started_at DESC, tier_level DESC LIMIT :limit"""
        given = {"tier_level": tier_level, "status": status, "limit": limit}
        return await self._all(_run_of, statement, **given)

    async def of_session(self, session_id: UUID | None) -> UUID | None:
        """The run that a session belongs to."""
        run_id: UUID | None = await self._scalar(
            "SELECT id FROM sync_runs WHERE session_id = CAST(:id AS uuid)", id=session_id
        )
        return run_id

    async def clean_up(self, *, before: datetime, size: int) -> int:
        """Deletes up to `size` runs that ended before a time, with their jobs; how many it did."""
        return await self._number(_CLEAN_UP, before=before, size=size)

    async def move(
        self,
        run_id: UUID,
        *,
        step: str,
        to: str | None = None,
        now: datetime,
        notes: RunNotes | None = None,
        **counters: Any,
    ) -> None:
        """Sets the counters of a run that is in this step, and moves it to another; notes are added
        to what is noted. Nothing happens to one that was moved on or ended meanwhile."""
        assert counters.keys() <= SyncRun.__dataclass_fields__.keys(), counters
        noted = (notes or RunNotes()).model_dump_json(exclude_unset=True)
        assignments = "".join(f", {name} = :{name}" for name in sorted(counters))
        statement = f"""UPDATE sync_runs
               SET step = :next, updated_at = :now,
                   details = details || CAST(:notes AS jsonb){assignments}
             WHERE id = :id AND status = 'running' AND step = :step"""
        given = {"step": step, "next": to or step, "now": now, "notes": noted}
        await self._run(statement, id=run_id, **given, **counters)

    async def note(self, run_id: UUID, notes: RunNotes) -> None:
        """Adds to what a run noted, whatever its state."""
        statement = "UPDATE sync_runs SET details = details || CAST(:notes AS jsonb) WHERE id = :id"
        noted = notes.model_dump_json(exclude_unset=True)
        await self._run(statement, id=run_id, notes=noted)

    async def finish(
        self,
        run_id: UUID,
        *,
        status: str,
        error: str | None,
        now: datetime,
        step: str | None = None,
    ) -> bool:
        """Ends a run as completed, failed or cancelled; False when it was moved on from `step`, or
        is over already."""
        statement = f"""UPDATE sync_runs
               SET status = CAST(:status AS text), completed_at = :now, updated_at = :now,
                   error_summary = :error,
                   step = CASE WHEN CAST(:status AS text) = 'completed' THEN 'done' ELSE step END,
                   execution_time_ms = {milliseconds(":now - started_at")}
             WHERE id = :id AND status = 'running'
               AND (CAST(:step AS text) IS NULL OR step = :step)"""
        given = {"status": status, "error": error, "now": now, "step": step}
        return await self._count(statement, id=run_id, **given) > 0


def _run_of(details: Mapping[str, Any], **columns: Any) -> SyncRun:
    return SyncRun(**columns, details=RunNotes.model_validate(details))
