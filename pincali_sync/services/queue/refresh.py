"""Keeping old records fresh: a target for the month, topped up day by day, within a budget.

Draining the queue is a standing service with a daily budget, not the property of a run: tier 4
sets what the month wants visited, and every tick adds the part that is due by now.
"""

from __future__ import annotations

import calendar
from datetime import datetime, time, timedelta
from math import ceil
from uuid import UUID

from pincali_sync.db.repositories.queue.freshness import RefreshTarget, Wanted
from pincali_sync.db.repositories.queue.queue_fill import Filling
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.services.base import Service, in_transaction


class RefreshService(Service):
    """Plans visits to records that are old."""

    @in_transaction
    async def set_target(self, tx: UnitOfWork, run_id: UUID | None) -> RefreshTarget:
        """Sets this month's target from what is stale now; one that is set stands."""
        now = self.clock.now()
        return await tx.freshness.set_target(
            now.astimezone(SITE_ZONE).date().replace(day=1),
            await self.wanted(tx),
            run_id=run_id,
            stale_before=self._stale_before(),
            now=now,
        )

    @in_transaction
    async def top_up(self, tx: UnitOfWork, run_id: UUID | None = None) -> Wanted:
        """Queues the part of the month's target that is due by now and fits the day's budget."""
        target = await tx.freshness.target()
        if target is None:
            return Wanted()
        now = self.clock.now()
        due = _due_by(now, target)
        budget = await self.budget_left(tx) if due.stale or due.sample else 0
        filling = Filling.of(self.config, run_id, now=now)
        stale = sample = 0
        if (wanted := min(due.stale, budget)) > 0:
            stale = await tx.queue_fill.fill_stale(
                wanted,
                filling,
                stale_before=self._stale_before(),
                max_age_days=self.config.max_age_days,
            )
        if (wanted := min(due.sample, budget - stale)) > 0:
            sample = await tx.queue_fill.fill_sample(
                wanted, filling, seed=target.month.isoformat(), drawn_since=target.set_at
            )
        queued = Wanted(stale=stale, sample=sample)
        if stale or sample:
            await tx.freshness.count_queued(queued)
        return queued

    async def wanted(self, tx: UnitOfWork) -> Wanted:
        """What a target set now would ask for, over the month."""
        return Wanted(
            stale=await tx.freshness.stale(stale_before=self._stale_before()),
            sample=round(self.config.tier_4_sample_share * await tx.freshness.present()),
        )

    async def budget_left(self, tx: UnitOfWork) -> int:
        """How many detail pages may still be asked for today."""
        local = self.clock.now().astimezone(SITE_ZONE)
        midnight = datetime.combine(local.date(), time(), tzinfo=SITE_ZONE)
        return max(0, self.config.detail_daily_budget - await tx.queue.spent(midnight))

    def _stale_before(self) -> datetime:
        return self.clock.now() - timedelta(days=self.config.tier_4_stale_days)


def _due_by(now: datetime, target: RefreshTarget) -> Wanted:
    """What of the target should be queued by the end of today, and is not.

    Records that become stale during the month are due too: the target grows with the days.
    """
    local = now.astimezone(SITE_ZONE).date()
    days = calendar.monthrange(target.month.year, target.month.month)[1]
    passed = 1.0 if local > target.month.replace(day=days) else local.day / days
    return Wanted(
        stale=max(0, ceil(target.stale_target * passed) - target.stale_queued),
        sample=max(0, ceil(target.sample_target * passed) - target.sample_queued),
    )
