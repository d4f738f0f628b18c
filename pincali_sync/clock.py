"""Time as an argument: whatever needs "now" is given a `Clock`. In production it is the database's.

Leases, heartbeats, sightings and slots of several machines are compared with each other, so one
clock gives them all: the database's (decision 46).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

logger = logging.getLogger(__name__)

_TOLD_EVERY_SECONDS = 10.0
# A machine's clock that differs by more is told to people; the database's that moves by more, too.
TOLERATED_SECONDS = 10.0
TOLERATED = timedelta(seconds=TOLERATED_SECONDS)
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def goes_on(until: datetime, *, now: datetime, longest: timedelta) -> bool:
    """Whether a rest goes on. One that ends later than the longest one that begins now was begun
    before the clock was set back: it is over."""
    return now < until <= now + longest + TOLERATED


def is_fresh(moment: datetime, *, now: datetime, within: timedelta) -> bool:
    """Whether something was less than a while ago. What lies in the future was before the clock was
    set back, nobody knows when: it is not."""
    return moment - TOLERATED <= now < moment + within


class Clock(Protocol):
    """Tells the time. Always timezone-aware, always UTC."""

    def now(self) -> datetime:
        """The present."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, as the machine has it."""
        return datetime.now(UTC)


def steady_seconds() -> float:
    """Seconds of a clock that nobody sets, and which goes on while the machine sleeps."""
    return time.clock_gettime(_STEADY)


class SharedClock:
    """The database's clock, as far as it was told; between two tellings the steady one counts on.

    Whoever sets this machine's clock moves nothing. Until the first telling it is the machine's.
    """

    def __init__(
        self, machine: Clock | None = None, steady: Callable[[], float] = steady_seconds
    ) -> None:
        self._machine = machine or SystemClock()
        self._steady = steady
        self._offset: float | None = None  # of the shared clock from the steady one, in seconds
        self._told_at = float("-inf")

    def now(self) -> datetime:
        """The present, as the database has it."""
        if self._offset is None:
            return self._machine.now()
        return datetime.fromtimestamp(self._offset + self._steady(), UTC)

    @property
    def is_due(self) -> bool:
        """Whether it should be told again."""
        return self._steady() - self._told_at > _TOLD_EVERY_SECONDS

    def ask(self) -> float:
        """To be called before the database is asked; what `tell` wants to know."""
        return self._steady()

    def tell(self, epoch: float, *, asked_at: float) -> None:
        """The database's time, which it looked up after it was asked and before now.

        What the clock shows stands as long as that can be true, so that a slow answer moves
        nothing.

        Args:
            epoch: seconds since 1970.
        """
        self._told_at = heard_at = self._steady()
        least, most = epoch - heard_at, epoch - asked_at
        was = self._offset
        if was is not None and least <= was <= most:
            return
        self._offset = (least + most) / 2
        if was is not None and abs(self._offset - was) > TOLERATED_SECONDS:
            _tell_of_a_jump(self._offset - was)

    @property
    def machine_ahead_seconds(self) -> float:
        """How much later this machine thinks it is; negative: earlier."""
        return (self._machine.now() - self.now()).total_seconds()

    @property
    def objection(self) -> str | None:
        """What to put right on this machine; None: its clock shows what the database's does."""
        ahead = self.machine_ahead_seconds
        if abs(ahead) <= TOLERATED_SECONDS:
            return None
        return (
            f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} "
            "the database's, which all times are taken from: have both set by NTP "
            "(`timedatectl set-ntp true`)"
        )


def _tell_of_a_jump(seconds: float) -> None:
    logger.warning(
        "the database's clock was set %s by %d s: times go by it from now on",
        "forward" if seconds > 0 else "back",
        abs(seconds),
    )
