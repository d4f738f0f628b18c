"""Visits to records that are old: what a month wants, and what of it is queued by now."""

from __future__ import annotations

import calendar
from datetime import datetime, time, timedelta
from math import ceil
from uuid import UUID

from pincali_sync.clock import goes_on
from pincali_sync.config import Config
from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.repositories.queue.freshness import RefreshTarget, Wanted
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.freshness import Lessons
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.services.base import Service, in_transaction

# To find what is worth most all that is old is looked at: not for little room, and not often. What
# a look finds lasts longer: the queue holds what the pace lets be fetched in hours. Where it left
# room, nothing was left that is due.
_LEAST_ROOM = 0.05
_REST, _REST_WHEN_DONE = timedelta(hours=2), timedelta(hours=6)

# A card that shows something else has its page visited before it is stale, but not at once: what
# is being edited is edited again.
_TOLD_AFTER = timedelta(days=7)
_LESSONS_STAND = timedelta(days=200)

# Nothing may pass the ceiling, so what is so near to it is due, the oldest first: a page that fails
# then rests for a week (see `queue.rest`), and two days without the site still leave the time.
_BEFORE_THE_CEILING = timedelta(days=9)


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
        await tx.freshness.count_returned()
        target, now = await tx.freshness.target(), self.clock.now()
        if target is None or _rests(target, now):
            return Wanted()
        due, filling = _due_by(now, target), Filling.of(self.config, run_id, now=now)
        ceiling_days, budget = near_the_ceiling(self.config), await self.budget_left(tx)
        too_old = await tx.freshness.stale(
            stale_before=now - timedelta(days=ceiling_days), at_most=budget
        )
        old = max(due.stale, too_old)
        if (wanted := min(old + due.sample, budget)) <= 0:
            return Wanted()
        room = await tx.queue_fill.room_for_refresh(self.config.queue_max_pending)
        if not self._is_worth_it(wanted, room):
            return Wanted()
        stale = sample = 0
        if old > 0:
            stale = await tx.queue_fill.fill_stale(
                min(due.stale, budget),
                filling,
                await lessons_at(tx, now),
                stale_before=self._stale_before(),
                told_before=now - _TOLD_AFTER,
                max_age_days=ceiling_days,
                too_old=too_old,
            )
        if (of_sample := min(due.sample, budget - stale)) > 0:
            sample = await tx.queue_fill.fill_sample(
                of_sample, filling, seed=target.month.isoformat(), drawn_since=target.set_at
            )
        await tx.freshness.count_queued(Wanted(stale=stale, sample=sample))
        is_done = stale + sample < min(budget, room)
        await tx.freshness.rest(now + (_REST_WHEN_DONE if is_done else _REST))
        return Wanted(stale=stale, sample=sample)

    def _is_worth_it(self, wanted: int, room: int) -> bool:
        """For little room it is put off."""
        return wanted <= room or room > _LEAST_ROOM * self.config.queue_max_pending

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


def near_the_ceiling(config: Config) -> float:
    """Days after which a record is visited whatever it is worth, the oldest first."""
    lead = _BEFORE_THE_CEILING / timedelta(days=1)
    return max(config.max_age_days - lead, config.max_age_days / 2)


async def lessons_at(tx: UnitOfWork, now: datetime) -> Lessons:
    """What cards' signals are worth by the samples of the last months: the site changes too."""
    return await tx.freshness.lessons(since=(now - _LESSONS_STAND).date())


def _rests(target: RefreshTarget, now: datetime) -> bool:
    until = target.rests_until
    return until is not None and goes_on(until, now=now, longest=_REST_WHEN_DONE)


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
