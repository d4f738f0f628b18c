"""Work that is done again and again beside the rest, and that no error ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pincali_sync.clock import steady_seconds
from pincali_sync.exceptions import line_of

logger = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Repeating:
    """Does one thing every so often until that says that it is over, or it is stopped.

    Whatever it raises is told once, and it is tried again; to hang is to fail.
    """

    def __init__(
        self,
        work: Callable[[], Awaitable[bool]],
        *,
        every: float,
        patience: float,
        failing: str,
        mended: str,
        failed: Callable[[float], None] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """
        Args:
            work: what is done; whether to go on.
            every: seconds between the end of one and the next.
            patience: seconds that one may take.
            failing: said, with the error, of the first failure in a row.
            mended: said of the next success.
            failed: called at each failure, with the seconds since the last success.
        """
        self._work, self._every, self._patience = work, every, patience
        self._failing, self._mended = failing, mended
        self._failed, self._sleep = failed, sleep
        self._is_failing = False
        self._last_success = steady_seconds()
        self._task: asyncio.Task[None] | None = None

    def start(self, *, at_once: bool = False) -> None:
        """Begins, in a task of its own."""
        self._last_success = steady_seconds()
        self._task = asyncio.get_running_loop().create_task(self._until_over(at_once=at_once))

    async def stop(self) -> None:
        """Ends it, and waits for what is under way to end."""
        if self._task is not None:
            self._task.cancel()
            # Not awaited itself: its end would hide that we are told to end meanwhile.
            await asyncio.wait([self._task])

    async def once(self) -> bool:
        """Does it; whether to go on."""
        try:
            async with asyncio.timeout(self._patience):
                goes_on = await self._work()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next one may succeed
            self._tell(error)
            return True
        if self._is_failing:
            logger.warning("%s", self._mended)
        self._is_failing, self._last_success = False, steady_seconds()
        return goes_on

    async def _until_over(self, *, at_once: bool) -> None:
        if not at_once:
            await self._sleep(self._every)
        while await self.once():
            await self._sleep(self._every)

    def _tell(self, error: Exception) -> None:
        if not self._is_failing:
            logger.warning("%s: %s", self._failing, self._line(error))
        self._is_failing = True
        if self._failed is not None:
            self._failed(steady_seconds() - self._last_success)

    def _line(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._patience:g} s"
        return line_of(error)
