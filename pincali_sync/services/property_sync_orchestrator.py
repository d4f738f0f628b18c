"""The entrance for programs: tiers by their level, the daily work, and what to do without them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import uuid4

from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.domain.schedule import IN_ORDER
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import (
    BlockedError,
    ExitStatus,
    LockedError,
    PausedError,
    PincaliSyncError,
    RunnerError,
)
from pincali_sync.services.base import Service
from pincali_sync.services.ports import JobSpec, RunJob
from pincali_sync.services.runs.run_jobs import PAUSED
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_sync.services.scrape_queue_service import ScrapeQueueService
from pincali_sync.services.site.pauses import PauseService
from pincali_sync.services.tier_orchestrator import TierOrchestrator, TierResult

logger = logging.getLogger(__name__)

# Not a failure of the tier system: a full sync would only do what was stopped on purpose.
_DELIBERATE = (PausedError, BlockedError, LockedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class FullSyncResult:
    """What a full sync came to."""

    success: bool
    rounds: int  # of filling the queue up to its ceiling and fetching it
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySyncResult:
    """What the daily work came to: the tiers that were due, or a full sync instead."""

    tiers: tuple[TierResult, ...]
    full_sync: FullSyncResult | None = None


@dataclass(frozen=True, kw_only=True)
class PropertySyncOrchestrator(Service):
    """Delegates to the tiers; falls back to a full sync when they cannot run at all."""

    tiers: TierOrchestrator
    scheduler: SchedulerService
    queue: ScrapeQueueService
    pauses: PauseService
    run_job: RunJob

    async def run_hybrid_sync(self, tier_level: int) -> TierResult:
        """Runs one tier to its end. Raises as `TierOrchestrator.start` does.

        Raises:
            UsageError: for a level that is none of the four.
        """
        return await self.tiers.run_to_end(Tier.parse(tier_level))

    async def daily_sync_workflow(self, *, use_tiers: bool = True) -> DailySyncResult:
        """Runs every tier that is due, the most comprehensive first: what it serves is then not
        due. A full sync takes their place when none can be started or carried on.

        A tier that is paused is not due: where all are, the result holds none. One whose run ends
        as failed is due again after a rest, and nothing else is run for it: days of reading all
        there is are no answer to a run that failed.

        Raises:
            PausedError: when a tier is paused while its run is under way, or, for a full sync,
                pages rest.
            BlockedError: when the site refuses a full sync.
            LockedError: when somebody else opens a run of a tier that was due.
        """
        if not use_tiers:
            return DailySyncResult(tiers=(), full_sync=await self.full_sync())
        done: list[TierResult] = []
        try:
            for tier in IN_ORDER:
                if await self.scheduler.should_run_tier(tier):
                    done.append(await self.tiers.run_to_end(tier))
        except _DELIBERATE:
            raise
        except PincaliSyncError as error:
            logger.error("the tiers cannot run (%s): a full sync takes their place", error)
            return DailySyncResult(tiers=tuple(done), full_sync=await self.full_sync())
        return DailySyncResult(tiers=tuple(done))

    async def full_sync(self) -> FullSyncResult:
        """All pages of all sources, and every record visited; by plain processes on this machine.

        Raises:
            PausedError: when everything, or pages, rest, now or meanwhile.
            BlockedError: when the site refuses us.
        """
        await self.pauses.check()
        began, rounds = self.clock.now(), 0
        try:
            await self._run("manifest", max_pages="0")
            while await self.queue.top_up() + await self.queue.queue_unvisited_since(
                began, self.config.queue_max_pending
            ):
                rounds += 1
                await self.pauses.check()
                await self._run("detail")
        except RunnerError as error:
            return FullSyncResult(success=False, rounds=rounds, error=str(error))
        return FullSyncResult(success=True, rounds=rounds)

    async def _run(self, spider: str, **arguments: str) -> None:
        spec = JobSpec(job_id=uuid4(), spider=spider, arguments=arguments)
        status = await self.run_job(spec)
        if status == ExitStatus.PAUSED_OR_BLOCKED:
            raise await self._what_stopped(spec)
        if status:
            raise RunnerError(f"the {spider} job {spec.job_id} ended with status {status}")

    async def _what_stopped(self, spec: JobSpec) -> PincaliSyncError:
        """Whose pause it was: the job's own, for a refusal of the site, or a person's."""
        if stopped := await self.pauses.what_stops_pages():
            return stopped
        row = await self.db.run(lambda tx: tx.jobs.get(spec.job_id))
        if row is not None and row.finish_reason == PAUSED:
            return PausedError(f"the {spec.spider} job was paused, and that is over: start again")
        # It could not write its pause.
        await self.pauses.refused(PAGES, reason=f"blocked: {spec.spider}: the site blocks us")
        return BlockedError(f"{spec.spider}: the site blocks us")
