"""`sync_run_jobs`: spider jobs, of runs and by hand. These rows decide what runs, not Scrapyd."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt at one spider job."""

    id: UUID  # also the job id that Scrapyd is given
    run_id: UUID | None = None  # None: of no run
    session_id: UUID | None = None
    spider: str
    source: str | None = None
    node: str | None = None  # None: started by hand
    attempt: int = 1
    status: str = "scheduled"  # then running, completed, failed, lost, cancelled
    scheduled_at: datetime
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    finish_reason: str | None = None
    stats: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it may still write."""
        return self.status in {"scheduled", "running"}

    def last_heard(self) -> datetime:
        """When the job last showed that it is alive."""
        return self.heartbeat_at or self.started_at or self.scheduled_at


_COLUMNS = ", ".join(Job.__dataclass_fields__)
_JOBS = f"SELECT {_COLUMNS} FROM sync_run_jobs"


class JobRepository(Repository):
    """SQL of jobs. Every change of state names the state it expects."""

    async def add(self, job: Job) -> bool:
        """Writes a job down before anybody starts it; False when its id was used before."""
        added = await self._count(
            """INSERT INTO sync_run_jobs (id, run_id, session_id, spider, source, node, attempt,
                                          status, scheduled_at, started_at, heartbeat_at)
               VALUES (:id, :run_id, :session_id, :spider, :source, :node, :attempt,
                       :status, :scheduled_at, :started_at, :heartbeat_at)
               ON CONFLICT (id) DO NOTHING""",
            **asdict(job),
        )
        return bool(added)

    async def begin(self, job_id: UUID, *, now: datetime) -> Job | None:
        """Starts a scheduled job; None when it is unknown, was started before or given up."""
        return await self._first(
            Job,
            f"""UPDATE sync_run_jobs SET status = 'running', started_at = :now, heartbeat_at = :now
                WHERE id = :id AND status = 'scheduled' RETURNING {_COLUMNS}""",
            id=job_id,
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
        found = await self._scalar(
            "SELECT 1 FROM sync_run_jobs WHERE id = :id AND status = 'running' FOR SHARE",
            id=job_id,
        )
        return found is not None

    async def heartbeat(self, job_id: UUID, *, now: datetime) -> bool:
        """Notes that the job is alive; False when it was given up meanwhile."""
        alive = await self._count(
            "UPDATE sync_run_jobs SET heartbeat_at = :now WHERE id = :id AND status = 'running'",
            id=job_id,
            now=now,
        )
        return bool(alive)

    async def finish(
        self, job_id: UUID, *, status: str, reason: str, stats: Mapping[str, Any], now: datetime
    ) -> bool:
        """Ends a running job; False when it was given up meanwhile."""
        ended = await self._count(
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
        return bool(ended)

    async def give_up(self, job_id: UUID, *, status: str, reason: str, now: datetime) -> None:
        """Takes the right to write from an open job: "lost", "failed" or "cancelled"."""
        await self._run(
            """UPDATE sync_run_jobs
                  SET status = :status, finish_reason = :reason, finished_at = :now
                WHERE id = :id AND status IN ('scheduled', 'running')""",
            id=job_id,
            status=status,
            reason=reason,
            now=now,
        )

    async def get(self, job_id: UUID) -> Job | None:
        """One job by its id."""
        return await self._first(Job, f"{_JOBS} WHERE id = :id", id=job_id)

    async def of_run(self, run_id: UUID) -> list[Job]:
        """All attempts of a run's jobs, in the order they were scheduled."""
        return await self._all(
            Job,
            f"{_JOBS} WHERE run_id = :run_id ORDER BY scheduled_at, source, attempt",
            run_id=run_id,
        )

    async def latest_standing(self, spider: str) -> Job | None:
        """The latest job that a tick started outside of any run."""
        return await self._first(
            Job,
            f"""{_JOBS} WHERE run_id IS NULL AND node IS NOT NULL AND spider = :spider
                ORDER BY scheduled_at DESC LIMIT 1""",
            spider=spider,
        )

    async def open_standing(self) -> list[Job]:
        """Open jobs that ticks started outside of any run."""
        return await self._all(
            Job,
            f"""{_JOBS} WHERE run_id IS NULL AND node IS NOT NULL
                          AND status IN ('scheduled', 'running') ORDER BY scheduled_at""",
        )

    async def give_up_silent(
        self, *, running_before: datetime, scheduled_before: datetime, now: datetime
    ) -> int:
        """Takes the right to write from jobs of no run that were last heard of before a time."""
        return await self._count(
            """UPDATE sync_run_jobs
                  SET status = 'lost', finish_reason = 'no heartbeat', finished_at = :now
                WHERE run_id IS NULL
                  AND (status = 'running' AND coalesce(heartbeat_at, started_at) < :running_before
                       OR status = 'scheduled' AND scheduled_at < :scheduled_before)""",
            running_before=running_before,
            scheduled_before=scheduled_before,
            now=now,
        )
