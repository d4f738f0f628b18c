"""Keeps the queue going between runs: tops it up and has a worker fetch what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.base import Service
from pincali_sync.services.refresh_service import RefreshService
from pincali_sync.services.runs.run_jobs import RESTING, RunJobs, page_worker
from pincali_sync.services.scrape_queue_service import ScrapeQueueService
from pincali_sync.services.site.pauses import PauseService

# A worker that failed is not started again at once.
_REST_AFTER_FAILURE = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class StandingDrain(Service):
    """What a tick does for the queue, whether or not a run is open."""

    jobs: RunJobs
    queue: ScrapeQueueService
    refresh: RefreshService
    pauses: PauseService

    async def keep_going(self, runs: Sequence[SyncRun]) -> None:
        """Takes back what was lost, tops the queue up, and starts a worker where none works.

        Args:
            runs: those of this tick: a run that drains has a worker of its own.
        """
        await self.queue.reclaim_expired()
        await self.jobs.give_up_silent()
        if await self.pauses.of_tier(None) is not None:
            await self.jobs.cancel_all(None, reason="paused")
            return
        await self.queue.top_up()
        if not any(_reads_everything(run) for run in runs):
            await self.refresh.top_up()
        drained = any(run.status == "running" and run.step == "drain" for run in runs)
        if not drained and await self._is_wanted():
            await self.jobs.start_standing(page_worker("detail", self.config.detail_delay_seconds))

    async def _is_wanted(self) -> bool:
        now = self.clock.now()
        async with self.db.transaction() as tx:
            if not await tx.queue.claimable(now=now):
                return False
            latest = await tx.jobs.latest_standing("detail")
        if latest is None:
            return True
        if latest.is_open:
            return False
        ended_well = latest.status in {"completed", "cancelled"} or latest.finish_reason in RESTING
        return ended_well or now - latest.last_heard() > _REST_AFTER_FAILURE


def _reads_everything(run: SyncRun) -> bool:
    """Whether it is the week's scan: what is merely old waits, or it would take half its turns."""
    return run.tier_level == Tier.WEEKLY_DEEP and (run.status, run.step) == ("running", "scan")
