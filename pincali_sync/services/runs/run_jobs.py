"""The spider jobs of a tier run: started, watched by their heartbeats, started again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from enum import IntEnum
from itertools import takewhile
from uuid import UUID, uuid4

from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import SITEMAP
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import RunnerError
from pincali_sync.services.base import Service
from pincali_sync.services.ports import JobRunner, JobSpec, WantedJob
from pincali_sync.services.runs.nodes import NodeService

logger = logging.getLogger(__name__)

# What these see belongs to the run's own session.
SCANNERS = frozenset({"manifest", "sitemap"})
BLOCKED = "blocked"  # the finish reason of a job that the site refused
PAUSED = "paused"
_SHUTDOWN = "shutdown"  # Scrapy's own, at SIGTERM
# Such jobs are started again once the pause, which was in force before they ended, is over.
RESTING = frozenset({BLOCKED, PAUSED})
TOO_MANY_LOST_PAGES = "too_many_lost_pages"
NO_INDEX = "no_sitemap_index"
NO_BROWSER = "no_browser"
NOT_REACHED = "site_not_reached"  # from its node; another may fare better
_MAX_ATTEMPTS = 3
_REST_WHERE_NOT_REACHED = timedelta(minutes=15)
# A node may have a queue of its own, so a job that waits there is given longer than one that ran.
_PATIENCE_BEFORE_START = 5
_HAS_GOT_ON = 5  # so many silences after it began
# A free slot takes a job up sooner than that.
_WAITS_FOR_A_SLOT = timedelta(seconds=45)
# A node that is down and a job that misses a beat are dead together: others have its work soon.
_HASTE_WHERE_DOWN = 0.4  # of the usual silence


class State(IntEnum):
    """How work stands; of several pieces together, as the largest says."""

    DONE = 1
    CUT_SHORT = 2  # over; what it came to is for whoever wanted it to judge
    WAITING = 3  # look again at the next tick
    FAILED = 4


# Trying at once again would only ask a failing site for the same pages once more.
_HOPELESS = {
    TOO_MANY_LOST_PAGES: (State.CUT_SHORT, "more than a tenth of the pages lost"),
    NO_INDEX: (State.FAILED, "there is no index to read"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a step, or the jobs it waits for, stand; `error` says why they failed, or wait for
    something else than their work."""

    state: State
    error: str | None = None


WAITING = Outcome(state=State.WAITING)
DONE = Outcome(state=State.DONE)


def page_worker(spider: str, delay_seconds: float) -> WantedJob:
    """A worker that fetches whatever is queued for its spider."""
    return WantedJob(spider=spider, settings={"DETAIL_DELAY_SECONDS": str(delay_seconds)})


