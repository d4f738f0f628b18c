"""The priority queue of detail pages: `scrape_queue`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.queue_sql import (
    CLAIM,
    CLAIMABLE,
    COUNT_BY_PRIORITY,
    COUNT_BY_REASON,
    COUNT_BY_STATUS,
    COUNT_OF_RUN,
    EXTEND_LEASES,
    FILL_FROM_BATCH,
    FILL_FROM_MANIFEST,
    FINISH,
    LOCK_FILL,
    RAISE_FROM_BATCH,
    RECLAIM_EXPIRED,
    RELEASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedProperty:
    """One detail page to fetch, leased to one worker."""

    id: str
    property_id: str
    source_url: str
    priority: int
    queue_reason: str
    public_id: str | None  # what the page must show, where it is known
    attempt_count: int  # this attempt included
    lease_token: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOutcome:
    """How one leased row ended."""

    id: str
    succeeded: bool
    error: str | None = None
    retry: bool = True  # False: trying again would not help


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """The queue at a glance; "today" is the UTC day of the time asked for."""

    pending_count: int
    in_progress_count: int
    completed_today: int
    failed_today: int
    failed_count: int  # set aside after their attempts: see them with `queue-stats`
    by_priority: dict[int, int]  # open rows
    by_reason: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQueueCounts:
    """The rows that one run queued, by how they stand."""

    queued: int
    open: int
    completed: int
    failed: int


class QueueRepository:
    """SQL of the queue. Every time is an argument."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def fill_from_batch(self, *, run_id: UUID | None, max_pending: int, now: datetime) -> int:
        """Queues what the transaction's `batch` found; returns the number of new rows.

        What does not fit under the ceiling stays outside with `needs_full_scrape` set.
        """
        await self._run(LOCK_FILL)
        await self._run(RAISE_FROM_BATCH)
        result = await self._run(FILL_FROM_BATCH, run_id=run_id, max_pending=max_pending, now=now)
        return int(result.rowcount)

    async def fill_from_manifest(
        self, *, run_id: UUID | None, max_pending: int, now: datetime
    ) -> int:
        """Queues flagged manifest rows that waited outside, newest first; returns their number."""
        await self._run(LOCK_FILL)
        result = await self._run(
            FILL_FROM_MANIFEST, run_id=run_id, max_pending=max_pending, now=now
        )
        return int(result.rowcount)

    async def claim(
        self,
        *,
        batch_size: int,
        worker_id: str,
        session_id: UUID | None,
        lease_token: UUID,
        lease: timedelta,
        now: datetime,
    ) -> list[QueuedProperty]:
        """Leases the most urgent rows that no other worker holds, in the order to fetch them."""
        result = await self._run(
            CLAIM,
            batch_size=batch_size,
            worker_id=worker_id,
            session_id=session_id,
            lease_token=lease_token,
            lease_expires_at=now + lease,
            now=now,
        )
        # UPDATE … RETURNING promises no order.
        rows = sorted(result.mappings(), key=lambda row: (row["priority"], row["queued_at"]))
        return [
            QueuedProperty(
                id=str(row["id"]),
                property_id=row["property_id"],
                source_url=row["source_url"],
                priority=row["priority"],
                queue_reason=row["queue_reason"],
                public_id=row["public_id"],
                attempt_count=row["attempt_count"],
                lease_token=lease_token,
            )
            for row in rows
        ]

    async def finish(
        self,
        outcomes: Sequence[QueueOutcome],
        *,
        max_attempts: int,
        retry_after: timedelta,
        now: datetime,
    ) -> None:
        """Completes rows, or sends them back for a later attempt, or sets them aside.

        The rows must be locked by `ScrapeRepository.lock_leased` in this transaction.
        """
        if not outcomes:
            return
        await self._connection.execute(
            text(FINISH),
            [
                {
                    "id": UUID(outcome.id),
                    "succeeded": outcome.succeeded,
                    "error": outcome.error,
                    "may_retry": outcome.retry,
                    "max_attempts": max_attempts,
                    "retry_after": retry_after,
                    "now": now,
                }
                for outcome in sorted(outcomes, key=lambda outcome: outcome.id)
            ],
        )

    async def extend_leases(self, lease_token: UUID, *, lease: timedelta, now: datetime) -> int:
        """A worker's heartbeat for all rows it holds; returns how many those are."""
        result = await self._run(
            EXTEND_LEASES, lease_token=lease_token, lease_expires_at=now + lease
        )
        return int(result.rowcount)

    async def release(self, lease_token: UUID) -> int:
        """Gives back rows that a worker leased and did not start; no attempt is counted."""
        result = await self._run(RELEASE, lease_token=lease_token)
        return int(result.rowcount)

    async def reclaim_expired(self, *, max_attempts: int, now: datetime) -> int:
        """Takes rows back from workers that were not heard of; returns their number."""
        result = await self._run(RECLAIM_EXPIRED, max_attempts=max_attempts, now=now)
        return int(result.rowcount)

    async def claimable(self, *, now: datetime) -> int:
        """How many rows a worker could lease right now."""
        return int((await self._run(CLAIMABLE, now=now)).scalar_one())

    async def of_run(self, run_id: UUID) -> RunQueueCounts:
        """The rows that one run queued."""
        row = (await self._run(COUNT_OF_RUN, run_id=run_id)).one()
        return RunQueueCounts(
            queued=row.queued, open=row.open, completed=row.completed, failed=row.failed
        )

    async def stats(self, *, now: datetime) -> QueueStats:
        """Counts by status, priority and reason."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        counts = (await self._run(COUNT_BY_STATUS, midnight=midnight)).one()
        priorities = (await self._run(COUNT_BY_PRIORITY)).all()
        reasons = (await self._run(COUNT_BY_REASON)).all()
        return QueueStats(
            pending_count=counts.pending,
            in_progress_count=counts.in_progress,
            completed_today=counts.completed_today,
            failed_today=counts.failed_today,
            failed_count=counts.failed,
            by_priority={row.priority: row.rows for row in priorities},
            by_reason={row.queue_reason: row.rows for row in reasons},
        )

    async def _run(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.execute(text(statement), parameters)
