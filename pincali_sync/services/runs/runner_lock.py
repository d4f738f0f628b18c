"""One tier runner at a time, whichever machine cron started it on."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import LockedError
from pincali_sync.repeating import Repeating, Sleep

_LOCK = "tier_runner"
# Within a lease, so that one that is late costs nothing.
_RENEWALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerLock:
    """The lock, held: a row with an end that moves on for as long as the work takes."""

    db: Database
    clock: Clock
    lease: timedelta
    token: UUID = field(default_factory=uuid4)

    async def take(self) -> None:
        """Raises:
        LockedError: when another runner holds it.
        """
        owner = f"{socket.gethostname()}:{os.getpid()}"
        async with self.db.transaction() as tx:
            acquired = await tx.locks.acquire(
                _LOCK, token=self.token, owner=owner, lease=self.lease, now=self.clock.now()
            )
            holder = None if acquired else await tx.locks.owner(_LOCK)
        if not acquired:
            raise LockedError(f"another tier runner is at work ({holder}); it goes on by itself")

    async def assert_held(self) -> None:
        """Makes sure, before a step, that nobody took the lock meanwhile; renews it.

        A machine that stood still longer than the lease finds out here.

        Raises:
            LockedError: when another runner took it.
        """
        if not await self._extend():
            raise LockedError("another tier runner took over while this one stood still")

    def renewing(self, sleep: Sleep) -> Repeating:
        """Renews the lock until it is lost or this is stopped. A step meets what lasts, too."""
        every = self.lease.total_seconds() / _RENEWALS
        return Repeating(
            self._extend,
            every=every,
            patience=every,
            failing="the runner's lock could not be renewed",
            mended="the runner's lock is renewed again",
            sleep=sleep,
        )

    async def _extend(self) -> bool:
        async with self.db.transaction() as tx:
            return await tx.locks.extend(
                _LOCK, token=self.token, lease=self.lease, now=self.clock.now()
            )


@asynccontextmanager
async def runner_lock(
    db: Database, clock: Clock, silence_seconds: float, *, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[RunnerLock]:
    """Takes the lock, keeps it for as long as the block takes, and gives it back.

    A row with an end: it works through a pooler, and a crash cannot leave it behind.

    Args:
        silence_seconds: so long a runner that was killed holds the others up.

    Raises:
        LockedError: when another runner holds it.
    """
    lock = RunnerLock(db=db, clock=clock, lease=timedelta(seconds=silence_seconds))
    try:
        await lock.take()
        renewing = lock.renewing(sleep)
        renewing.start()
        try:
            yield lock
        finally:
            await renewing.stop()
    finally:  # also for whoever is told to end, or loses the connection, while taking it
        await db.run(lambda tx: tx.locks.release(_LOCK, token=lock.token))
