"""Rows of the queue are leased by a function of the database (migrations 0018, 0026), asked by the
driver itself: it is asked for every page or few, so that SQLAlchemy's share would be felt."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from pincali_sync.items import QueuedProperty

_CLAIM = b"SELECT * FROM claim_queued(%s, %s, %s, %s, %s, %s, %s)"


async def claim(
    driver: psycopg.AsyncConnection[Any],
    *,
    batch_size: int,
    worker_id: str,
    session_id: UUID | None,
    lease_token: UUID,
    lease: timedelta,
    now: datetime,
    verification: bool = False,
) -> list[QueuedProperty]:
    """Leases the most urgent rows that no other worker holds, at most a thousand, in the order to
    fetch them.

    Verifications are another spider's work: they are leased only when asked for, alone.
    """
    asked = (batch_size, verification, now, now + lease, worker_id, session_id, lease_token)
    # Binary values are the same whatever forms the database or role has set.
    async with driver.cursor(row_factory=class_row(QueuedProperty), binary=True) as cursor:
        await cursor.execute(_CLAIM, asked)
        claimed = await cursor.fetchall()
    # UPDATE … RETURNING promises no order.
    return sorted(claimed, key=attrgetter("priority", "queued_at"))
