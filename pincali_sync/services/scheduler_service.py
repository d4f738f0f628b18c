"""Starts what is due and moves what is open: what one tick of the tier runner does."""

from __future__ import annotations

import logging

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs import SyncRun
from pincali_sync.domain.schedule import due_slot
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.run_lock import RunLock
from pincali_sync.services.tier_orchestrator import RUNNABLE_TIERS, TierOrchestrator

logger = logging.getLogger(__name__)


class SchedulerService:
    """One tick at a time, under the runner's lock."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        orchestrator: TierOrchestrator,
        lock: RunLock,
        *,
        tiers_enabled: tuple[int, ...],
        tier_1_every_hours: float,
    ) -> None:
        self._db = db
        self._clock = clock
        self._orchestrator = orchestrator
        self._lock = lock
        self._enabled = [tier for tier in sorted(RUNNABLE_TIERS) if tier.value in tiers_enabled]
        self._every_hours = {Tier.HOT_LISTINGS: tier_1_every_hours}

    async def tick(self, *, start_due: bool = True) -> list[SyncRun]:
        """Moves every open run one step on and starts what is due.

        Returns:
            The runs that were open or were started, as they now stand.

        Raises:
            LockedError: when another runner is at work.
            RunnerError: when a node that should take a due run's jobs does not answer.
        """
        async with self._lock.held():
            runs = await self._orchestrator.advance_all()
            open_tiers = {run.tier_level for run in runs if run.status == "running"}
            for tier in self._enabled if start_due else ():
                if tier.value not in open_tiers:
                    runs += await self._start_if_due(tier)
            return runs

    async def start_now(self, tier: Tier) -> SyncRun:
        """Opens a run of this tier, due or not.

        Raises:
            LockedError: when another runner is at work or a run of this tier is open.
        """
        async with self._lock.held():
            return await self._orchestrator.start(tier)

    async def _start_if_due(self, tier: Tier) -> list[SyncRun]:
        async with self._db.transaction() as tx:
            last = await tx.runs.latest(tier.value)
        served = None if last is None else max(filter(None, (last.slot_at, last.started_at)))
        slot = due_slot(self._clock.now(), every_hours=self._every_hours[tier], last_served=served)
        if slot is None:
            return []
        run = await self._orchestrator.start(tier, slot_at=slot)
        return [await self._orchestrator.advance(run)]
