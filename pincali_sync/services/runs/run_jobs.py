"""The spider jobs of a tier run: started, watched by their heartbeats, started again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID, uuid4

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.exceptions import RunnerError
from pincali_sync.services.ports import JobRunner, JobSpec
from pincali_sync.services.runs.job_service import PATIENCE_BEFORE_START

logger = logging.getLogger(__name__)

# What these see belongs to the run's own session.
SCANNERS = frozenset({"manifest", "sitemap"})
BLOCKED = "blocked"  # the finish reason of a job that the site refused
PAUSED = "paused"
# Such jobs are started again once the pause, which was in force before they ended, is over.
RESTING = frozenset({BLOCKED, PAUSED})
TOO_MANY_LOST_PAGES = "too_many_lost_pages"
NO_INDEX = "no_sitemap_index"
# Trying at once again would only ask a failing site for the same pages once more.
_HOPELESS = {
    TOO_MANY_LOST_PAGES: "more than a tenth of the pages lost",
    NO_INDEX: "there is no index to read",
}


class JobsState(Enum):
    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedJob:
    """A job that a run's step needs done once."""

    spider: str
    source: str | None
    arguments: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsReport:
    """How a step's jobs stand; `error` says why not, where they failed."""

    state: JobsState
    error: str | None = None


