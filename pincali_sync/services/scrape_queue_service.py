"""The queue of detail pages: who may fetch which page, for how long, and how it ended."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue import QueuedProperty, QueueStats
from pincali_sync.db.unit_of_work import UnitOfWork

__all__ = ["QueueStats", "QueuedProperty", "ScrapeQueueService"]


class ScrapeQueueService:
    """Leases rows to workers. A worker is known by its lease token; a lost one's rows return."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        lease: timedelta,
        max_attempts: int,
        max_pending: int,
    ) -> None:
        self._db = db
        self._clock = clock
        self._lease = lease
        self._max_attempts = max_attempts
        self._max_pending = max_pending

    async def claim_next_batch(
        self, batch_size: int, worker_id: str, *, lease_token: UUID, session_id: UUID | None = None
    ) -> list[QueuedProperty]:
        """Leases up to `batch_size` of the most urgent rows, after taking lapsed leases back."""

        async def work(tx: UnitOfWork) -> list[QueuedProperty]:
            now = self._clock.now()
            await tx.queue.reclaim_expired(max_attempts=self._max_attempts, now=now)
            return await tx.queue.claim(
                batch_size=batch_size,
                worker_id=worker_id,
                session_id=session_id,
                lease_token=lease_token,
                lease=self._lease,
                now=now,
            )

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
                max_attempts=self._max_attempts, now=self._clock.now()
            )

        return await self._db.run(work)

    async def top_up(self, run_id: UUID | None = None) -> int:
        """Queues flagged listings that did not fit before; returns their number."""

        async def work(tx: UnitOfWork) -> int:
            return await tx.queue.fill_from_manifest(
                run_id=run_id, max_pending=self._max_pending, now=self._clock.now()
            )

        return await self._db.run(work)

    async def get_queue_stats(self) -> QueueStats:
        """The queue at a glance."""
        async with self._db.transaction() as tx:
            return await tx.queue.stats(now=self._clock.now())
