"""Keeps the queue going between runs: tops it up and has workers fetch what waits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pincali_sync.clock import is_fresh
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import ALL, PAGES
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.base import Service
from pincali_sync.services.refresh_service import RefreshService
from pincali_sync.services.removal.verification import CANARY_AGE
from pincali_sync.services.runs.run_jobs import RESTING, RunJobs, page_worker
from pincali_sync.services.scrape_queue_service import ScrapeQueueService
from pincali_sync.services.site.pauses import PauseService

# A worker that failed is not started again at once.
_REST_AFTER_FAILURE = timedelta(minutes=15)
# What workers get done is counted over so long.
_MEASURED = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class StandingDrain(Service):
    """What a tick does for the queue, whether or not a run is open."""

    jobs: RunJobs
    queue: ScrapeQueueService
    refresh: RefreshService
    pauses: PauseService

    async def top_up(self, runs: Sequence[SyncRun]) -> None:
        """Queues what found no place before and what is due to be refreshed.

        Args:
            runs: those of this tick.
        """
        async with self.db.transaction() as tx:
            pause = await tx.pauses.of(ALL, PAGES)
            likely = await tx.missing.of_no_run() if pause is None else []
        if pause is not None and pause.scope != PAGES:
            return
        # Before anything else: what became likely removed while pages were refused.
        for session_id in likely:
            await self.queue.queue_verifications(session_id)
        await self.queue.top_up()
        if pause is None and not any(_reads_everything(run) for run in runs):
            await self.refresh.top_up()

    async def keep_going(self, runs: Sequence[SyncRun]) -> None:
        """Takes back what was lost, and starts a worker where none works.

        Args:
            runs: those of this tick. One that drains has a worker of its own by now.
        """
        await self.queue.reclaim_expired()
        await self.queue.end_rests_of_the_future()
        await self.jobs.give_up_silent()
        pause = await self.pauses.of_tier(None)
        if pause is not None:
            goes_on = "sitemap" if pause.scope == PAGES else None
            await self.jobs.cancel_all(None, reason="paused", but=goes_on)
            return
        if not await self.jobs.make_room():
            await self._drain(runs)

    async def _drain(self, runs: Sequence[SyncRun]) -> None:
        """Starts a worker where none works, or one beside others that leave turns unused."""
        now = self.clock.now()
        async with self.db.transaction() as tx:
            claimable = await tx.queue.claimable(now=now)
            crew = await tx.nodes.crew(now=now, window=_MEASURED)
            latest = await tx.jobs.latest_standing("detail", now=now)
            likely = await tx.missing.of_no_run()
        if likely:
            await self._look()
        if not claimable or await self._rests(latest):
            return
        worker = page_worker("detail", self.config.detail_delay_seconds)
        if not crew.workers:
            await self.jobs.start_standing(worker)
        elif (
            claimable > crew.pages
            and crew.has_use_for_another(self._allowed)
            and not any(map(_asks_the_site, runs))
        ):
            await self.jobs.start_standing(worker, beside_others=True)

    async def _look(self) -> None:
        """Starts a worker for what waits to be looked at and belongs to no run; not before
        listings were seen that tell how the site shows what is there."""
        now = self.clock.now()
        async with self.db.transaction() as tx:
            claimable = await tx.queue.claimable(now=now, verification=True)
            canaries = await tx.checks.canaries(since=now - CANARY_AGE, limit=1, now=now)
            latest = await tx.jobs.latest_standing("verification", now=now)
        is_at_work = latest is not None and latest.is_open
        if claimable and canaries and not is_at_work and not await self._rests(latest):
            delay = self.config.detail_delay_seconds
            await self.jobs.start_standing(page_worker("verification", delay))

    async def _rests(self, latest: Job | None) -> bool:
        if latest is None or latest.is_open or latest.node in await self.jobs.nodes.down():
            return False  # one that went down with its node is not to blame
        ended_well = latest.status in {"completed", "cancelled"} or latest.finish_reason in RESTING
        heard, now = latest.last_heard(), self.clock.now()
        return not ended_well and is_fresh(heard, now=now, within=_REST_AFTER_FAILURE)

    @property
    def _allowed(self) -> float:
        """Pages that the pace lets be fetched while workers are measured."""
        if not self.config.site_min_gap_seconds:
            return math.inf
        gap = max(self.config.site_min_gap_seconds, self.config.detail_delay_seconds)
        return _MEASURED.total_seconds() / gap


def _asks_the_site(run: SyncRun) -> bool:
    """Whether it takes turns of the pace, too."""
    return run.status == "running" and run.step in {"scan", "verify"}


def _reads_everything(run: SyncRun) -> bool:
    """Whether it is the week's scan: what is merely old waits, or it would take half its turns."""
    return run.tier_level == Tier.WEEKLY_DEEP and (run.status, run.step) == ("running", "scan")
