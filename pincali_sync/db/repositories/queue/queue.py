"""The priority queue of detail pages: `scrape_queue`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.queue import queue_sql as sql


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

    @classmethod
    def without_row(
        cls, property_id: str, source_url: str, public_id: str | None
    ) -> QueuedProperty:
        """A page that is looked at although nobody queued it."""
        return cls(
            id="",
            property_id=property_id,
            source_url=source_url,
            priority=3,
            queue_reason="verification",
            public_id=public_id,
            attempt_count=1,
            lease_token=UUID(int=0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOutcome:
    """How one leased row ended."""

    id: str
    succeeded: bool
    error: str | None = None
    retry: bool = True  # False: trying again would not help
    is_gone: bool = False  # the page is not there: no failure, and no success


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
    open_verifications: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One row of the queue, as a person sees it."""

    property_id: str
    source_url: str
    priority: int
    queue_reason: str | None
    status: str
    queued_at: datetime
    completed_at: datetime | None
    attempt_count: int
    last_error: str | None
    worker_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A page that was set aside after its attempts."""

    property_id: str
    source_url: str
    queue_reason: str | None
    attempt_count: int
    last_error: str | None
    completed_at: datetime | None


class QueueRepository(Repository):
    """SQL of the queue. Every time is an argument."""

    async def claim(
        self,
        *,
        batch_size: int,
        worker_id: str,
        session_id: UUID | None,
        lease_token: UUID,
        lease: timedelta,
        now: datetime,
        verification: bool = False,
    ) -> list[QueuedProperty]:
        """Leases the most urgent rows that no other worker holds, in the order to fetch them.

        Verifications are another spider's work: they are leased only when asked for, alone.
        """
        result = await self._run(
            sql.CLAIM,
            batch_size=batch_size,
            worker_id=worker_id,
            session_id=session_id,
            lease_token=lease_token,
            lease_expires_at=now + lease,
            verification=verification,
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
        await self._run_each(
            sql.FINISH,
            [
                {
                    "id": UUID(outcome.id),
                    "succeeded": outcome.succeeded,
                    "error": outcome.error,
                    "may_retry": outcome.retry,
                    "is_gone": outcome.is_gone,
                    "max_attempts": max_attempts,
                    "retry_after": retry_after,
                    "now": now,
                }
                for outcome in sorted(outcomes, key=lambda outcome: outcome.id)
            ],
        )

    async def forget_gone(self, ids: Sequence[str]) -> None:
        """The manifest no longer wants these fetched, until they are seen again."""
        if ids:
            await self._run(sql.FORGET_GONE, ids=[UUID(each) for each in ids])

    async def extend_leases(self, lease_token: UUID, *, lease: timedelta, now: datetime) -> int:
        """A worker's heartbeat for all rows it holds; returns how many those are."""
        result = await self._run(
            sql.EXTEND_LEASES, lease_token=lease_token, lease_expires_at=now + lease
        )
        return int(result.rowcount)

    async def release(self, lease_token: UUID) -> int:
        """Gives back rows that a worker leased and did not start; no attempt is counted."""
        result = await self._run(sql.RELEASE, lease_token=lease_token)
        return int(result.rowcount)

    async def reclaim_expired(self, *, max_attempts: int, now: datetime) -> int:
        """Takes rows back from workers that were not heard of; returns their number."""
        result = await self._run(sql.RECLAIM_EXPIRED, max_attempts=max_attempts, now=now)
        return int(result.rowcount)

    async def claimable(self, *, now: datetime, verification: bool = False) -> int:
        """How many rows a worker could lease right now."""
        result = await self._run(sql.CLAIMABLE, now=now, verification=verification)
        return int(result.scalar_one())

    async def open_verifications(self) -> int:
        """How many missing listings wait to be looked at, or are being looked at."""
        return int(await self._scalar(sql.OPEN_VERIFICATIONS))

    async def held_row(self, property_id: str, lease_token: UUID) -> str | None:
        """The id of the row that a worker holds for a record."""
        result = await self._run(sql.HELD_ROW, property_id=property_id, lease_token=lease_token)
        row_id = result.scalar_one_or_none()
        return None if row_id is None else str(row_id)

    async def retry(self, property_id: str | None, *, now: datetime) -> int:
        """Gives set-aside pages (one record's, or all) a new start; returns their number."""
        return await self._count(sql.RETRY, property_id=property_id, now=now)

    async def cancel(self, property_id: str, *, reason: str, now: datetime) -> int:
        """Takes a record's waiting and set-aside rows out of the queue."""
        return await self._count(sql.CANCEL, property_id=property_id, reason=reason, now=now)

    async def dead_letters(self, *, limit: int) -> list[DeadLetter]:
        """Pages that were set aside, the latest first."""
        return await self._all(DeadLetter, sql.DEAD_LETTERS, limit=limit)

    async def of_property(self, property_id: str, *, limit: int) -> list[QueueRow]:
        """A record's rows, the latest first."""
        return await self._all(QueueRow, sql.OF_PROPERTY, property_id=property_id, limit=limit)

    async def clean_up(self, *, before: datetime) -> int:
        """Deletes completed and cancelled rows that ended before a time."""
        return int(await self._scalar(sql.CLEAN_UP, before=before))

    async def fetched_since(self, since: datetime) -> int:
        """Pages fetched since a time, whatever came of them."""
        return int(await self._scalar(sql.COMPLETED_SINCE, since=since))

    async def open_refreshes(self) -> int:
        """Open rows of stale records and samples."""
        return int(await self._scalar(sql.OPEN_REFRESHES))

    async def of_run(self, run_id: UUID) -> RunQueueCounts:
        """The rows that one run queued."""
        row = (await self._run(sql.COUNT_OF_RUN, run_id=run_id)).one()
        return RunQueueCounts(
            queued=row.queued,
            open=row.open,
            completed=row.completed,
            failed=row.failed,
            open_verifications=row.open_verifications,
        )

    async def stats(self, *, now: datetime) -> QueueStats:
        """Counts by status, priority and reason."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        counts = (await self._run(sql.COUNT_BY_STATUS, midnight=midnight)).one()
        priorities = (await self._run(sql.COUNT_BY_PRIORITY)).all()
        reasons = (await self._run(sql.COUNT_BY_REASON)).all()
        return QueueStats(
            pending_count=counts.pending,
            in_progress_count=counts.in_progress,
            completed_today=counts.completed_today,
            failed_today=counts.failed_today,
            failed_count=counts.failed,
            by_priority={row.priority: row.rows for row in priorities},
            by_reason={row.queue_reason: row.rows for row in reasons},
        )
