"""The figures of the present, read in the background so that no request waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from pincali_sync.clock import Clock
from pincali_sync.repeating import Repeating, Sleep
from pincali_sync.services.insights.snapshot import Snapshot

INTERVAL_SECONDS = 30.0
# Older figures are not shown: they would be false by now.
OLDEST = timedelta(seconds=60)
# A server that takes longer to answer is as good as down.
_PATIENCE_SECONDS = 60.0


class SnapshotKeeper:
    """Keeps the last snapshot, and reads another every so often."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Snapshot]],
        clock: Clock,
        *,
        interval: float = INTERVAL_SECONDS,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._read = read
        self._clock = clock
        self._last: Snapshot | None = None
        self._first_read = asyncio.Event()
        self._reading = Repeating(
            self._replace,
            every=interval,
            patience=_PATIENCE_SECONDS,
            failing="the figures cannot be read",
            mended="the figures can be read again",
            sleep=sleep,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Reads in the background until the end of the block."""
        self._reading.start(at_once=True)
        try:
            yield
        finally:
            await self._reading.stop()

    async def current(self) -> Snapshot | None:
        """The last snapshot; None when it is too old, or none could be read.

        Waits only while the first one is being read.
        """
        await self._first_read.wait()
        return self._last if self._last is not None and self._age(self._last) <= OLDEST else None

    @property
    def age_seconds(self) -> float | None:
        """How old the last snapshot is, however old; None: there is none."""
        return None if self._last is None else self._age(self._last).total_seconds()

    async def read_once(self) -> None:
        """Replaces the snapshot if another can be read; an outage is logged once."""
        await self._reading.once()

    async def _replace(self) -> bool:
        try:
            self._last = await self._read()
        finally:
            self._first_read.set()
        return True

    def _age(self, snapshot: Snapshot) -> timedelta:
        return max(timedelta(0), self._clock.now() - snapshot.taken_at)
