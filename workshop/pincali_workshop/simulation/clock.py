"""A clock that stands until it is moved."""

from __future__ import annotations

from datetime import datetime, timedelta


class VirtualClock:
    """Tells the time of the simulation to everything that asks."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The present of the simulation."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Never backwards."""
        self._now = max(self._now, instant)

    def advance(self, duration: timedelta) -> None:
        """Moves on by this much."""
        self._now += duration
