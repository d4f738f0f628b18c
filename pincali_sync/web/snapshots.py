"""The figures of the present, read in the background so that no request waits for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from pincali_sync.clock import Clock
from pincali_sync.exceptions import line_of
from pincali_sync.services.insights.snapshot import Snapshot

logger = logging.getLogger(__name__)

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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._read = read
        self._clock = clock
        self._interval = interval
        self._sleep = sleep
        self._last: Snapshot | None = None
        self._is_failing = False
        self._first_read = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Reads in the background until the end of the block."""
        task = asyncio.create_task(self._keep_reading())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

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
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self._last = await self._read()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next read may succeed
            if not self._is_failing:
                logger.error("the figures cannot be read: %s", line_of(error))
            self._is_failing = True
        else:
            if self._is_failing:
                logger.warning("the figures can be read again")
            self._is_failing = False
        finally:
            self._first_read.set()

    async def _keep_reading(self) -> None:
        while True:
            await self.read_once()
            await self._sleep(self._interval)

    def _age(self, snapshot: Snapshot) -> timedelta:
        return max(timedelta(0), self._clock.now() - snapshot.taken_at)
