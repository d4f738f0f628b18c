"""Keeping old records fresh: a target for the month, topped up day by day, within a budget.

Draining the queue is a standing service with a daily budget, not the property of a run: tier 4
sets what the month wants visited, and every tick adds the part that is due by now.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue.freshness import RefreshTarget
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.schedule import SITE_ZONE


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPolicy:
    """How old is stale, how old is too old, and how much may be fetched."""

    stale_after: timedelta
    max_age: timedelta  # the oldest come first beyond it, whatever their value
    sample_share: float  # of the listings that are there, a month
    daily_budget: int  # detail pages a day, news included
    max_pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """Rows that were queued."""

    stale: int = 0
    sample: int = 0


class RefreshService:
    """Plans visits to records that are old."""

    def __init__(self, db: Database, clock: Clock, policy: RefreshPolicy) -> None:
        self._db = db
        self._clock = clock
        self._policy = policy

    async def set_target(self, run_id: UUID | None) -> RefreshTarget:
        """Sets this month's target from what is stale now; one that is set stands."""

        async def work(tx: UnitOfWork) -> RefreshTarget:
            now = self._clock.now()
            stale_before = now - self._policy.stale_after
            await tx.freshness.set_target(
                now.astimezone(SITE_ZONE).date().replace(day=1),
                run_id=run_id,
                stale_target=await tx.freshness.stale(stale_before=stale_before),
                sample_target=round(self._policy.sample_share * await tx.freshness.present()),
                stale_before=stale_before,
                now=now,
            )
            target = await tx.freshness.target()
            assert target is not None
            return target

        return await self._db.run(work)

    async def preview(self) -> Refreshed:
        """What a target set now would ask for, over the month."""
        async with self._db.transaction() as tx:
            stale_before = self._clock.now() - self._policy.stale_after
            return Refreshed(
                stale=await tx.freshness.stale(stale_before=stale_before),
                sample=round(self._policy.sample_share * await tx.freshness.present()),
            )

    async def top_up(self, run_id: UUID | None = None) -> Refreshed:
        """Queues the part of the month's target that is due by now and fits the day's budget."""

        async def work(tx: UnitOfWork) -> Refreshed:
            target = await tx.freshness.target()
            if target is None:
                return Refreshed()
            due = _due_by(self._clock.now(), target)
            budget = await self._budget_left(tx) if due.stale or due.sample else 0
            stale = await self._queue_stale(tx, min(due.stale, budget), run_id)
            sample = await self._queue_sample(tx, target, min(due.sample, budget - stale), run_id)
            if stale or sample:
                await tx.freshness.count_queued(stale=stale, sample=sample)
            return Refreshed(stale=stale, sample=sample)

        return await self._db.run(work)

    async def budget_left(self) -> int:
        """How many detail pages may still be asked for today."""
        async with self._db.transaction() as tx:
            return await self._budget_left(tx)

    async def _budget_left(self, tx: UnitOfWork) -> int:
        local = self._clock.now().astimezone(SITE_ZONE)
        midnight = datetime.combine(local.date(), time(), tzinfo=SITE_ZONE)
        spent = await tx.queue.fetched_since(midnight) + await tx.queue.open_refreshes()
        return max(0, self._policy.daily_budget - spent)

    async def _queue_stale(self, tx: UnitOfWork, wanted: int, run_id: UUID | None) -> int:
        if wanted <= 0:
            return 0
        return await tx.queue_fill.fill_stale(
            stale_before=self._clock.now() - self._policy.stale_after,
            max_age_days=self._policy.max_age / timedelta(days=1),
            wanted=wanted,
            run_id=run_id,
            max_pending=self._policy.max_pending,
            now=self._clock.now(),
        )

    async def _queue_sample(
        self, tx: UnitOfWork, target: RefreshTarget, wanted: int, run_id: UUID | None
    ) -> int:
        if wanted <= 0:
            return 0
        return await tx.queue_fill.fill_sample(
            seed=target.month.isoformat(),
            drawn_since=target.set_at,
            wanted=wanted,
            run_id=run_id,
            max_pending=self._policy.max_pending,
            now=self._clock.now(),
        )


def _due_by(now: datetime, target: RefreshTarget) -> Refreshed:
    """What of the target should be queued by the end of today, and is not.

    Records that become stale during the month are due too: the target grows with the days.
    """
    local = now.astimezone(SITE_ZONE).date()
    days = calendar.monthrange(target.month.year, target.month.month)[1]
    last_day = target.month.replace(day=days)
    passed = 1.0 if local > last_day else local.day / days
    return Refreshed(
        stale=max(0, _ceil(target.stale_target * passed) - target.stale_queued),
        sample=max(0, _ceil(target.sample_target * passed) - target.sample_queued),
    )


def _ceil(value: float) -> int:
    return int(-(-value // 1))
