"""Time as an argument: whatever needs "now" is given a `Clock`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Always timezone-aware, always UTC."""

    def now(self) -> datetime:
        """The present."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, as the machine has it."""
        return datetime.now(UTC)
