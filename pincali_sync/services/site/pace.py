"""One pace for the whole site: all workers reserve their request times from one row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from pincali_sync.clock import steady_seconds
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.site.pace import PAGES, Reservation
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import BlockedError, PausedError

# How soon a worker that waits for its turn notices a pause.
_LOOK_SECONDS = 2.0
LONGEST_CRAWL_DELAY = 60.0  # or the operator's own gap, where that is longer
_FIRST_HOLD_SECONDS = 5.0  # after a 429 or 503 without Retry-After; doubles with each
_LONGEST_HOLD_SECONDS = 900.0


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
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self._db = db
        self._host = host
        self._min_gap = min_gap_seconds
        self._crawl_delays: dict[str, float] = {}  # of each root's newest robots.txt
        self._sleep = sleep
        self._steady = steady
        self._last_slot: tuple[datetime | None, float] = (None, 0.0)
        self._turn = asyncio.Lock()
        self._looked_at = float("-inf")
        self._is_refused = False

    @property
    def is_off(self) -> bool:
        """Whether pacing is turned off, which the configuration allows on loopback only."""
        return self._min_gap == 0

    def respect_crawl_delay(self, seconds: float, *, root: str = "") -> None:
        """Never be faster than robots.txt asks for, as it was read last; of several, the slowest.

        Args:
            root: whose it is, where several are read.

        Raises:
            BlockedError: when it asks for more than can be borne.
        """
        longest = max(LONGEST_CRAWL_DELAY, self._min_gap)
        if seconds > longest:
            raise BlockedError(
                f"robots.txt asks for {seconds:g} s between requests, and more than {longest:g} s "
                "is no pace: whoever agrees sets SITE_MIN_GAP_SECONDS to it"
            )
        self._crawl_delays[root] = seconds

    async def wait_for_turn(
        self,
        gap_seconds: float = 0.0,
        *,
        asks: str = PAGES,
        although_paused: bool = False,
        look: Callable[[], None] = lambda: None,
    ) -> float:
        """Returns when a request may be sent; nobody sends another for the gap after it.

        Args:
            gap_seconds: the gap this request asks for, where longer than the site's own.
            asks: for pages or the sitemap.
            although_paused: for the one request that looks whether the site answers again.
            look: asked now and then; raises when nobody wants the turn any more.

        Returns:
            The seconds waited.

        Raises:
            PausedError: when such requests rest, or do while waiting.
        """
        look()
        if self.is_off:
            if not although_paused:
                await self._look_now_and_then(asks)
            return 0.0
        gap = max(self._min_gap, gap_seconds, *self._crawl_delays.values())
        waited = 0.0
        async with self._turn:
            while True:
                look()
                slot = await self._reserve(gap, asks)
                waited += max(0.0, slot.wait_seconds)
                if not although_paused:
                    _check(slot.paused)
                if await self._sleep_until(slot, asks, look, although_paused=although_paused):
                    return waited

    async def _reserve(self, gap: float, asks: str) -> Reservation:
        at, counted = self._last_slot
        expected = at and at + timedelta(seconds=self._steady() - counted)
        slot = await self._db.run(
            lambda tx: tx.pace.reserve(self._host, gap, asks=asks, expected=expected)
        )
        self._last_slot = (slot.at, self._steady())
        return slot

    async def hold(self, seconds: float) -> None:
        """Makes every worker wait: no turn is given out before `seconds` have passed."""
        if not self.is_off:
            await self._db.run(lambda tx: tx.pace.hold(self._host, seconds))

    async def refused(self, retry_after: float | None) -> int:
        """The site is too busy for us: everybody waits, longer with each refusal in a row.

        Args:
            retry_after: seconds that the site asks for.

        Returns:
            How many times in a row it refused, whoever asked.
        """
        if self.is_off:
            return 0
        self._is_refused = True
        return await self._db.run(lambda tx: self._count_refusal(tx, retry_after))

    async def showed_no_page(self) -> int:
        """What the site sent was none of its pages: counted as refusals are, also without a pace.

        Nobody waits longer for it: it may be this page alone.
        """
        self._is_refused = True
        return await self._db.run(self._count_no_page)

    async def _count_no_page(self, tx: UnitOfWork) -> int:
        refusals = await tx.pace.count_refusal(self._host)
        await tx.pace.hold(self._host, 0)
        return refusals

    async def _count_refusal(self, tx: UnitOfWork, retry_after: float | None) -> int:
        refusals = await tx.pace.count_refusal(self._host)
        backoff = min(_FIRST_HOLD_SECONDS * 2 ** (refusals - 1), _LONGEST_HOLD_SECONDS)
        await tx.pace.hold(self._host, max(backoff, retry_after or 0.0))
        return refusals

    async def answered(self) -> None:
        """A good answer after refusals; costs nothing where there were none."""
        if self._is_refused:
            self._is_refused = False
            await self._db.run(lambda tx: tx.pace.forget_refusals(self._host))

    async def _sleep_until(
        self, slot: Reservation, asks: str, look: Callable[[], None], *, although_paused: bool
    ) -> bool:
        """Whether the slot still holds when its time has come: a hold since then outdates it."""
        left = slot.wait_seconds
        while left > 0:
            step = min(left, _LOOK_SECONDS)
            await self._sleep(step)
            left -= step
            look()
            seen = await self._look(asks)
            if not although_paused:
                _check(seen.paused)
            if seen.held_until not in (None, slot.held_until):
                return False
        return True

    async def _look(self, asks: str) -> Reservation:
        return await self._db.run(lambda tx: tx.pace.look(self._host, asks=asks))

    async def _look_now_and_then(self, asks: str) -> None:
        """Without a pace there are no turns at which to notice a pause."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            _check((await self._look(asks)).paused)


def _check(paused: str | None) -> None:
    if paused is not None:
        raise PausedError(f"paused: {paused}")
