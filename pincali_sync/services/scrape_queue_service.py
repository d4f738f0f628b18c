"""The queue of detail pages: what is fetched next, by whom, for how long, and how it ended.

Draining it is a standing service with a daily budget, not the property of a run: tier 4 sets what
the month wants visited, and every tick adds the part that is due by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.db.repositories.queue import claims
from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.repositories.queue.queue_rows import QueueStats
from pincali_sync.db.repositories.scan.manifest import PropertyPriceChange
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.items import Ending, QueuedProperty, ScrapeResult
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.refresh_service import lessons_at, near_the_ceiling

__all__ = ["QueueStats", "QueuedProperty", "ScrapeQueueService"]

# Chunks of a caller's list: bounds the statement and its transaction.
_CHUNK = 5_000


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
        return await tx.queue_fill.fill_stale(
            limit,
            await self._filling(tx, session_id),
            await lessons_at(tx, self.clock.now()),
            stale_before=moment,
            told_before=moment,
            max_age_days=near_the_ceiling(self.config),
        )

    @in_transaction
    async def queue_random_sample(
        self, tx: UnitOfWork, sample_size: int, session_id: UUID | None = None
    ) -> int:
        """Queues a fair draw of records that are there; the same session draws the same ones."""
        now = self.clock.now()
        return await tx.queue_fill.fill_sample(
            sample_size,
            await self._filling(tx, session_id),
            seed=str(session_id or now.date()),
            drawn_since=now,
        )

    @in_transaction
    async def queue_verifications(
        self, tx: UnitOfWork, session_id: UUID, *, is_daily: bool = False
    ) -> int:
        """Queues what a certified scan missed twice, for a daily one also what others did and is
        due; returns how many found no place yet."""
        began = await tx.sessions.began(session_id)
        assert began is not None
        filling = await self._filling(tx, session_id)
        return await tx.queue_fill.fill_missing(session_id, filling, began=began, is_daily=is_daily)

    @in_transaction
    async def missing_outside(
        self, tx: UnitOfWork, session_id: UUID, *, is_daily: bool = False
    ) -> int:
        """How many missing listings are due to be looked at and have no place in the queue."""
        began = await tx.sessions.began(session_id)
        assert began is not None
        return await tx.queue_fill.missing_outside(
            session_id, began=began, is_daily=is_daily, now=self.clock.now()
        )

    async def top_up(self) -> int:
        """Queues flagged listings that wait outside, newest first, some hundred a transaction, each
        for the open run that saw it, if any did; returns their number."""
        queued, filling = 0, Filling.of(self.config, None, now=self.clock.now())
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

    async def claim_next_batch(
        self,
        batch_size: int,
        worker_id: str,
        *,
        lease_token: UUID,
        session_id: UUID | None = None,
        verification: bool = False,
    ) -> list[QueuedProperty]:
        """Leases up to `batch_size` of the most urgent rows; where there are fewer, also of those
        whose leases lapsed, which ticks take back otherwise.

        Args:
            verification: lease verifications, and nothing else.
        """

        async def claim(size: int) -> list[QueuedProperty]:
            now = self.clock.now()
            return await self.db.run_statement(
                lambda driver: claims.claim(
                    driver,
                    batch_size=size,
                    worker_id=worker_id,
                    session_id=session_id,
                    lease_token=lease_token,
                    lease=self._lease,
                    now=now,
                    verification=verification,
                )
            )

        claimed = await claim(batch_size)
        if len(claimed) < batch_size and await self.reclaim_expired():
            claimed += await claim(batch_size - len(claimed))
        return claimed

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
        now = self.clock.now()
        await tx.queue.shorten_leases(now=now, lease=self._lease)
        return await tx.queue.reclaim_expired(max_attempts=self.config.queue_max_attempts, now=now)

    @in_transaction
    async def end_rests_of_the_future(self, tx: UnitOfWork) -> None:
        """Lets rows be leased that wait only because the clock was set back."""
        await tx.queue.end_rests_of_the_future(now=self.clock.now(), config=self.config)

    async def cleanup_old_queue_entries(self, days: float) -> int:
        """Deletes completed and cancelled rows that ended longer ago; returns their number."""
        return await self.delete_in_chunks(lambda tx: tx.queue_rows.clean_up, days)

    @in_transaction
    async def get_queue_stats(self, tx: UnitOfWork) -> QueueStats:
        """The queue at a glance."""
        return await tx.queue_rows.stats(now=self.clock.now().astimezone(self.config.display_zone))
