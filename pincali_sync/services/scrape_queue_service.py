"""The queue of detail pages: what is fetched next, by whom, for how long, and how it ended.

Draining it is a standing service with a daily budget, not the property of a run: tier 4 sets what
the month wants visited, and every tick adds the part that is due by now.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from math import ceil
from uuid import UUID

from pincali_sync.db.repositories.queue.freshness import RefreshTarget, Wanted
from pincali_sync.db.repositories.queue.queue_fill import Filling
from pincali_sync.db.repositories.queue.queue_rows import QueueStats
from pincali_sync.db.repositories.queue.refresh_fill import Drawn
from pincali_sync.db.repositories.scan.manifest import PropertyPriceChange
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.freshness import Lessons
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.items import Ending, QueuedProperty, ScrapeResult
from pincali_sync.services.base import Service, in_transaction

__all__ = ["QueueStats", "QueuedProperty", "ScrapeQueueService"]

# Chunks of a caller's list: bounds the statement and its transaction.
_CHUNK = 5_000
# With less of the ceiling free no look is taken at what is old; after all was found, none for long.
_LEAST_ROOM = 0.05
_REST = timedelta(hours=1)

# A card that shows something else has its page visited before it is stale, but not at once: what
# is being edited is edited again.
_TOLD_AFTER = timedelta(days=7)
_LESSONS_STAND = timedelta(days=200)


class ScrapeQueueService(Service):
    """Leases rows to workers. A worker is known by its lease token; a lost one's rows return."""

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.config.queue_lease_seconds)

    # --- what is fetched next ---

    async def queue_new_properties(
        self, property_ids: Sequence[str], session_id: UUID | None = None
    ) -> int:
        """Queues listings that are not live yet, first of all; returns how many rows are new."""
        return await self._queue_named(property_ids, 1, "new_property", session_id)

    async def queue_price_changes(
        self, changes: Sequence[PropertyPriceChange], session_id: UUID | None = None
    ) -> int:
        """Queues listings whose price changed; returns how many rows are new."""
        ids = [change.property_id for change in changes]
        return await self._queue_named(ids, 2, "price_change", session_id)

    async def queue_stale_properties(
        self, days_threshold: float, limit: int, session_id: UUID | None = None
    ) -> int:
        """Queues up to `limit` records not visited for so many days, by crawl value."""
        before = self.clock.now() - timedelta(days=days_threshold)
        return await self.queue_unvisited_since(before, limit, session_id)

    @in_transaction
    async def queue_unvisited_since(
        self, tx: UnitOfWork, moment: datetime, limit: int, session_id: UUID | None = None
    ) -> int:
        """Queues up to `limit` records not visited since a moment, by crawl value."""
        drawn = await tx.queue_fill.fill_stale(
            limit,
            await self._filling(tx, session_id),
            await _lessons(tx, self.clock.now()),
            stale_before=moment,
            told_before=moment,
            max_age_days=self.config.max_age_days,
        )
        return drawn.queued

    @in_transaction
    async def queue_random_sample(
        self, tx: UnitOfWork, sample_size: int, session_id: UUID | None = None
    ) -> int:
        """Queues a fair draw of records that are there; the same session draws the same ones."""
        now = self.clock.now()
        drawn = await tx.queue_fill.fill_sample(
            sample_size,
            await self._filling(tx, session_id),
            seed=str(session_id or now.date()),
            drawn_since=now,
        )
        return drawn.queued

    @in_transaction
    async def queue_verifications(self, tx: UnitOfWork, session_id: UUID) -> int:
        """Queues what a certified scan missed twice; returns how many found no place yet."""
        began = await tx.sessions.started_at(session_id)
        assert began is not None
        filling = await self._filling(tx, session_id)
        return await tx.queue_fill.fill_missing(session_id, filling, began=began)

    async def top_up(self, run_id: UUID | None = None) -> int:
        """Queues flagged listings that wait outside, newest first, some hundred a transaction;
        returns their number."""
        queued, filling = 0, Filling.of(self.config, run_id, now=self.clock.now())
        while (taken := await self.db.run(lambda tx: tx.outside.take(filling))).moved:
            queued += taken.queued
        return queued

    async def _queue_named(
        self, property_ids: Sequence[str], priority: int, reason: str, session_id: UUID | None
    ) -> int:
        chunks = [property_ids[n : n + _CHUNK] for n in range(0, len(property_ids), _CHUNK)]
        return sum([await self._fill(each, priority, reason, session_id) for each in chunks])

    @in_transaction
    async def _fill(
        self,
        tx: UnitOfWork,
        property_ids: Sequence[str],
        priority: int,
        reason: str,
        session_id: UUID | None,
    ) -> int:
        filling = await self._filling(tx, session_id)
        return await tx.queue_fill.fill_named(
            property_ids, filling, priority=priority, reason=reason
        )

    async def _filling(self, tx: UnitOfWork, session_id: UUID | None) -> Filling:
        run_id = await tx.runs.of_session(session_id)
        return Filling.of(self.config, run_id, now=self.clock.now())

    # --- workers ---

    @in_transaction
    async def claim_next_batch(
        self,
        tx: UnitOfWork,
        batch_size: int,
        worker_id: str,
        *,
        lease_token: UUID,
        session_id: UUID | None = None,
        verification: bool = False,
    ) -> list[QueuedProperty]:
        """Leases up to `batch_size` of the most urgent rows, after taking lapsed leases back.

        Args:
            verification: lease verifications, and nothing else.
        """
        now = self.clock.now()
        await tx.queue.reclaim_expired(max_attempts=self.config.queue_max_attempts, now=now)
        return await tx.queue.claim(
            batch_size=batch_size,
            worker_id=worker_id,
            session_id=session_id,
            lease_token=lease_token,
            lease=self._lease,
            now=now,
            verification=verification,
        )

    @in_transaction
    async def mark_completed(
        self,
        tx: UnitOfWork,
        property_id: str,
        success: bool,
        error: str | None = None,
        *,
        lease_token: UUID,
    ) -> bool:
        """Finishes the row that a worker holds for a record; a failure may be tried again.

        Returns:
            False when the lease had lapsed: the row is somebody else's.
        """
        now = self.clock.now()
        held = await tx.queue.lock_held(property_id, lease_token, now=now)
        if held is None:
            return False
        ending = Ending.DONE if success else Ending.AGAIN
        result = ScrapeResult(queued=held, error=error, ending=ending)
        await tx.queue.finish([result], self.config, now=now)
        return True

    @in_transaction
    async def extend_leases(self, tx: UnitOfWork, lease_token: UUID) -> int:
        """A worker's heartbeat; returns how many rows it holds."""
        return await tx.queue.extend_leases(lease_token, until=self.clock.now() + self._lease)

    @in_transaction
    async def reclaim_expired(self, tx: UnitOfWork) -> int:
        """Takes rows back whose workers were not heard of."""
        return await tx.queue.reclaim_expired(
            max_attempts=self.config.queue_max_attempts, now=self.clock.now()
        )

    async def cleanup_old_queue_entries(self, days: float) -> int:
        """Deletes completed and cancelled rows that ended longer ago; returns their number."""
        return await self.delete_in_chunks(lambda tx: tx.queue_rows.clean_up, days)

    @in_transaction
    async def get_queue_stats(self, tx: UnitOfWork) -> QueueStats:
        """The queue at a glance."""
        return await tx.queue_rows.stats(now=self.clock.now())


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
        if target is None or (target.rests_until or now) > now:
            return Wanted()
        due, filling = _due_by(now, target), Filling.of(self.config, run_id, now=now)
        budget = await self.budget_left(tx) if due.stale or due.sample else 0
        if not await self._is_worth_it(tx, min(due.stale + due.sample, budget)):
            return Wanted()
        stale = sample = Drawn()
        if (wanted := min(due.stale, budget)) > 0:
            stale = await tx.queue_fill.fill_stale(
                wanted,
                filling,
                await _lessons(tx, now),
                stale_before=self._stale_before(),
                told_before=now - _TOLD_AFTER,
                max_age_days=self.config.max_age_days,
            )
        if (wanted := min(due.sample, budget - stale.queued)) > 0:
            sample = await tx.queue_fill.fill_sample(
                wanted, filling, seed=target.month.isoformat(), drawn_since=target.set_at
            )
        queued = Wanted(stale=stale.queued, sample=sample.queued)
        await tx.freshness.count_queued(queued)
        if stale.came_short or sample.came_short:
            await tx.freshness.rest(now + _REST)
        return queued

    async def _is_worth_it(self, tx: UnitOfWork, wanted: int) -> bool:
        """To find what is worth most takes a look at all that is old: for little it is put off."""
        ceiling = self.config.queue_max_pending
        room = await tx.queue_fill.room_for_refresh(ceiling) if wanted > 0 else 0
        return 0 < wanted <= room or room > _LEAST_ROOM * ceiling

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


async def _lessons(tx: UnitOfWork, now: datetime) -> Lessons:
    """What cards' signals are worth by the samples of the last months: the site changes too."""
    return await tx.freshness.lessons(since=(now - _LESSONS_STAND).date())


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
