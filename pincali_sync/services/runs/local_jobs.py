"""Jobs as plain processes of this machine, for whoever waits for their end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.exceptions import (
    BlockedError,
    ExitStatus,
    PausedError,
    PincaliSyncError,
    RunnerError,
)
from pincali_sync.services.base import Service
from pincali_sync.services.ports import JobSpec, RunJob
from pincali_sync.services.runs.run_jobs import PAUSED
from pincali_sync.services.site.pauses import PauseService

# How pages of the queue end: with a record that is true by its page, or without.
_READ, _NOT_READ = ("new", "updated", "unchanged", "gone"), ("rejected", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueProcessResult:
    """What fetching queued pages came to."""

    processed: int
    succeeded: int
    failed: int
    duration_seconds: float

    @classmethod
    def of(cls, stats: Mapping[str, Any], took: timedelta) -> QueueProcessResult:
        """The result of a detail job by its statistics."""
        succeeded, failed = (
            sum(stats.get(f"detail/{name}", 0) for name in names) for names in (_READ, _NOT_READ)
        )
        return cls(
            processed=succeeded + failed,
            succeeded=succeeded,
            failed=failed,
            duration_seconds=took.total_seconds(),
        )


@dataclass(frozen=True, kw_only=True)
class LocalJobs(Service):
    """Runs jobs of no run, one at a time."""

    pauses: PauseService
    run_job: RunJob

    async def run(
        self,
        spider: str,
        arguments: Mapping[str, str],
        *,
        settings: Mapping[str, str] | None = None,
        session_id: UUID | None = None,
    ) -> Mapping[str, Any]:
        """Runs a job to its end; returns its statistics.

        Args:
            session_id: under which it writes, so that it goes on with what a job before it read;
                its own one unless given.

        Raises:
            PausedError: when everything, or pages, rest, now or meanwhile.
            BlockedError: when the site refuses us.
            RunnerError: when it fails.
        """
        await self.pauses.check()
        spec = JobSpec(job_id=uuid4(), spider=spider, arguments=arguments, settings=settings or {})
        if session_id is not None:
            await self._order(spec, session_id)
        status = await self.run_job(spec)
        job = await self.db.run(lambda tx: tx.jobs.get(spec.job_id))
        if status == ExitStatus.PAUSED_OR_BLOCKED:
            raise await self._what_stopped(spider, job)
        if status:
            why = job.finish_reason if job is not None else None
            raise RunnerError(f"the {spider} job {spec.job_id} ended: {why or f'status {status}'}")
        return {} if job is None else job.stats

    async def _order(self, spec: JobSpec, session_id: UUID) -> None:
        now = self.clock.now()
        async with self.db.transaction() as tx:
            await tx.sessions.create(
                session_id,
                name=f"{spec.spider} by hand",
                base_url=self.config.pincali_base_url,
                now=now,
            )
            await tx.jobs.add(
                Job(id=spec.job_id, session_id=session_id, spider=spec.spider, scheduled_at=now)
            )

    async def _what_stopped(self, spider: str, job: Job | None) -> PincaliSyncError:
        """Whose pause it was: the job's own, for a refusal of the site, or a person's."""
        if stopped := await self.pauses.what_stops_pages():
            return stopped
        if job is not None and job.finish_reason == PAUSED:
            return PausedError(f"the {spider} job was paused, and that is over: start again")
        # It could not write its pause.
        await self.pauses.refused(PAGES, reason=f"blocked: {spider}: the site blocks us")
        return BlockedError(f"{spider}: the site blocks us")
