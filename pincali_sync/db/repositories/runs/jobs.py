"""`sync_run_jobs`: spider jobs, of runs and by hand. These rows decide what runs, not Scrapyd."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt at one spider job."""

    id: UUID  # also the job id that Scrapyd is given
    run_id: UUID | None  # None: started by hand
    session_id: UUID | None
    spider: str
    source: str | None
    node: str | None
    attempt: int
    status: str  # scheduled, running, completed, failed, lost, cancelled
    scheduled_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    finish_reason: str | None
    stats: dict[str, Any]

    @property
    def is_open(self) -> bool:
        return self.status in {"scheduled", "running"}

    def last_heard(self) -> datetime:
        """When the job last showed that it is alive."""
        return self.heartbeat_at or self.started_at or self.scheduled_at


_COLUMNS = (
    "id, run_id, session_id, spider, source, node, attempt, status, scheduled_at, started_at, "
    "heartbeat_at, finish_reason, stats"
)


class JobRepository(Repository):
    """SQL of jobs. Every change of state names the state it expects."""

    async def schedule(
        self,
        job_id: UUID,
        *,
        run_id: UUID | None,
        session_id: UUID | None,
        spider: str,
        source: str | None,
        attempt: int,
        node: str,
        now: datetime,
    ) -> None:
        """Writes a job down before anybody is asked to start it."""
        await self._run(
            """INSERT INTO sync_run_jobs
                      (id, run_id, session_id, spider, source, attempt, node, scheduled_at)
               VALUES (:id, :run_id, :session_id, :spider, :source, :attempt, :node, :now)""",
            id=job_id,
            run_id=run_id,
            session_id=session_id,
            spider=spider,
            source=source,
            attempt=attempt,
            node=node,
            now=now,
        )

    async def begin(self, job_id: UUID, *, now: datetime) -> Job | None:
        """Starts a scheduled job; None when it is unknown, was started before or given up."""
        return await self._first(
            Job,
            f"""UPDATE sync_run_jobs SET status = 'running', started_at = :now, heartbeat_at = :now
                WHERE id = :id AND status = 'scheduled' RETURNING {_COLUMNS}""",
            id=job_id,
            now=now,
        )

    async def begin_by_hand(
        self, job_id: UUID, *, session_id: UUID, spider: str, source: str | None, now: datetime
    ) -> Job | None:
        """Writes down a job that no run scheduled; None when its id was used before."""
        return await self._first(
            Job,
            f"""INSERT INTO sync_run_jobs
                       (id, session_id, spider, source, status, scheduled_at, started_at,
                        heartbeat_at)
                VALUES (:id, :session_id, :spider, :source, 'running', :now, :now, :now)
                ON CONFLICT (id) DO NOTHING RETURNING {_COLUMNS}""",
            id=job_id,
            session_id=session_id,
            spider=spider,
            source=source,
            now=now,
        )

    async def set_session(self, job_id: UUID, session_id: UUID) -> None:
        """Says which session the job's work is filed under."""
        await self._run(
            "UPDATE sync_run_jobs SET session_id = :session_id WHERE id = :id",
            id=job_id,
            session_id=session_id,
        )

    async def is_current(self, job_id: UUID) -> bool:
        """Whether the job may still write; holds that answer true until the transaction ends."""
        result = await self._run(
            "SELECT 1 FROM sync_run_jobs WHERE id = :id AND status = 'running' FOR SHARE",
            id=job_id,
        )
        return result.first() is not None

    async def heartbeat(self, job_id: UUID, *, now: datetime) -> bool:
        """Notes that the job is alive; False when it was given up meanwhile."""
        result = await self._run(
            "UPDATE sync_run_jobs SET heartbeat_at = :now WHERE id = :id AND status = 'running'",
            id=job_id,
            now=now,
        )
        return bool(result.rowcount)

    async def finish(
        self, job_id: UUID, *, status: str, reason: str, stats: Mapping[str, Any], now: datetime
    ) -> bool:
        """Ends a running job; False when it was given up meanwhile."""
        result = await self._run(
            """UPDATE sync_run_jobs
                  SET status = :status, finish_reason = :reason, finished_at = :now,
                      stats = CAST(:stats AS jsonb)
                WHERE id = :id AND status = 'running'""",
            id=job_id,
            status=status,
            reason=reason,
            stats=json.dumps(stats),
            now=now,
        )
        return bool(result.rowcount)

    async def give_up(self, job_id: UUID, *, status: str, reason: str, now: datetime) -> bool:
        """Takes the right to write from an open job: "lost", "failed" or "cancelled"."""
        result = await self._run(
            """UPDATE sync_run_jobs
                  SET status = :status, finish_reason = :reason, finished_at = :now
                WHERE id = :id AND status IN ('scheduled', 'running')""",
            id=job_id,
            status=status,
            reason=reason,
            now=now,
        )
        return bool(result.rowcount)

    async def get(self, job_id: UUID) -> Job | None:
        return await self._first(
            Job, f"SELECT {_COLUMNS} FROM sync_run_jobs WHERE id = :id", id=job_id
        )

    async def of_run(self, run_id: UUID) -> list[Job]:
        """All attempts of a run's jobs, in the order they were scheduled."""
        result = await self._run(
            f"SELECT {_COLUMNS} FROM sync_run_jobs WHERE run_id = :run_id "
            "ORDER BY scheduled_at, source, attempt",
            run_id=run_id,
        )
        return [Job(**row) for row in result.mappings()]

    async def latest_standing(self, spider: str) -> Job | None:
        """The latest job that a tick started outside of any run."""
        return await self._first(
            Job,
            f"""SELECT {_COLUMNS} FROM sync_run_jobs
                 WHERE run_id IS NULL AND node IS NOT NULL AND spider = :spider
                 ORDER BY scheduled_at DESC LIMIT 1""",
            spider=spider,
        )

    async def open_standing(self) -> list[Job]:
        """Open jobs that ticks started outside of any run."""
        result = await self._run(
            f"""SELECT {_COLUMNS} FROM sync_run_jobs
                 WHERE run_id IS NULL AND node IS NOT NULL AND status IN ('scheduled', 'running')
                 ORDER BY scheduled_at"""
        )
        return [Job(**row) for row in result.mappings()]

    async def give_up_silent(
        self, *, running_before: datetime, scheduled_before: datetime, now: datetime
    ) -> int:
        """Takes the right to write from jobs of no run that were last heard of before a time."""
        result = await self._run(
            """UPDATE sync_run_jobs
                  SET status = 'lost', finish_reason = 'no heartbeat', finished_at = :now
                WHERE run_id IS NULL
                  AND (status = 'running' AND coalesce(heartbeat_at, started_at) < :running_before
                       OR status = 'scheduled' AND scheduled_at < :scheduled_before)""",
            running_before=running_before,
            scheduled_before=scheduled_before,
            now=now,
        )
        return int(result.rowcount)
