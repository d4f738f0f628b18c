"""Filling `scrape_queue`: one open row a record, the best reason wins, never past the ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.queue import queue_fill_sql as sql
from pincali_sync.db.repositories.queue.freshness_sql import COUNT_QUEUED


class QueueFillRepository(Repository):
    """SQL that adds rows. What finds no place stays where it waits, and is taken up later."""

    async def fill_from_batch(self, *, run_id: UUID | None, max_pending: int, now: datetime) -> int:
        """Queues what the transaction's `batch` found; returns the number of new rows.

        What does not fit under the ceiling stays outside with `needs_full_scrape` set.
        """
        await self._run(sql.LOCK_FILL)
        await self._run(sql.RAISE_FROM_BATCH, run_id=run_id)
        await self._make_room(sql.ROOM_FOR_BATCH, max_pending=max_pending)
        return await self._fill(
            sql.FILL_FROM_BATCH, run_id=run_id, max_pending=max_pending, now=now
        )

    async def fill_named(
        self,
        property_ids: Sequence[str],
        *,
        priority: int,
        reason: str,
        run_id: UUID | None,
        max_pending: int,
        now: datetime,
    ) -> int:
        """Queues these records for one reason; unknown ones are passed over."""
        named = {"property_ids": list(property_ids), "priority": priority, "reason": reason}
        await self._run(sql.LOCK_FILL)
        await self._run(sql.RAISE_NAMED, run_id=run_id, **named)
        await self._make_room(sql.ROOM_FOR_NAMED, max_pending=max_pending, **named)
        return await self._fill(
            sql.FILL_NAMED, run_id=run_id, max_pending=max_pending, now=now, **named
        )

    async def fill_from_manifest(
        self, *, run_id: UUID | None, max_pending: int, now: datetime
    ) -> int:
        """Queues flagged manifest rows that waited outside, newest first; returns their number."""
        await self._run(sql.LOCK_FILL)
        return await self._fill(
            sql.FILL_FROM_MANIFEST, run_id=run_id, max_pending=max_pending, now=now
        )

    async def fill_missing(
        self,
        session_id: UUID,
        *,
        began: datetime,
        run_id: UUID | None,
        max_pending: int,
        now: datetime,
    ) -> int:
        """Queues the verification of what a scan missed; returns how many found no place."""
        missing = {"session_id": session_id, "began": began}
        await self._run(sql.LOCK_FILL)
        await self._run(sql.RAISE_MISSING, run_id=run_id, **missing)
        await self._make_room(sql.ROOM_FOR_MISSING, max_pending=max_pending, **missing)
        await self._fill(
            sql.FILL_MISSING, run_id=run_id, max_pending=max_pending, now=now, **missing
        )
        return int(await self._scalar(sql.COUNT_MISSING_OUTSIDE, **missing))

    async def fill_stale(
        self,
        *,
        stale_before: datetime,
        max_age_days: float,
        wanted: int,
        run_id: UUID | None,
        max_pending: int,
        now: datetime,
    ) -> int:
        """Queues the stale records whose visits are worth most; returns their number."""
        await self._run(sql.LOCK_FILL)
        return await self._fill(
            sql.FILL_STALE,
            stale_before=stale_before,
            max_age_days=max_age_days,
            wanted=wanted,
            run_id=run_id,
            max_pending=max_pending,
            now=now,
        )

    async def fill_sample(
        self,
        *,
        seed: str,
        drawn_since: datetime,
        wanted: int,
        run_id: UUID | None,
        max_pending: int,
        now: datetime,
    ) -> int:
        """Queues a fair draw of records not queued since a time; returns their number."""
        await self._run(sql.LOCK_FILL)
        return await self._fill(
            sql.FILL_SAMPLE,
            seed=seed,
            drawn_since=drawn_since,
            wanted=wanted,
            run_id=run_id,
            max_pending=max_pending,
            now=now,
        )

    async def _fill(self, statement: str, **parameters: Any) -> int:
        return await self._count(statement, **parameters)

    async def _make_room(self, statement: str, **parameters: Any) -> None:
        """Moves rows outside, and takes back that the month's target counted them."""
        moved = [row.queue_reason for row in await self._run(statement, **parameters)]
        stale, sample = moved.count("stale_data"), moved.count("random_sample")
        if stale or sample:
            await self._run(COUNT_QUEUED, stale=-stale, sample=-sample)