@dataclass(frozen=True, kw_only=True)
class RunJobs(Service):
    """Keeps a run's jobs going. Calling it again after a crash repeats nothing."""

    runner: JobRunner
    nodes: NodeService

    async def ensure_done(self, run: SyncRun, wanted: Sequence[WantedJob]) -> Outcome:
        """Moves the wanted jobs on: starts those missing, replaces those that went silent.

        A failure ends the run; only then does it count what is left.
        """
        outcomes = [await self._move(run, job) for job in wanted]
        return max(outcomes, key=lambda each: (each.state, each.error is not None), default=DONE)

    async def ensure_worker(
        self, run: SyncRun, wanted: WantedJob, *, verification: bool = False
    ) -> Outcome:
        """Keeps a worker going as long as there are pages it could lease; never done.

        Pages that failed wait for their next attempt: no worker is started only to wait with them.
        """
        async with self.db.transaction() as tx:
            claimable = await tx.queue.claimable(now=self.clock.now(), verification=verification)
        latest = next(iter(_attempts(await self._jobs(run), wanted)), None)
        if not claimable and (latest is None or not latest.is_open):
            return WAITING
        if latest is not None and latest.status == "completed":
            return await self._start(run, wanted, attempt=latest.attempt + 1)
        return await self._move(run, wanted)

    async def cancel_all(self, run_id: UUID | None, reason: str, *, but: str | None = None) -> None:
        """Takes the right to write from the run's open jobs and asks their nodes to stop them.

        Without a run: from those that belong to none and were not started by hand.

        Args:
            but: the spider whose jobs go on.
        """
        await self.stop(await self.db.run(lambda tx: self.give_up_all(tx, run_id, reason, but=but)))

    async def give_up_all(
        self, tx: UnitOfWork, run_id: UUID | None, reason: str, *, but: str | None = None
    ) -> list[Job]:
        """Takes the right to write from such jobs; what their workers hold goes back at once."""
        jobs = await tx.jobs.give_up_all(run_id, reason=reason, but=but, now=self.clock.now())
        await tx.queue.release_all([job.session_id for job in jobs if job.session_id])
        return jobs

    async def stop(self, jobs: Sequence[Job]) -> None:
        """Asks their nodes to stop jobs that were given up."""
        await asyncio.gather(*map(self.nodes.stop, jobs))

    async def start_standing(self, wanted: WantedJob, *, beside_others: bool = False) -> None:
        """Starts a job that belongs to no run; beside others, only where a node has room for it."""
        await self._start(None, wanted, attempt=1, with_a_slot=beside_others)

    async def make_room(self) -> bool:
        """Whether jobs of runs wait for a slot; a worker of no run gives up its own for them."""
        before = self.clock.now() - _WAITS_FOR_A_SLOT
        async with self.db.transaction() as tx:
            crowded = await tx.nodes.waits_for_a_slot(scheduled_before=before)
            in_the_way = await tx.nodes.youngest_standing(crowded) if crowded else []
        for job in in_the_way:
            await self._give_up(job, status="cancelled", reason="a run needs its slot")
        return bool(crowded)

    async def give_up_silent(self) -> None:
        """Ends jobs that no open run watches and that were not heard of for too long."""
        down = await self.nodes.down()
        silent = await self.db.run(lambda tx: self._give_up_silent(tx, down))
        for job in silent:
            logger.warning("job %s (%s) went silent: it is given up", job.id, job.spider)

    async def _give_up_silent(self, tx: UnitOfWork, down: Collection[str]) -> list[Job]:
        now = self.clock.now()
        await tx.jobs.bring_back(now=now)
        silent = await tx.jobs.give_up_silent(
            running_before=now - self._silence,
            scheduled_before=now - _PATIENCE_BEFORE_START * self._silence,
            down=down,
            down_before=now - self._silence * _HASTE_WHERE_DOWN,
            now=now,
        )
        await tx.queue.expire_all([job.session_id for job in silent if job.session_id], now=now)
        return silent

    @property
    def _silence(self) -> timedelta:
        return timedelta(seconds=self.config.job_silence_seconds)

    async def _jobs(self, run: SyncRun) -> list[Job]:
        return await self.db.run(lambda tx: tx.jobs.of_run(run.id))

    async def _move(self, run: SyncRun, wanted: WantedJob) -> Outcome:
        jobs = await self._jobs(run)
        attempts = _attempts(jobs, wanted)
        if not attempts:
            return await self._start(run, wanted, attempt=1)
        job = attempts[0]
        if job.status == "completed":
            return DONE
        if hopeless := _HOPELESS.get(job.finish_reason or "") or await self._refusal(job):
            state, why = hopeless
            return self._told(state, job, f"{wanted}: {why}")
        if job.is_open:
            if not self._is_silent(job, await self.nodes.down()):
                return WAITING
            if await self.nodes.has_in_line(job):
                said = f"{wanted} waits for a slot at {job.node}: a larger max_proc there gives it"
                return Outcome(state=State.WAITING, error=said)
            logger.warning("job %s (%s) went silent: replacing it", job.id, wanted)
            await self._give_up(job, status="lost", reason="no heartbeat")
            jobs = await self._jobs(run)  # as it is now: it may have ended by itself meanwhile
        return await self._try_again(run, wanted, jobs)

    async def _try_again(self, run: SyncRun, wanted: WantedJob, jobs: Sequence[Job]) -> Outcome:
        """Another attempt, unless too many failed. A run that reached the site before waits until
        it does again, and asks now and then."""
        attempts = _attempts(jobs, wanted)
        job = attempts[0]
        if job.status == "completed":
            return DONE
        if self._failures_in_a_row(attempts) >= _MAX_ATTEMPTS:
            if job.finish_reason != NOT_REACHED or not any(map(self._has_got_on, jobs)):
                last = job.finish_reason or "no heartbeat"
                said = f"{wanted} failed {_MAX_ATTEMPTS} times, last: {last}"
                return self._told(State.FAILED, job, said)
            again_at = job.last_heard() + _REST_WHERE_NOT_REACHED
            if self.clock.now() < again_at:
                again = f"{again_at.astimezone(UTC):%H:%M} UTC"
                said = f"{wanted}: the site was not reached, and is asked again at {again}"
                return self._told(State.WAITING, job, said)
        return await self._start(run, wanted, attempt=job.attempt + 1)

    async def _refusal(self, job: Job) -> tuple[State, str] | None:
        """Why a job rests while its run goes on: without the sitemap a run is one all the same."""
        if job.spider != SITEMAP or job.finish_reason not in RESTING:
            return None
        refusal = await self.db.run(lambda tx: tx.pauses.of(SITEMAP))
        return (State.FAILED, "the site refuses it") if refusal else None

    def _told(self, state: State, job: Job, said: str) -> Outcome:
        log = self.runner.where_logged(job.spider, job.id, job.node or "")
        return Outcome(state=state, error=f"{said} (job {job.id}, its log: {log})")

    def _failures_in_a_row(self, attempts: Sequence[Job]) -> int:
        """Failures since the last success, so that a standing worker is not worn out.

        A pause is no failure, nor is a refusal: everything rests until it is over. Nor is it one
        of the job to be killed or shut down after it had got on: the next begins where it was.
        """
        since = takewhile(lambda job: job.status != "completed", attempts)
        return sum(
            job.status != "cancelled"
            and job.finish_reason not in RESTING
            and not (_was_ended(job) and self._has_got_on(job))
            for job in since
        )

    def _has_got_on(self, job: Job) -> bool:
        return job.status == "completed" or job.worked_for() > _HAS_GOT_ON * self._silence

    def _is_silent(self, job: Job, down: Collection[str]) -> bool:
        patience = self._silence * (1 if job.status == "running" else _PATIENCE_BEFORE_START)
        if job.node in down:
            patience = self._silence * _HASTE_WHERE_DOWN
        return self.clock.now() - job.last_heard() > patience

    async def _give_up(self, job: Job, *, status: str, reason: str) -> None:
        async with self.db.transaction() as tx:
            await tx.jobs.give_up(job.id, status=status, reason=reason, now=self.clock.now())
            held = [job.session_id] if job.session_id else []
            if status == "lost":  # maybe by the page it was at: what it held counts as tried
                await tx.queue.expire_all(held, now=self.clock.now())
            else:
                await tx.queue.release_all(held)
        await self.nodes.stop(job)

    async def _start(
        self, run: SyncRun | None, wanted: WantedJob, *, attempt: int, with_a_slot: bool = False
    ) -> Outcome:
        """Writes the job down first: it may begin only while its row says that it is scheduled.

        Where no node takes jobs it waits for one.
        """
        job_id, node = uuid4(), await self.nodes.choose(with_a_slot=with_a_slot)
        if node is None:
            return Outcome(state=State.WAITING, error=f"{wanted}: no node takes jobs")
        job = Job(
            id=job_id,
            run_id=run.id if run else None,
            session_id=run.session_id if run and wanted.spider in SCANNERS else None,
            spider=wanted.spider,
            source=wanted.source,
            node=node,
            attempt=attempt,
            scheduled_at=self.clock.now(),
        )
        if not await self.db.run(lambda tx: tx.jobs.add(job)):
            return WAITING  # another runner orders it
        try:
            await self.runner.start(JobSpec(job_id=job_id, **asdict(wanted)), node)
        except RunnerError as error:
            # It may have been taken all the same. If it was not, its silence will tell.
            logger.warning("job %s (%s) may not have started: %s", job_id, wanted, error)
        return WAITING


def _attempts(jobs: Iterable[Job], wanted: WantedJob) -> list[Job]:
    """The latest first."""
    key = (wanted.spider, wanted.source)
    attempts = [job for job in jobs if (job.spider, job.source) == key]
    return sorted(attempts, key=lambda job: job.attempt, reverse=True)


def _was_ended(job: Job) -> bool:
    """Whether it came to its end from outside: with its machine or its node."""
    return job.status == "lost" or (job.finish_reason or "").startswith(_SHUTDOWN)
