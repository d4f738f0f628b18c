"""One tier runner at a time, whichever machine cron started it on."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import LockedError

_NAME = "tier_runner"
# Longer than any tick takes; a runner that was killed holds the others up no longer than this.
_LEASE = timedelta(minutes=2)


class RunLock:
    """A row with an end: it works through a pooler, and a crash cannot leave it behind."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._token = uuid4()
        self._owner = f"{socket.gethostname()}:{os.getpid()}"

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Holds the lock for the block.

        Raises:
            LockedError: when another runner holds it.
        """
        async with self._db.transaction() as tx:
            acquired = await tx.locks.acquire(
                _NAME, token=self._token, owner=self._owner, lease=_LEASE, now=self._clock.now()
            )
            owner = None if acquired else await tx.locks.owner(_NAME)
        if not acquired:
            raise LockedError(f"another tier runner is at work ({owner}); it goes on by itself")
        try:
            yield
        finally:
            async with self._db.transaction() as tx:
                await tx.locks.release(_NAME, token=self._token)
