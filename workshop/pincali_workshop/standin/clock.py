"""The site's clock: it stands still, runs at a multiple of real time, and can be set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class StandinClock:
    """A clock that starts at a given instant.

    Args:
        start: timezone-aware.
        speed: clock seconds per real second; 0 stands still.
        monotonic: seconds of real time, for tests.
    """

    def __init__(
        self, start: datetime, speed: float = 0.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._base = start.astimezone(UTC)
        self._speed = speed
        self._monotonic = monotonic
        self._set_at = monotonic()

    def now(self) -> datetime:
        """The site's time, in UTC."""
        if not self._speed:
            return self._base
        return self._base + timedelta(seconds=(self._monotonic() - self._set_at) * self._speed)

    def move_to(self, instant: datetime) -> None:
        """Sets the clock, backwards too; it goes on from there at its speed."""
        self._base = instant.astimezone(UTC)
        self._set_at = self._monotonic()

    def advance(self, seconds: float) -> None:
        """Moves on by so many seconds."""
        self.move_to(self.now() + timedelta(seconds=seconds))