class RunJobs:
    """Keeps a run's jobs going. Calling it again after a crash repeats nothing."""

    def __init__(
        self,
        db: Database,
        runner: JobRunner,
        clock: Clock,
        *,
        silence: timedelta,
        max_attempts: int = 3,
    ) -> None:
        self._db = db
        self._runner = runner
        self._clock = clock
        self._silence = silence
        self._max_attempts = max_attempts

    async def ensure_done(self, run: SyncRun, wanted: Sequence[WantedJob]) -> JobsReport:
        """Moves the wanted jobs on: starts those missing, replaces those that went silent."""
        latest = await self._latest_attempts(run.id)
        reports = [await self._move(run, job, latest.get(_key(job))) for job in wanted]
        # A failure ends the run; only then does it count what is left.
        for state in (JobsState.FAILED, JobsState.UNDER_WAY):
            for report in reports:
                if report.state is state:
                    return report
        return JobsReport(state=JobsState.DONE)

    async def ensure_worker(self, run: SyncRun, wanted: WantedJob) -> JobsReport:
        """Like `ensure_done`, for a job that is wanted again as long as there is work."""
        job = (await self._latest_attempts(run.id)).get(_key(wanted))
        if job is not None and job.status == "completed":
            await self._start(run, wanted, attempt=job.attempt + 1)
            return JobsReport(state=JobsState.UNDER_WAY)
        return await self._move(run, wanted, job)

    async def ensure_worker_while(
        self, run: SyncRun, wanted: WantedJob, *, verification: bool = False
    ) -> JobsReport:
        """Keeps a worker going as long as there are pages it could lease.

        Pages that failed wait for their next attempt: no worker is started only to wait with them.
        """
        async with self._db.transaction() as tx:
            claimable = await tx.queue.claimable(now=self._clock.now(), verification=verification)
        job = (await self._latest_attempts(run.id)).get(_key(wanted))
        if not claimable and (job is None or not job.is_open):
            return JobsReport(state=JobsState.UNDER_WAY)
        return await self.ensure_worker(run, wanted)

    async def cancel_all(self, run_id: UUID, reason: str) -> None:
        """Takes the right to write from the run's open jobs and asks their nodes to stop them."""
        async with self._db.transaction() as tx:
            jobs = [job for job in await tx.jobs.of_run(run_id) if job.is_open]
        for job in jobs:
            await self._give_up(job, status="cancelled", reason=reason)

    async def start_standing(self, wanted: WantedJob) -> None:
        """Starts a job that belongs to no run."""
        await self._order(wanted, run_id=None, session_id=None, attempt=1)

    async def cancel_standing(self, reason: str) -> None:
        """Stops the jobs that belong to no run and were not started by hand."""
        async with self._db.transaction() as tx:
            jobs = await tx.jobs.open_standing()
        for job in jobs:
            await self._give_up(job, status="cancelled", reason=reason)

    async def _latest_attempts(self, run_id: UUID) -> dict[tuple[str, str | None], Job]:
        async with self._db.transaction() as tx:
            jobs = await tx.jobs.of_run(run_id)
        return {(job.spider, job.source): job for job in sorted(jobs, key=lambda job: job.attempt)}

    async def _move(self, run: SyncRun, wanted: WantedJob, job: Job | None) -> JobsReport:
        if job is None:
            await self._start(run, wanted, attempt=1)
            return JobsReport(state=JobsState.UNDER_WAY)
        if job.status == "completed":
            return JobsReport(state=JobsState.DONE)
        if job.finish_reason in _HOPELESS:
            return JobsReport(
                state=JobsState.FAILED,
                error=f"{_label(wanted)}: {_HOPELESS[job.finish_reason]}",
            )
        if job.is_open:
            if not self._is_silent(job, self._clock.now()):
                return JobsReport(state=JobsState.UNDER_WAY)
            logger.warning("job %s (%s) went silent: replacing it", job.id, _label(wanted))
            await self._give_up(job, status="lost", reason="no heartbeat")
        return await self._start_again(run, wanted, job)

    async def _start_again(self, run: SyncRun, wanted: WantedJob, job: Job) -> JobsReport:
        # Only the failures since the last success count, so a standing worker is not worn out.
        if await self._failures_in_a_row(run.id, wanted) >= self._max_attempts:
            reason = job.finish_reason or "no heartbeat"
            return JobsReport(
                state=JobsState.FAILED,
                error=f"{_label(wanted)} failed {self._max_attempts} times, last: {reason}",
            )
        await self._start(run, wanted, attempt=job.attempt + 1)
        return JobsReport(state=JobsState.UNDER_WAY)

    async def _failures_in_a_row(self, run_id: UUID, wanted: WantedJob) -> int:
        async with self._db.transaction() as tx:
            attempts = [job for job in await tx.jobs.of_run(run_id) if _key(job) == _key(wanted)]
        failures = 0
        for job in sorted(attempts, key=lambda job: job.attempt, reverse=True):
            if job.status == "completed":
                break
            # A pause is no failure, nor is a refusal: everything rests until it is over.
            failures += job.status != "cancelled" and job.finish_reason not in RESTING
        return failures

    def _is_silent(self, job: Job, now: datetime) -> bool:
        patience = 1 if job.status == "running" else PATIENCE_BEFORE_START
        return now - job.last_heard() > patience * self._silence

    async def _give_up(self, job: Job, *, status: str, reason: str) -> None:
        async with self._db.transaction() as tx:
            await tx.jobs.give_up(job.id, status=status, reason=reason, now=self._clock.now())
        if job.node is None:
            return
        try:
            await self._runner.cancel(job.id, job.node)
        except RunnerError as error:
            # Its row no longer lets it write: stopping it only saves work.
            logger.warning("job %s could not be stopped: %s", job.id, error)

    async def _start(self, run: SyncRun, wanted: WantedJob, *, attempt: int) -> None:
        await self._order(
            wanted,
            run_id=run.id,
            session_id=run.session_id if wanted.spider in SCANNERS else None,
            attempt=attempt,
        )

    async def _order(
        self, wanted: WantedJob, *, run_id: UUID | None, session_id: UUID | None, attempt: int
    ) -> None:
        """Writes the job down first: it may begin only while its row says that it is scheduled."""
        job_id = uuid4()
        node = self._runner.nodes[job_id.int % len(self._runner.nodes)]
        async with self._db.transaction() as tx:
            await tx.jobs.schedule(
                job_id,
                run_id=run_id,
                session_id=session_id,
                spider=wanted.spider,
                source=wanted.source,
                attempt=attempt,
                node=node,
                now=self._clock.now(),
            )
        spec = JobSpec(
            job_id=job_id,
            spider=wanted.spider,
            arguments=wanted.arguments,
            settings=wanted.settings,
        )
        try:
            await self._runner.start(spec, node)
        except RunnerError as error:
            # It may have been taken all the same. If it was not, its silence will tell.
            logger.warning("job %s (%s) may not have started: %s", job_id, _label(wanted), error)


def _key(job: Job | WantedJob) -> tuple[str, str | None]:
    return (job.spider, job.source)


def _label(job: WantedJob) -> str:
    return f"{job.spider} {job.source}" if job.source else job.spider
