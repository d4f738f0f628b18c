"""The queue of detail pages: what is fetched next, by whom, for how long, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue.queue import QueuedProperty, QueueOutcome, QueueStats
from pincali_sync.db.repositories.scan.diff import PropertyPriceChange
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.services.data_sync_service import QueuePolicy

__all__ = ["QueueStats", "QueuedProperty", "ScrapeQueueService"]

# Chunks of a caller's list: bounds the statement and the time the fill lock is held.
_CHUNK = 5_000


class ScrapeQueueService:
    """Leases rows to workers. A worker is known by its lease token; a lost one's rows return."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        lease: timedelta,
        policy: QueuePolicy,
        max_pending: int,
        max_age: timedelta,
    ) -> None:
        self._db = db
        self._clock = clock
        self._lease = lease
        self._policy = policy
        self._max_pending = max_pending
        self._max_age = max_age

    # --- what is fetched next ---

    async def queue_new_properties(
        self, property_ids: Sequence[str], session_id: UUID | None = None
    ) -> int:
        """Queues listings that are not live yet, first of all; returns how many rows are new."""
        return await self._fill(property_ids, 1, "new_property", session_id)

    async def queue_price_changes(
        self, changes: Sequence[PropertyPriceChange], session_id: UUID | None = None
    ) -> int:
        """Queues listings whose price changed; returns how many rows are new."""
        ids = [change.property_id for change in changes]
        return await self._fill(ids, 2, "price_change", session_id)

    async def queue_stale_properties(
        self, days_threshold: float, limit: int, session_id: UUID | None = None
    ) -> int:
        """Queues up to `limit` records not visited for so many days, by crawl value."""

        before = self._clock.now() - timedelta(days=days_threshold)
        return await self.queue_unvisited_since(before, limit, session_id)

    async def queue_unvisited_since(
        self, moment: datetime, limit: int, session_id: UUID | None = None
    ) -> int:
        """Queues up to `limit` records not visited since a moment, by crawl value."""

        async def work(tx: UnitOfWork) -> int:
            now = self._clock.now()
            return await tx.queue_fill.fill_stale(
                stale_before=moment,
                max_age_days=self._max_age / timedelta(days=1),
                wanted=limit,
                run_id=await tx.runs.of_session(session_id),
                max_pending=self._max_pending,
                now=now,
            )

        return await self._db.run(work)

    async def queue_random_sample(self, sample_size: int, session_id: UUID | None = None) -> int:
        """Queues a fair draw of records that are there; the same session draws the same ones."""

        async def work(tx: UnitOfWork) -> int:
            now = self._clock.now()
            return await tx.queue_fill.fill_sample(
                seed=str(session_id or now.date()),
                drawn_since=now,
                wanted=sample_size,
                run_id=await tx.runs.of_session(session_id),
                max_pending=self._max_pending,
                now=now,
            )

        return await self._db.run(work)

    async def queue_verifications(self, session_id: UUID) -> int:
        """Queues what a certified scan missed twice; returns how many found no place yet."""

        async def work(tx: UnitOfWork) -> int:
            began = await tx.sessions.started_at(session_id)
            assert began is not None
            return await tx.queue_fill.fill_missing(
                session_id,
                began=began,
                run_id=await tx.runs.of_session(session_id),
                max_pending=self._max_pending,
                now=self._clock.now(),
            )

        return await self._db.run(work)

    async def top_up(self, run_id: UUID | None = None) -> int:
        """Queues flagged listings that did not fit before; returns their number."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue_fill.fill_from_manifest(
                run_id=run_id, max_pending=self._max_pending, now=self._clock.now()
            )

        return await self._db.run(work)

    async def _fill(
        self, property_ids: Sequence[str], priority: int, reason: str, session_id: UUID | None
    ) -> int:
        added = 0
        for start in range(0, len(property_ids), _CHUNK):
            chunk = property_ids[start : start + _CHUNK]

            async def work(tx: UnitOfWork, chunk: Sequence[str] = chunk) -> int:
                return await tx.queue_fill.fill_named(
                    chunk,
                    priority=priority,
                    reason=reason,
                    run_id=await tx.runs.of_session(session_id),
                    max_pending=self._max_pending,
                    now=self._clock.now(),
                )

            added += await self._db.run(work)
        return added

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
        """Leases up to `batch_size` of the most urgent rows, after taking lapsed leases back.

        Args:
            verification: lease verifications, and nothing else.
        """

        async def work(tx: UnitOfWork) -> list[QueuedProperty]:
            now = self._clock.now()
            await tx.queue.reclaim_expired(max_attempts=self._policy.max_attempts, now=now)
            return await tx.queue.claim(
                batch_size=batch_size,
                worker_id=worker_id,
                session_id=session_id,
                lease_token=lease_token,
                lease=self._lease,
                now=now,
                verification=verification,
            )

        return await self._db.run(work)

    async def mark_completed(
        self, property_id: str, success: bool, error: str | None = None, *, lease_token: UUID
    ) -> bool:
        """Finishes the row that a worker holds for a record; a failure may be tried again.

        Returns:
            False when the lease had lapsed: the row is somebody else's.
        """

        async def work(tx: UnitOfWork) -> bool:
            row_id = await tx.queue.held_row(property_id, lease_token)
            if row_id is None or not await tx.scrapes.lock_leased([row_id], lease_token):
                return False
            await tx.queue.finish(
                [QueueOutcome(id=row_id, succeeded=success, error=error)],
                max_attempts=self._policy.max_attempts,
                retry_after=self._policy.retry_after,
                now=self._clock.now(),
            )
            return True

        return await self._db.run(work)

    async def extend_leases(self, lease_token: UUID) -> int:
        """A worker's heartbeat; returns how many rows it holds."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue.extend_leases(
                lease_token, lease=self._lease, now=self._clock.now()
            )

        return await self._db.run(work)

    async def release(self, lease_token: UUID) -> int:
        """Gives back what a worker leased and did not fetch."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue.release(lease_token)

        return await self._db.run(work)

    async def reclaim_expired(self) -> int:
        """Takes rows back whose workers were not heard of."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue.reclaim_expired(
                max_attempts=self._policy.max_attempts, now=self._clock.now()
            )

        return await self._db.run(work)

    # --- what a person does, and what is read ---

    async def retry(self, property_id: str | None = None) -> int:
        """Gives pages that were set aside (one record's, or all) a new start."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue.retry(property_id, now=self._clock.now())

        return await self._db.run(work)

    async def cancel(self, property_id: str, *, reason: str) -> int:
        """Takes a record's waiting and set-aside rows out; a page under way is finished."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue.cancel(property_id, reason=reason, now=self._clock.now())

        return await self._db.run(work)

    async def cleanup_old_queue_entries(self, days: float) -> int:
        """Deletes completed and cancelled rows that ended longer ago; returns their number."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue.clean_up(before=self._clock.now() - timedelta(days=days))

        return await self._db.run(work)

    async def get_queue_stats(self) -> QueueStats:
        """The queue at a glance."""
        async with self._db.transaction() as tx:
            return await tx.queue.stats(now=self._clock.now())
