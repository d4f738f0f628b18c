"""One pace for the whole site: all workers reserve their request times from one row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pincali_sync.db.engine import Database
from pincali_sync.db.unit_of_work import UnitOfWork


class PaceService:
    """Waits for this worker's next turn on the site's timeline.

    At most one reservation is outstanding per worker, and no connection is held while waiting.
    """

    def __init__(
        self,
        db: Database,
        host: str,
        *,
        min_gap_seconds: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._db = db
        self._host = host
        self._min_gap = min_gap_seconds
        self._crawl_delay = 0.0
        self._sleep = sleep
        self._turn = asyncio.Lock()

    @property
    def is_off(self) -> bool:
        """Whether pacing is turned off, which the configuration allows on loopback only."""
        return self._min_gap == 0

    def respect_crawl_delay(self, seconds: float) -> None:
        """Never be faster than robots.txt asks for."""
        self._crawl_delay = max(self._crawl_delay, seconds)

    async def wait_for_turn(self, gap_seconds: float = 0.0) -> float:
        """Returns when a request may be sent; nobody sends another for the gap after it.

        Args:
            gap_seconds: the gap this request asks for, where longer than the site's own.

        Returns:
            The seconds waited.
        """
        if self.is_off:
            return 0.0
        gap = max(self._min_gap, self._crawl_delay, gap_seconds)

        async def work(tx: UnitOfWork) -> float:
            return await tx.pace.reserve(self._host, gap)

        async with self._turn:
            wait = max(0.0, await self._db.run(work))
            if wait:
                await self._sleep(wait)
            return wait

    async def hold(self, seconds: float) -> None:
        """Makes every worker wait: no turn is given out before `seconds` have passed."""
        if self.is_off:
            return

        async def work(tx: UnitOfWork) -> None:
            await tx.pace.hold(self._host, seconds)

        await self._db.run(work)
