"""Virtual time: it moves on when everybody waits for it, and one request at a time is sent.

Work takes no time, waiting does: while anybody works, the clock stands. So what the site would
take hours for is over as soon as the database has done its part, and the order of everything is
the same each time.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pincali_workshop.simulation.clock import VirtualClock


class Timeline:
    """Who waits until when; and the site's one line of requests.

    Whoever waits must have been started by `spawn`, and wait for one thing at a time.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._free_at = clock.now()
        self.failure: BaseException | None = None
        self.requests = 0

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Starts somebody who works and waits."""
        self._working += 1
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def until(self, instant: datetime) -> None:
        """Waits until then."""
        await self.wait(self.alarm(instant))

    def alarm(self, instant: datetime) -> asyncio.Future[None]:
        """Something to wait for, which `ring_at` may have ring earlier."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ring_at(instant, future)
        return future

    def ring_at(self, instant: datetime, alarm: asyncio.Future[None]) -> None:
        """Rings then, if it has not before."""
        heapq.heappush(self._waiting, (instant, next(self._numbers), alarm))

    async def wait(self, alarm: asyncio.Future[None]) -> None:
        """Waits until it rings."""
        self._working -= 1
        self._go_on()
        await alarm

    async def turn(self, gap: timedelta) -> None:
        """Waits for the next turn on the site; nobody else has one for the gap after it."""
        begins = max(self._clock.now(), self._free_at)
        self._free_at = begins + gap
        self.requests += 1
        await self.until(begins)

    async def stop(self) -> None:
        """Ends everybody who still waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failure = self.failure or task.exception()
        self._working -= 1
        self._go_on()

    def _go_on(self) -> None:
        while self._working == 0 and self._waiting:
            instant, _, alarm = heapq.heappop(self._waiting)
            if not alarm.done():
                self._clock.move_to(instant)
                self._working += 1
                alarm.set_result(None)


def second(instant: datetime) -> int:
    """Seconds since 1970, as the population counts."""
    return int(instant.timestamp())


def instant(seconds: float) -> datetime:
    """The instant of a second since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
